"""A preview that Telegram carries out late, or never answers, does not stay on top of the final text."""

import asyncio

from jobs.sandbox.claude import Reply, Text
from jobs.sandbox.person import Person, Seen
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import Delay, Fault, LoseAnswer

WHOLE = "One, two.\n\nThree, four."


async def answered_past_a_preview(stage: Stage, owner: Person, fault: Fault) -> None:
    """Let the fault befall one preview of an answer, and return when its final text is on the screen."""
    second, fourth = asyncio.Event(), asyncio.Event()
    blocks = [Text(chunks=["One,", " two."], gate=second), Text(chunks=["Three,", " four."], gate=fourth)]
    stage.claude.script = lambda _: Reply(blocks)
    await owner.send("count")
    await owner.wait_for_text("One,")
    befallen = stage.telegram.faults.add(fault, "messages.editMessage", user_id=stage.assistant.id)
    second.set()
    await befallen.struck()
    fourth.set()
    await owner.wait_for_text(WHOLE)


async def test_the_final_text_stands_after_a_preview_that_telegram_carries_out_late(stage: Stage) -> None:
    release = asyncio.Event()
    await stage.start()
    owner = await stage.person()
    await answered_past_a_preview(stage, owner, Delay(release))

    def overwritten_and_back(messages: list[Seen]) -> bool:
        since = messages[0].states[messages[0].states.index(WHOLE) :]
        return len(since) > 2 and since[-1] == WHOLE

    release.set()
    await owner.wait_for(overwritten_and_back)
    await stage.nothing_waits()
    assert owner.texts == [WHOLE]


async def test_a_reconnect_does_not_repeat_a_preview_whose_answer_was_lost(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await answered_past_a_preview(stage, owner, LoseAnswer())
    stage.telegram.drop_connections(stage.assistant.id)
    stage.claude.script = lambda _: Reply([Text("Fine.")])
    await owner.ask("still there?", "Fine.")
    await stage.nothing_waits()
    [answer, _] = owner.received
    assert answer.states[-1] == WHOLE
    assert answer.states.count(WHOLE) == 1


async def test_a_preview_that_outlives_its_connection_does_not_stay_on_the_final_text(stage: Stage) -> None:
    release = asyncio.Event()
    daemon = await stage.start()
    owner = await stage.person()
    await answered_past_a_preview(stage, owner, Delay(release))
    stage.telegram.drop_connections(stage.assistant.id)
    stage.claude.script = lambda _: Reply([Text("Fine.")])
    await owner.ask("still there?", "Fine.")
    release.set()
    await owner.wait_for(lambda messages: messages[0].states.count(WHOLE) > 1 and messages[0].text == WHOLE)
    await stage.nothing_waits()
    assert await daemon.stop() == 0


async def test_the_final_text_is_repeated_after_a_kill_in_between(stage: Stage) -> None:
    release = asyncio.Event()
    daemon = await stage.start()
    owner = await stage.person()
    await answered_past_a_preview(stage, owner, Delay(release))
    stage.claude.script = lambda _: Reply([Text("Fine.")])
    await owner.ask("still there?", "Fine.")
    await daemon.kill()
    release.set()
    await owner.wait_for(lambda messages: messages[0].text != WHOLE)
    await stage.start()
    await owner.wait_for(lambda messages: messages[0].text == WHOLE)


async def test_a_final_text_that_the_owner_deletes_meanwhile_does_not_come_back(stage: Stage) -> None:
    release = asyncio.Event()
    await stage.start()
    owner = await stage.person()
    await answered_past_a_preview(stage, owner, Delay(release))
    await owner.client.delete_messages(stage.assistant.id, [owner.received[0].id])
    release.set()
    await stage.nothing_waits()
    assert [m.text for m in stage.world.messages_between(stage.owner, stage.assistant)] == ["count"]
