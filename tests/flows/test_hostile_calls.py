"""What a model that means ill, or errs, may ask of the tools for chats, and what does not come of it."""

from __future__ import annotations

from telethon.tl import types
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


async def test_what_is_private_is_not_forwarded_behind_a_link_on_a_card_or_in_a_poll(stage: Stage) -> None:
    anna, boris = anna_of(stage), stage.world.add_user("Boris", username="boris_b")
    link: list[types.TypeMessageEntity] = [types.MessageEntityTextUrl(0, 4, "https://example.com/4815162342")]
    hidden = stage.world.send_text(boris, stage.assistant, "Here it is", entities=link)
    stage.workspace.mkdir(parents=True, exist_ok=True)
    (stage.workspace / "MEMORY.md").write_text("- 🔒 code: 4815162342\n", encoding="utf-8")
    desk, owner = await begin(stage)
    friend = await stage.person(boris)
    question = types.TextWithEntities("4815162342?", [])
    options: list[types.TypePollAnswer] = [
        types.InputPollAnswer(types.TextWithEntities(text, [])) for text in ("yes", "no")
    ]
    ids = [hidden.id_for(stage.assistant.id)]
    for media in (
        types.InputMediaContact("+4815162342", "Carl", "", ""),
        types.InputMediaPoll(types.Poll(0, question, options, 0)),
    ):
        await friend.client.send_message(stage.assistant.id, file=media)
        ids.append(stage.world.messages_between(boris, stage.assistant)[-1].id_for(stage.assistant.id))
    forward = {"to": "@anna_s", "chat": "@boris_b"}
    answers = await desk.call(owner, *(("tg_forward_message", {**forward, "message_id": number}) for number in ids))
    assert all("private" in text for text in answers), answers
    await stage.nothing_waits()
    assert to_anna(stage, anna) == []


async def test_a_secret_that_still_stands_in_a_chat_is_neither_forwarded_nor_noted(stage: Stage) -> None:
    anna_of(stage)
    desk, owner = await begin(stage)
    secret = stage.world.send_text(stage.assistant, stage.owner, "/secret mail KEY hunter3hunter3")
    here = {"chat": str(stage.owner.id), "message_id": secret.id_for(stage.assistant.id)}
    [told] = await desk.call(owner, ("tg_forward_message", {"to": "@anna_s", **here}))
    assert "leave it alone" in told
    await stage.nothing_waits()
    assert "hunter3" not in str([stage.rows("SELECT * FROM outbox"), stage.rows("SELECT * FROM tool_effects")])


async def test_a_notice_of_a_sign_in_is_neither_deleted_nor_marked_as_read(stage: Stage) -> None:
    notice = stage.world.send_text(stage.world.users[777000], stage.assistant, "New login")
    desk, owner = await begin(stage)
    answers = await desk.call(
        owner,
        ("tg_delete_message", {"chat": "777000", "message_id": notice.id_for(stage.assistant.id)}),
        ("tg_mark_read", {"chat": "777000"}),
    )
    assert all("tells the owner of every sign-in" in text for text in answers)
    assert [m.text for m in stage.world.history(stage.assistant, stage.world.users[777000])] == ["New login"]
