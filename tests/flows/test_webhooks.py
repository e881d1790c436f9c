"""A program on the same machine calls a web hook that the owner has asked for in the chat."""

from __future__ import annotations

import re

import httpx2

from jobs.sandbox.claude import call
from jobs.sandbox.stage import Stage
from loopback import free_port
from roles import Roles, requests_of


async def test_a_call_of_the_doorbell_is_seen_to_and_only_the_owner_knows_its_secret(stage: Stage) -> None:
    roles = Roles()
    subscribe = call("mcp__jobs__subscribe_trigger", type="webhook", source="doorbell", prompt="Say who rings")
    roles.owner.on_text("where do I put", "Into the header.")
    roles.owner.on_text("doorbell", subscribe).on_result("Subscribed", "It may ring.")
    roles.trigger.on_text("it is Masha", "Masha is at the door.")
    stage.claude.script = roles
    stage.extra["WEBHOOK_PORT"] = str(free_port())
    first = await stage.start()
    owner = await stage.person()
    await owner.ask("tell me when the doorbell rings", "It may ring.")
    told = await owner.wait_for_text("The web hook “doorbell” is ready")
    found = re.search(r"POST (\S+) .*Bearer (\S+)", told.text, re.S)
    assert found is not None
    await stage.nothing_waits()
    await first.kill()
    await stage.start()
    async with httpx2.AsyncClient(trust_env=False) as program:
        refused = await program.post(found[1], content="it is Mallory", headers={"Authorization": "Bearer guess"})
        ring = {"Authorization": f"Bearer {found[2]}", "X-Delivery-Id": "1"}
        accepted = [await program.post(found[1], json={"who": "it is Masha"}, headers=ring) for _ in range(2)]
    assert (refused.status_code, [answer.status_code for answer in accepted]) == (401, [202, 202])
    await owner.wait_for_text("Masha is at the door.")
    await stage.nothing_waits()
    assert len(requests_of(stage, "trigger")) == 1
    assert owner.texts.count("Masha is at the door.") == 1
    await owner.send("where do I put this?", reply_to=told.id)
    await owner.wait_for_text("Into the header.")
    everything = b"".join(request.body for request in stage.claude.requests.model)
    assert found[2].encode() not in everything
    assert b"Mallory" not in everything
    assert found[2] not in stage.daemons[-1].log
    assert kept(stage, found[2]) == ["trigger_subscriptions"], "what calls are compared with"


async def test_in_saved_messages_the_secret_is_not_kept_either(stage: Stage) -> None:
    def texts() -> list[str]:
        return [message.text for message in stage.world.history(stage.owner, stage.owner)]

    roles = Roles()
    subscribe = call("mcp__jobs__subscribe_trigger", type="webhook", source="doorbell", prompt="Say who rings")
    roles.owner.on_text("thank you", "You are welcome.").on_text("doorbell", subscribe)
    roles.owner.on_result("Subscribed", "It may ring.")
    stage.claude.script = roles
    stage.extra["WEBHOOK_PORT"] = str(free_port())
    await stage.start(account=stage.owner)
    owner = await stage.person(stage.owner, stage.owner)
    await owner.send("tell me when the doorbell rings")
    await stage.world.wait_for(lambda: any("is ready" in text for text in texts()))
    [secret] = [found[1] for text in texts() if (found := re.search(r"Bearer (\S+)", text))]
    await stage.world.wait_for(lambda: any("It may ring." in text for text in texts()))
    await owner.send("thank you")
    await stage.world.wait_for(lambda: "You are welcome." in texts())
    await stage.nothing_waits()
    assert kept(stage, secret) == ["trigger_subscriptions"]


def kept(stage: Stage, secret: str) -> list[str]:
    """The tables in which a secret stands."""
    tables = [str(name) for (name,) in stage.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return [table for table in tables if any(secret in str(row) for row in stage.rows(f"SELECT * FROM {table}"))]  # noqa: S608
