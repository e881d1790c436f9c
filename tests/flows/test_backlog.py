"""What has piled up is taken in together."""

import asyncio

from scheduling import theirs

from jobs.sandbox.claude import ModelRequest, Reply, say
from jobs.sandbox.stage import Stage


async def test_messages_that_a_restart_finds_open_go_to_the_model_as_one(stage: Stage) -> None:
    async def never(_: ModelRequest) -> Reply:
        await asyncio.Event().wait()
        return say()

    stage.claude.script = never
    daemon = await stage.start()
    owner = await stage.person()
    for number in range(4):
        await owner.send(f"message {number}")
    await stage.claude.requests.wait_for(lambda r: r.request is not None)
    await daemon.kill()
    stage.claude.script = lambda _: say("Fine.")
    await stage.start()
    await owner.wait_for_text("Fine.")
    texts = stage.claude.requests.model[-1].texts
    assert len([text for text in texts if text.startswith("[The program was interrupted")]) == 1
    assert [text for text in texts if text.startswith("message")] == [f"message {number}" for number in range(4)]


async def test_an_edit_that_was_made_while_it_was_down_is_taken_in_once(stage: Stage) -> None:
    first = await stage.start()
    owner = await stage.person()
    sent = await owner.send("meet at five")
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    await first.stop()
    await owner.client.edit_message(stage.assistant.id, sent, "meet at six")
    for _ in range(2):
        daemon = await stage.start()
        await owner.wait_for(lambda seen: len(seen) == 2)
        await daemon.stop()
    assert len(stage.claude.requests.model) == 2
    *_, circumstances, words = stage.claude.requests.model[-1].prompt.splitlines()
    assert "edited: this replaces" in circumstances
    assert words == "meet at six"


async def test_what_somebody_else_edits_while_it_is_down_is_taken_in_once(stage: Stage) -> None:
    stage.extra["EXTERNAL_POLICY"] = "open"
    stage.claude.script = lambda request: say(f"You said: {theirs(request)}")
    first = await stage.start()
    anna = await stage.person(stage.world.add_user("Anna", username="anna"))
    sent = await anna.send("Friday at five")
    await anna.wait_for_text("You said: ['Friday at five']")
    await stage.nothing_waits()
    await first.stop()
    await anna.client.edit_message(stage.assistant.id, sent, "Monday at nine")
    for _ in range(2):
        daemon = await stage.start()
        await anna.wait_for_text("You said: ['Monday at nine']")
        await stage.nothing_waits()
        await daemon.stop()
    assert len(anna.received) == 2
