"""What a model that means ill, or errs, may ask of the tools for chats, and what does not come of it."""

from __future__ import annotations

from telling import Desk

from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.world import Message, User

HUGE = 2**40
"""No message of Telegram's has such a number: it does not fit into its requests."""


async def begin(stage: Stage) -> tuple[Desk, Person]:
    stage.extra["EXTERNAL_POLICY"] = "closed"
    desk = Desk(stage)
    await stage.start()
    return desk, await stage.person()


def anna_of(stage: Stage) -> User:
    return stage.world.add_user("Anna", "Sokolova", username="anna_s", contact_of=[stage.assistant])


def to_anna(stage: Stage, anna: User) -> list[Message]:
    return [m for m in stage.world.messages_between(anna, stage.assistant) if m.sender == stage.assistant.id]


async def test_a_message_that_telegram_has_no_number_for_fails_alone_and_the_owner_is_told(stage: Stage) -> None:
    anna = anna_of(stage)
    desk, owner = await begin(stage)
    await desk.call(owner, ("tg_send_message", {"to": "@anna_s", "text": "First", "reply_to": HUGE}))
    await stage.nothing_waits()
    assert stage.rows("SELECT state FROM outbox WHERE text = 'First'") == [("failed",)]
    await owner.wait_for_text("beyond any of Telegram's")
    await desk.call(owner, ("tg_send_message", {"to": "@anna_s", "text": "Second"}))
    await stage.nothing_waits()
    assert [m.text for m in to_anna(stage, anna)] == ["Second"]


async def test_numbers_that_fit_into_no_request_are_refused_with_a_reason(stage: Stage) -> None:
    anna_of(stage)
    desk, owner = await begin(stage)
    here = {"chat": "@anna_s", "message_id": HUGE}
    answers = await desk.call(
        owner,
        ("tg_edit_message", {**here, "text": "x"}),
        ("tg_react", {**here, "emoji": "👍"}),
        ("tg_forward_message", {**here, "to": "me"}),
        ("tg_read_chat", {"chat": "@anna_s", "before": HUGE}),
    )
    assert all("beyond any of Telegram's" in text for text in answers), answers
