"""Whichever way the owner sends a value after /secret, it reaches the server and nobody else."""

from __future__ import annotations

import json

import pytest
from test_mcp_servers import approved, installing

from jobs.sandbox.stage import Stage

WAYS = {
    "as a reply": ("/secret plants SOIL", "hunter2-hunter2"),
    "with a slash": ("/secret plants SOIL", "/hunter2-hunter2=="),
    "in one message": ("/secret plants SOIL hunter2-hunter2",),
    "with an equals sign": ("/secret plants SOIL=hunter2-hunter2",),
    "on the next line": ("/secret plants SOIL\nhunter2-hunter2",),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_value_is_taken_and_known_to_nobody_else(stage: Stage, way: str) -> None:
    owner = await approved(stage, installing(stage).on_text("hunter2", "I have read it."))
    *before, last = WAYS[way]
    asked = None
    for text in before:
        await owner.send(text)
        asked = await owner.wait_for_text("🔑 Send the value")
    reply = {"reply_to": asked.id} if asked is not None and way == "as a reply" else {}
    value = await owner.send(last, **reply)
    await owner.wait_for_text("🔑 plants has its SOIL")
    await stage.nothing_waits()
    assert await owner.client.get_messages(stage.assistant.id, ids=value) is None
    await stage.daemons[-1].stop()
    config = json.loads((stage.data_dir / "mcp_servers.json").read_text())
    assert config["servers"]["plants"]["values"] == {"SOIL": last.removeprefix("/secret plants SOIL").lstrip("= \n")}
    assert not any("hunter2" in str(request.body) for request in stage.claude.requests.model)
    for path in stage.root.rglob("*"):
        if path.is_file() and path.name != "mcp_servers.json" and not path.name.endswith(".session"):
            assert b"hunter2" not in path.read_bytes(), path


async def test_a_reply_to_something_older_is_no_value(stage: Stage) -> None:
    owner = await approved(stage, installing(stage).on_text("thank you", "You are welcome."))
    older = await owner.wait_for_text("It is on.")
    await owner.send("/secret plants SOIL")
    await owner.wait_for_text("🔑 Send the value")
    await owner.send("thank you", reply_to=older.id)
    await owner.wait_for_text("You are welcome.")
