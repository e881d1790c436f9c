"""The owner signs in to a remote server by a link in the chat, and the conversation uses it."""

from __future__ import annotations

import re
from typing import Any

import httpx2

from far_server import far_server
from jobs.sandbox.claude import ModelRequest, Rules, call
from jobs.sandbox.stage import Stage
from loopback import free_port


async def test_a_server_that_wants_a_sign_in_is_installed_after_it_and_used(stage: Stage) -> None:
    async with far_server(stage.root, free_port()) as address:

        def install(_: ModelRequest) -> Any:
            return call("mcp__jobs__mcp_install", url=f"{address}/mcp", call_it="far")

        rules = Rules().on_text("install it|go on|allows your call", install)
        rules.on_result("has sent them the link", "Sign in, please.").on_result("Nothing is installed", "Have a look.")
        rules.on_result("Installed and on", "It is on.").on_result("greetings Anna", "Greeted.")
        stage.claude.script = rules.on_text("greet Anna", lambda _: call("mcp__far__greet", name="Anna"))
        daemon = await stage.start()
        owner = await stage.person()
        await owner.ask("install it", "Sign in, please.")
        link = re.search(r"open (http\S+)", (await owner.wait_for_text("wants you to sign in")).text)
        assert link is not None
        async with httpx2.AsyncClient(timeout=30, follow_redirects=True) as browser:
            assert "Done" in (await browser.get(link[1])).text
        await owner.wait_for_text("You are signed in to far")
        await owner.ask("go on", "Have a look.")
        question = await owner.wait_for_text("🔐 May I?")
        assert "🔧 greet: “Greets somebody.”" in question.text
        await owner.send("yes", reply_to=question.id)
        await owner.wait_for_text("It is on.")
        await owner.ask("greet Anna", "Greeted.")
        token = re.search(r'"access_token": "(\w+)"', (stage.data_dir / "mcp/far/sign_in.json").read_text())
        assert token is not None
        assert token[1] not in daemon.log
        assert not any(token[1] in text for request in stage.claude.requests.model for text in request.all_texts)
