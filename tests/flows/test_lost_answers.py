"""Telegram did what it was asked and its answer got lost: what stands in the chat is found again, and nothing else."""

import asyncio

from jobs.sandbox.claude import ModelRequest, Reply, Text, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import LoseAnswer


async def test_the_draft_is_found_again_and_the_owners_own_words_in_saved_messages_stay(stage: Stage) -> None:
    gate = asyncio.Event()

    def script(request: ModelRequest) -> Reply:
        return Reply([Text(chunks=["One,", " two."], gate=gate)]) if "go" in request.texts else say("Fine.")

    def texts() -> list[str]:
        return [message.text for message in stage.world.history(stage.owner, stage.owner)]

    stage.claude.script = script
    await stage.start(account=stage.owner)
    owner = await stage.person(stage.owner, stage.owner)
    lost = stage.telegram.faults.add(
        LoseAnswer(disconnect=True),
        "messages.sendMessage",
        predicate=lambda request: getattr(request, "message", "") == "One,",
    )
    await owner.send("go")
    await lost.struck()
    await owner.send("something of my own")
    gate.set()
    await stage.world.wait_for(lambda: "Fine." in texts())
    assert texts() == ["go", "One, two.", "something of my own", "Fine."]


async def test_an_answer_to_somebody_whom_telethon_has_not_written_down_yet_is_delivered(stage: Stage) -> None:
    lost = stage.telegram.faults.add(LoseAnswer(), "messages.sendMessage", user_id=stage.assistant.id)
    first = await stage.start()
    owner = await stage.person()
    await owner.send("are you up?")  # their first message: an update names them, and Telethon saves once a minute
    await lost.struck()
    await first.kill()
    second = await stage.start()
    await stage.nothing_waits()
    await second.stop()
    assert owner.texts == ["Fine."]
    assert stage.rows("SELECT state FROM outbox") == [("sent",)]
