"""Telegram refuses a message to the owner: they get it without its formatting, or are told that it is missing."""

import asyncio

import pytest

from jobs.sandbox.claude import Reply, Text, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import LoseAnswer, Refuse

MARKDOWN = "The **answer** is [here](https://example.org/x)."
WHOLE = "The answer is here."
TOO_LONG = Refuse(400, "ENTITIES_TOO_LONG")


def _is_formatted(request: object) -> bool:
    return bool(getattr(request, "entities", None))


async def test_an_answer_whose_formatting_is_refused_comes_without_it(stage: Stage) -> None:
    stage.claude.script = lambda _: say(MARKDOWN)
    await stage.start()
    owner = await stage.person()
    refused = [
        stage.telegram.faults.add(TOO_LONG, method, user_id=stage.assistant.id, predicate=_is_formatted, times=None)
        for method in ("messages.sendMessage", "messages.editMessage")  # a slow answer shows its beginning first
    ]
    await owner.ask("hi", WHOLE)
    await stage.nothing_waits()
    [answer] = owner.received
    assert answer.entities == ()
    assert any(fault.hits for fault in refused)


async def test_an_answer_whose_final_formatting_is_refused_stays_in_its_message(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.claude.script = lambda _: Reply([Text(chunks=["The", MARKDOWN.removeprefix("The")], gate=gate)])
    await stage.start()
    owner = await stage.person()
    await owner.send("hi")
    await owner.wait_for_text("The")
    refused = stage.telegram.faults.add(
        TOO_LONG,
        "messages.editMessage",
        user_id=stage.assistant.id,
        predicate=_is_formatted,
        times=None,
    )
    gate.set()
    await owner.wait_for_text(WHOLE)
    await stage.nothing_waits()
    assert refused.hits
    assert owner.texts == [WHOLE]


async def test_formatting_that_is_refused_after_a_lost_answer_makes_no_second_message(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.claude.script = lambda _: Reply([Text(chunks=["The", MARKDOWN.removeprefix("The")], gate=gate)])
    first = await stage.start()
    owner = await stage.person()
    lost = stage.telegram.faults.add(LoseAnswer(), "messages.sendMessage", user_id=stage.assistant.id)
    await owner.send("hi")
    await lost.struck()
    await first.kill()
    stage.telegram.faults.add(TOO_LONG, "messages.editMessage", user_id=stage.assistant.id)
    gate.set()
    await stage.start()
    await owner.wait_for_text(WHOLE)
    await stage.nothing_waits()
    assert owner.texts == [WHOLE]


@pytest.mark.parametrize("notice_too", [False, True])
async def test_an_answer_that_is_refused_for_good_is_said_so_once(stage: Stage, notice_too: bool) -> None:
    stage.claude.script = lambda _: say(MARKDOWN)
    daemon = await stage.start()
    owner = await stage.person()
    refused = stage.telegram.faults.add(
        Refuse(400, "MESSAGE_REFUSED"),
        "messages.sendMessage",
        user_id=stage.assistant.id,
        predicate=lambda request: notice_too or getattr(request, "message", "") == WHOLE,
        times=None,
    )
    await owner.send("hi")
    await daemon.wait_for_log("cannot be delivered", count=2 if notice_too else 1)
    stage.telegram.faults.clear()
    stage.claude.script = lambda _: say("Fine.")
    await owner.ask("and now?", "Fine.")
    await stage.nothing_waits()
    previewed = daemon.log.count("The answer is not shown while it is written")  # a slow answer is tried once more
    assert refused.hits - previewed == (3 if notice_too else 2)
    told = [text for text in owner.texts if text != "Fine."]
    assert len(told) == (0 if notice_too else 1)
    assert all("refused" in text and "MESSAGE_REFUSED" in text for text in told)
