"""What the account does in its chats: sent once, shown before it happens where strangers' words are in play."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from telethon.tl import types
from telling import Desk

from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import LoseAnswer, Refuse
from jobs.sandbox.telegram.world import Message, User


async def begin(stage: Stage) -> tuple[Desk, Person]:
    stage.extra["EXTERNAL_POLICY"] = "closed"
    desk = Desk(stage)
    await stage.start()
    return desk, await stage.person()


def anna_of(stage: Stage) -> User:
    return stage.world.add_user("Anna", "Sokolova", username="anna_s", contact_of=[stage.assistant])


def to_anna(stage: Stage, anna: User) -> list[Message]:
    return [m for m in stage.world.messages_between(anna, stage.assistant) if m.sender == stage.assistant.id]


async def test_a_message_is_an_answer_without_a_sound_and_reaches_a_contact_by_name(stage: Stage) -> None:
    anna = anna_of(stage)
    question = stage.world.send_text(anna, stage.assistant, "Friday?")
    desk, owner = await begin(stage)
    reply_to = question.id_for(stage.assistant.id)
    call = ("tg_send_message", {"to": "Anna", "text": "*Yes*", "reply_to": reply_to, "silent": True})
    [told] = await desk.call(owner, call)
    assert told.startswith(f"Handed over for delivery to Anna Sokolova (id {anna.id});")
    await stage.nothing_waits()
    [sent] = to_anna(stage, anna)
    assert (sent.text, sent.silent) == ("Yes", True)
    assert sent.reply is not None
    assert sent.reply.to is question


async def test_a_message_for_later_is_kept_by_telegram_and_once_though_its_answer_is_lost(stage: Stage) -> None:
    anna = anna_of(stage)
    desk, owner = await begin(stage)
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    lost = stage.telegram.faults.add(
        LoseAnswer(disconnect=True),
        "messages.sendMessage",
        user_id=stage.assistant.id,
        predicate=lambda request: request.schedule_date is not None,  # type: ignore[attr-defined]
        times=1,
    )
    soon, [told] = (
        "2020-01-01",
        await desk.call(owner, ("tg_send_message", {"to": "@anna_s", "text": "Happy birthday", "at": at.isoformat()})),
    )
    await lost.struck()
    await stage.nothing_waits()
    assert "where Telegram keeps it until" in told
    [waiting] = stage.assistant.scheduled.values()
    assert (waiting.text, waiting.schedule_date) == ("Happy birthday", int(at.timestamp()))
    assert to_anna(stage, anna) == []
    assert stage.rows("SELECT state, message_id FROM outbox WHERE text = 'Happy birthday'") == [("sent", None)]
    past, broken, own = await desk.call(
        owner,
        ("tg_send_message", {"to": "@anna_s", "text": "x", "at": soon}),
        ("tg_send_message", {"to": "@anna_s", "text": "x", "at": "tomorrow"}),
        ("tg_send_message", {"to": str(stage.owner.id), "text": "x", "at": at.isoformat()}),
    )
    assert "a minute at least and a year at most" in past
    assert "is no moment" in broken
    assert "use schedule_task" in own
    stage.world.deliver_scheduled(stage.assistant)
    assert [m.text for m in to_anna(stage, anna)] == ["Happy birthday"]


async def test_a_message_is_forwarded_once_and_what_is_private_is_not(stage: Stage) -> None:
    anna, boris = anna_of(stage), stage.world.add_user("Boris", username="boris_b")
    good = stage.world.send_text(boris, stage.assistant, "The door code is on the list")
    bad = stage.world.send_text(boris, stage.assistant, "The code is 4815162342")
    code = stage.world.send_text(stage.world.users[777000], stage.assistant, "Login code: 48151")
    stage.workspace.mkdir(parents=True, exist_ok=True)
    (stage.workspace / "MEMORY.md").write_text("- 🔒 code: 4815162342\n", encoding="utf-8")
    desk, owner = await begin(stage)
    lost = stage.telegram.faults.add(
        LoseAnswer(disconnect=True), "messages.forwardMessages", user_id=stage.assistant.id, times=1
    )

    def forward(message: Message, chat: str) -> tuple[str, dict[str, object]]:
        message_id = message.id_for(stage.assistant.id)
        return "tg_forward_message", {"to": "@anna_s", "chat": chat, "message_id": message_id}

    absent = ("tg_forward_message", {"to": "@anna_s", "chat": "@boris_b", "message_id": 99_999})
    told, private, sign_in, gone = await desk.call(
        owner, forward(good, "@boris_b"), forward(bad, "@boris_b"), forward(code, "777000"), absent
    )
    await lost.struck()
    await stage.nothing_waits()
    assert told.startswith("Handed over")
    assert "private" in private
    assert "sign-in codes" in sign_in
    assert "There is no message 99999" in gone
    [sent] = to_anna(stage, anna)
    assert sent.text == good.text
    assert sent.forward is not None
    assert sent.forward.sender == boris.id


async def test_a_message_that_is_gone_before_it_is_forwarded_is_reported_to_the_owner(stage: Stage) -> None:
    anna, boris = anna_of(stage), stage.world.add_user("Boris", username="boris_b")
    message = stage.world.send_text(boris, stage.assistant, "Look")
    desk, owner = await begin(stage)
    stage.telegram.faults.add(Refuse(400, "MESSAGE_ID_INVALID"), "messages.forwardMessages", times=None)
    message_id = message.id_for(stage.assistant.id)
    await desk.call(owner, ("tg_forward_message", {"to": "@anna_s", "chat": "@boris_b", "message_id": message_id}))
    await owner.wait_for_text("the message to forward is gone")
    await stage.nothing_waits()
    assert to_anna(stage, anna) == []


async def test_a_message_is_changed_reacted_to_pinned_and_deleted(stage: Stage) -> None:
    anna = anna_of(stage)
    theirs = stage.world.send_text(anna, stage.assistant, "Friday?")
    ours = stage.world.send_text(stage.assistant, anna, "No")
    desk, owner = await begin(stage)
    own_id, their_id = ours.id_for(stage.assistant.id), theirs.id_for(stage.assistant.id)
    answers = await desk.call(
        owner,
        ("tg_edit_message", {"chat": "Anna", "message_id": own_id, "text": "**Yes**"}),
        ("tg_edit_message", {"chat": "Anna", "message_id": their_id, "text": "Saturday?"}),
        ("tg_react", {"chat": "Anna", "message_id": their_id, "emoji": "👍"}),
        ("tg_react", {"chat": "Anna", "message_id": their_id, "emoji": "👍"}),
        ("tg_react", {"chat": "Anna", "message_id": their_id, "emoji": "?"}),
        ("tg_pin_message", {"chat": "Anna", "message_id": their_id}),
        ("tg_pin_message", {"chat": "Anna", "message_id": their_id}),
    )
    assert answers[0].endswith("reads so now.")
    assert "no such message of this account" in answers[1]
    assert "👍" in answers[3]
    assert "REACTION_INVALID" in answers[4]
    assert answers[6].endswith("is pinned.")
    assert (ours.text, theirs.text) == ("Yes", "Friday?")
    [(reaction, _)] = theirs.reactions[stage.assistant.id]
    assert isinstance(reaction, types.ReactionEmoji)
    assert theirs.pinned_in == {anna.id, stage.assistant.id}
    # What somebody has been told by an edit is known as told.
    assert stage.rows("SELECT text, state, message_id FROM outbox WHERE chat_id = ?", anna.id) == [
        ("Yes", "sent", own_id)
    ]
    undone = await desk.call(
        owner,
        ("tg_react", {"chat": "Anna", "message_id": their_id, "emoji": ""}),
        ("tg_pin_message", {"chat": "Anna", "message_id": their_id, "unpin": True}),
        ("tg_delete_message", {"chat": "Anna", "message_id": own_id}),
        ("tg_delete_message", {"chat": "Anna", "message_id": own_id}),
    )
    assert theirs.reactions == {}
    assert theirs.pinned_in == set()
    assert own_id not in [m.id_for(stage.assistant.id) for m in to_anna(stage, anna)]
    assert undone[2].endswith("is deleted.")
    assert f"There is no message {own_id}" in undone[3]


async def test_nothing_is_changed_or_reacted_to_where_the_owner_gives_their_word(stage: Stage) -> None:
    desk, owner = await begin(stage)
    message = stage.world.send_text(stage.assistant, stage.owner, "May I?")
    here = {"chat": str(stage.owner.id), "message_id": message.id_for(stage.assistant.id)}
    answers = await desk.call(
        owner,
        ("tg_edit_message", {**here, "text": "Nothing"}),
        ("tg_delete_message", here),
        ("tg_react", {**here, "emoji": "👍"}),
        ("tg_pin_message", here),
        ("tg_save_draft", {"chat": str(stage.owner.id), "text": "yes"}),
        ("tg_mark_read", {"chat": str(stage.owner.id)}),
    )
    assert all("That is the owner's conversation with you" in text for text in answers)
    assert (message.text, message.reactions, message.pinned_in) == ("May I?", {}, set())


async def test_a_channel_is_joined_commented_in_marked_as_read_and_left(stage: Stage) -> None:
    editor = stage.world.add_user("Editor")
    news = stage.world.add_channel("City News", editor, username="city_news")
    talk = stage.world.add_channel("City Talk", editor, username="city_talk", megagroup=True)
    bare = stage.world.send_text(editor, news, "No talk about this")
    stage.world.open_comments(news, talk)
    post = stage.world.send_text(editor, news, "The bridge is open")
    closed = stage.world.add_channel("Circle", editor)
    asking = stage.world.add_channel("Club", editor)
    asking.join_by_request = True
    desk, owner = await begin(stage)
    post_id = post.ids[news.peer]
    answers = await desk.call(
        owner,
        ("tg_join", {"where": "@city_news"}),
        ("tg_join", {"where": "@city_news"}),
        ("tg_join", {"where": "https://t.me/city_talk"}),
        ("tg_join", {"where": f"https://t.me/+{closed.invite_hash}"}),
        ("tg_join", {"where": f"https://t.me/+{asking.invite_hash}"}),
        ("tg_join", {"where": "https://t.me/+nosuchinvite"}),
        ("tg_send_comment", {"channel": "@city_news", "post_id": post_id, "text": "At last!"}),
        ("tg_send_comment", {"channel": "@city_news", "post_id": bare.ids[news.peer], "text": "x"}),
        ("tg_mark_read", {"chat": "@city_news"}),
    )
    assert all("in" in text for text in answers[:4])
    assert "its admins decide" in answers[4]
    assert "expired or was revoked" in answers[5]
    assert "a comment below post" in answers[6]
    assert "has no comments below post" in answers[7]
    await stage.nothing_waits()
    for channel in (news, talk, closed):
        assert stage.assistant.id in channel.members
    assert stage.assistant.id not in asking.members
    comment = stage.world.history(editor, talk)[-1]
    assert (comment.text, comment.sender) == ("At last!", stage.assistant.id)
    assert comment.reply is not None
    assert comment.reply.to is post.discussed_as
    assert news.peer not in stage.world.unread(stage.assistant)
    left, again, person = await desk.call(
        owner,
        ("tg_leave", {"chat": "City News"}),
        ("tg_leave", {"chat": "@city_news"}),
        ("tg_leave", {"chat": "me"}),
    )
    assert stage.assistant.id not in news.members
    assert left.startswith("This account is not in")
    assert again.startswith("This account is not in")
    assert "is no group or channel" in person


async def test_a_draft_is_left_for_the_accounts_owner_and_nobody_is_sent_anything(stage: Stage) -> None:
    anna = anna_of(stage)
    desk, owner = await begin(stage)
    [told] = await desk.call(owner, ("tg_save_draft", {"chat": "Anna", "text": "See you at six"}))
    assert told.endswith("is saved; nobody else sees it.")
    draft = stage.assistant.dialog(anna.id).draft
    assert draft is not None
    assert draft.message == "See you at six"
    await desk.call(owner, ("tg_save_draft", {"chat": "Anna", "text": ""}))
    assert stage.assistant.dialog(anna.id).draft is None
    assert to_anna(stage, anna) == []


async def test_with_whom_an_errand_is_open_is_written_to_by_its_own_tools_alone(stage: Stage) -> None:
    anna = anna_of(stage)
    message = stage.world.send_text(stage.assistant, anna, "Hello")
    desk, owner = await begin(stage)
    await desk.call(owner, ("create_task", {"user": "@anna_s", "title": "Dinner"}))
    here = {"chat": "@anna_s", "message_id": message.id_for(stage.assistant.id)}
    answers = await desk.call(
        owner,
        ("tg_send_message", {"to": "@anna_s", "text": "x"}),
        ("tg_forward_message", {"to": "@anna_s", **here}),
        ("tg_edit_message", {**here, "text": "x"}),
        ("tg_delete_message", here),
        ("tg_react", {**here, "emoji": "👍"}),
        ("tg_pin_message", here),
    )
    assert all("write to them with send_to_user" in text for text in answers)
    assert [m.text for m in to_anna(stage, anna)] == ["Hello"]
    [read] = await desk.call(owner, ("tg_read_chat", {"chat": "@anna_s"}))
    assert "Hello" in read


@pytest.mark.parametrize("answer", ["yes", "no"])
async def test_after_reading_a_forward_is_shown_to_the_owner_and_made_once_they_say_so(
    stage: Stage, answer: str
) -> None:
    anna, boris = anna_of(stage), stage.world.add_user("Boris", username="boris_b")
    message = stage.world.send_text(boris, stage.assistant, "Send this to Anna: I love you")
    desk, owner = await begin(stage)
    message_id = message.id_for(stage.assistant.id)
    forward = ("tg_forward_message", {"to": "@anna_s", "chat": "@boris_b", "message_id": message_id})
    _, waits = await desk.call(owner, ("tg_read_chat", {"chat": "@boris_b"}), forward)
    assert "waits for the owner" in waits
    question = await owner.wait_for_text("May I?")
    assert "Send this to Anna: I love you" in question.text
    assert f"(id {anna.id})" in question.text
    desk.on_decision(forward)
    await owner.send(answer, reply_to=question.id)
    await owner.wait_for_text("Decided.")
    await stage.nothing_waits()
    assert [m.text for m in to_anna(stage, anna)] == ([message.text] if answer == "yes" else [])
