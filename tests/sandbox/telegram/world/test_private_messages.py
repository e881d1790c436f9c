from __future__ import annotations

import pytest
from people import People, listen
from telethon import errors, events, functions, types

from jobs.sandbox.telegram.world import TelegramWorld, User


async def test_a_message_reaches_the_other_side_under_an_id_of_its_own(people: People, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    sent = await from_ada.send_message("bob", "hello")
    [event] = await heard.count(1)
    assert (event.raw_text, event.sender_id, event.out, event.is_private) == ("hello", ada.id, False, True)
    assert sent.out
    assert sent.id != event.message.id
    assert (await from_bob.get_messages("ada", limit=1))[0].id == event.message.id


async def test_the_senders_other_devices_see_it_as_outgoing_and_the_sending_one_hears_nothing(
    people: People, ada: User, bob: User
) -> None:
    here, there = await people.client(ada), await people.client(ada)
    heard_here, heard_there = listen(here, events.NewMessage), listen(there, events.NewMessage)
    await here.send_message("bob", "one")
    [event] = await heard_there.count(1)
    assert event.out
    await there.send_message("bob", "two")
    await heard_here.count(1)
    assert [e.raw_text for e in heard_here.events] == ["two"]


async def test_saved_messages_are_a_chat_with_oneself(people: People, ada: User) -> None:
    here, there = await people.client(ada), await people.client(ada)
    heard = listen(there, events.NewMessage, events.Raw(types.UpdateNewMessage))
    sent = await here.send_message("me", "note to self")
    await heard.count(2)
    update = next(e for e in heard.events if isinstance(e, types.UpdateNewMessage))
    assert (update.message.peer_id, update.message.from_id) == (types.PeerUser(ada.id), None)
    [event] = [e for e in heard.events if isinstance(e, events.NewMessage.Event)]
    assert (event.chat_id, event.sender_id, event.id) == (ada.id, ada.id, sent.id)
    [dialog] = await here.get_dialogs()
    assert (dialog.id, dialog.unread_count) == (ada.id, 0)


async def test_entities_survive_and_are_measured_in_utf16_units(people: People, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    bold = types.MessageEntityBold(3, 4)
    await from_ada.send_message("bob", "😀 bold", formatting_entities=[bold])
    [message] = await from_bob.get_messages("ada", limit=1)
    assert message.entities == [bold]
    for outside in (types.MessageEntityBold(3, 5), types.MessageEntityBold(1, 2), types.MessageEntityBold(-1, 2)):
        with pytest.raises(errors.EntityBoundsInvalidError):
            await from_ada.send_message("bob", "😀 bold", formatting_entities=[outside])


async def test_surrounding_blanks_are_cut_and_entities_move_along(people: People, ada: User, bob: User) -> None:
    from_ada = await people.client(ada)
    bold, code = types.MessageEntityBold(2, 4), types.MessageEntityCode(7, 3)
    await from_ada.send_message("bob", " \nbold ab \n", formatting_entities=[code, bold])
    [message] = await from_ada.get_messages("bob", limit=1)
    assert message.message == "bold ab"
    assert message.entities == [types.MessageEntityBold(0, 4), types.MessageEntityCode(5, 2)]


async def test_only_a_hundred_entities_are_kept(people: People, ada: User, bob: User) -> None:
    from_ada = await people.client(ada)
    many = [types.MessageEntityBold(i, 1) for i in range(120)]
    await from_ada.send_message("bob", "x" * 120, formatting_entities=many)
    [message] = await from_ada.get_messages("bob", limit=1)
    assert message.entities == many[:100]


@pytest.mark.parametrize(("length", "fits"), [(4096, True), (4097, False)])
async def test_a_text_may_have_4096_utf16_units(people: People, ada: User, bob: User, length: int, fits: bool) -> None:
    from_ada = await people.client(ada)
    text = "😀" * 100 + "x" * (length - 200)
    if fits:
        assert (await from_ada.send_message("bob", text)).raw_text == text
    else:
        with pytest.raises(errors.MessageTooLongError):
            await from_ada.send_message("bob", text)


async def test_an_empty_text_is_refused(people: People, ada: User, bob: User) -> None:
    from_ada = await people.client(ada)
    with pytest.raises(errors.MessageEmptyError):
        await from_ada(functions.messages.SendMessageRequest("bob", " \n "))


async def test_a_second_send_with_one_random_id_is_refused_and_stores_nothing(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada = await people.client(ada, request_retries=0, raise_last_call_error=True)
    request = functions.messages.SendMessageRequest("bob", "once", random_id=42)
    await from_ada(request)
    # Not through the client's call: it takes any error 500 for a passing trouble and tries again after 2 s.
    with pytest.raises(errors.RPCError, match=r"RANDOM_ID_DUPLICATE|random ID that was already used"):
        await from_ada._sender.send(request)
    assert [m.text for m in world.messages_between(ada, bob)] == ["once"]


async def test_a_second_send_may_also_be_answered_with_the_first_result(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    world.settings.duplicate_random_id_is_error = False
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    first = await from_ada(functions.messages.SendMessageRequest("bob", "once", random_id=42))
    again = await from_ada(functions.messages.SendMessageRequest("bob", "once", random_id=42))
    assert types.UpdateMessageID(first.id, 42) in again.updates
    await from_ada.send_message("bob", "last")
    assert [e.raw_text for e in await heard.count(2)] == ["once", "last"]


async def test_random_ids_of_different_accounts_do_not_collide(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    for client, other in ((await people.client(ada), "bob"), (await people.client(bob), "ada")):
        await client(functions.messages.SendMessageRequest(other, "same number", random_id=7))
    assert len(world.messages_between(ada, bob)) == 2


async def test_a_reply_points_to_each_sides_own_id_and_carries_the_quote(people: People, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    sent = await from_ada.send_message("bob", "one two three")
    await heard.count(1)
    reply_to = types.InputReplyToMessage(sent.id, quote_text="two", quote_offset=4)
    await from_ada(functions.messages.SendMessageRequest("bob", "this", reply_to=reply_to))
    original, reply = (event.message for event in await heard.count(2))
    assert reply.reply_to.reply_to_msg_id == original.id != sent.id
    assert (reply.reply_to.quote, reply.reply_to.quote_text, reply.reply_to.quote_offset) == (True, "two", 4)
    assert (await reply.get_reply_message()).raw_text == "one two three"
    wrong = types.InputReplyToMessage(sent.id, quote_text="four")
    with pytest.raises(errors.BadRequestError, match="QUOTE_TEXT_INVALID"):
        await from_ada(functions.messages.SendMessageRequest("bob", "this", reply_to=wrong))


async def test_a_reply_to_a_message_of_another_chat_tells_who_wrote_it(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    world.send_text(eve, ada, "meet me at noon")
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    [said] = await from_ada.get_messages("eve", limit=1)
    there = types.InputReplyToMessage(
        said.id, reply_to_peer_id=await from_ada.get_input_entity("eve"), quote_text="noon"
    )
    await from_ada(functions.messages.SendMessageRequest("bob", "she says", reply_to=there))
    [event] = await heard.count(1)
    header = event.message.reply_to
    assert header.reply_from.from_id == types.PeerUser(eve.id)
    assert (header.reply_to_msg_id, header.quote_text) == (None, "noon")


async def test_an_edit_reaches_both_sides(people: People, ada: User, bob: User) -> None:
    from_ada, other_ada, from_bob = [await people.client(user) for user in (ada, ada, bob)]
    heard_there, heard = listen(other_ada, events.MessageEdited), listen(from_bob, events.MessageEdited)
    sent = await from_ada.send_message("bob", "teh")
    edited = await from_ada.edit_message("bob", sent, "the")
    assert (edited.id, edited.raw_text, edited.edit_hide) == (sent.id, "the", False)
    for ear in (heard, heard_there):
        [event] = await ear.count(1)
        assert event.raw_text == "the"
        assert event.message.edit_date is not None


async def test_what_cannot_be_edited_is_refused(people: People, world: TelegramWorld, ada: User, bob: User) -> None:
    from_ada = await people.client(ada)
    own, foreign = world.send_text(ada, bob, "mine"), world.send_text(bob, ada, "his")
    with pytest.raises(errors.MessageNotModifiedError):
        await from_ada.edit_message("bob", own.ids[ada.id], "mine")
    with pytest.raises(errors.MessageAuthorRequiredError):
        await from_ada.edit_message("bob", foreign.ids[ada.id], "hers")
    with pytest.raises(errors.MessageIdInvalidError):
        await from_ada.edit_message("bob", 999_999, "nothing")
    with pytest.raises(errors.MessageTooLongError):
        await from_ada.edit_message("bob", own.ids[ada.id], "x" * 4097)


async def test_deleting_for_both_takes_the_message_from_both(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.MessageDeleted)
    kept, doomed = world.send_text(ada, bob, "kept"), world.send_text(ada, bob, "doomed")
    his_id = doomed.ids[bob.id]
    await from_ada.delete_messages("bob", doomed.ids[ada.id])
    [event] = await heard.count(1)
    assert event.deleted_ids == [his_id]
    assert world.history(ada, bob) == world.history(bob, ada) == [kept]


async def test_deleting_many_moves_the_pts_by_as_many(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.MessageDeleted, events.NewMessage)
    doomed = [world.send_text(ada, bob, str(n)).ids[ada.id] for n in range(3)]
    pts = ada.mailbox.pts
    [affected] = await from_ada.delete_messages("bob", doomed)
    assert (affected.pts, affected.pts_count) == (pts + 3, 3)
    await from_ada.send_message("bob", "and on")
    await heard.count(5)
    assert len(people.server.calls.of("updates.getDifference")) == 2  # those of signing in: nobody saw a gap


async def test_deleting_for_oneself_leaves_the_other_side_alone(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada = await people.client(ada)
    message = world.send_text(ada, bob, "hm")
    await from_ada.delete_messages("bob", message.ids[ada.id], revoke=False)
    assert world.history(ada, bob) == []
    assert world.history(bob, ada) == [message]


async def test_typing_is_seen_by_the_other_side_and_by_the_test(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.UserUpdate)
    async with from_ada.action("bob", "typing"):
        await world.wait_for(lambda: world.typing)
    assert (world.typing[0].user, world.typing[0].peer) == (ada.id, bob.id)
    [first, *_] = await heard.count(1)
    assert (first.user_id, first.typing) == (ada.id, True)


async def test_whoever_is_blocked_cannot_write(people: People, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    await from_bob(functions.contacts.BlockRequest("ada"))
    with pytest.raises(errors.UserIsBlockedError):
        await from_ada.send_message("bob", "hello?")
    with pytest.raises(errors.YouBlockedUserError):
        await from_bob.send_message("ada", "hello?")
    await from_bob(functions.contacts.UnblockRequest("ada"))
    await from_ada.send_message("bob", "hello")


async def test_a_wrong_access_hash_opens_nothing(people: People, world: TelegramWorld, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    of_ada = await from_ada.get_input_entity("bob")
    with pytest.raises(errors.PeerIdInvalidError):
        await from_ada.send_message(types.InputPeerUser(bob.id, of_ada.access_hash + 1), "x")
    with pytest.raises(errors.PeerIdInvalidError):
        await from_ada.send_message(types.InputPeerUser(123, of_ada.access_hash), "x")
    eve = world.add_user("Eve", username="eve2")
    [of_eve] = [await from_ada.get_input_entity("eve2")]
    assert of_eve.user_id == eve.id
    with pytest.raises(errors.PeerIdInvalidError):  # what one account was told is worth nothing to another
        await from_bob.send_message(of_eve, "x")


async def test_brief_updates_tell_no_access_hash(people: People, world: TelegramWorld, ada: User, bob: User) -> None:
    world.settings.short_updates = True
    from_bob = await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    message = world.send_text(ada, bob, "psst")
    [event] = await heard.count(1)
    assert isinstance(event.original_update, types.UpdateShortMessage)
    assert (event.raw_text, event.id, event.sender_id) == ("psst", message.ids[bob.id], ada.id)


async def test_telegram_marks_addresses_mentions_hashtags_and_commands_by_itself(
    people: People, ada: User, bob: User
) -> None:
    client = await people.client(ada)
    text = "😀 /help @robert: see https://example.com/a?b=1, t.me/x or me@mail.org #tag, not /etc/passwd, `@other` 2*3"
    at = text.encode("utf-16-le").index("@other".encode("utf-16-le")) // 2
    code = types.MessageEntityCode(at, 6)
    await client.send_message("bob", text, formatting_entities=[code])
    [message] = await client.get_messages("bob", limit=1)
    assert [(type(e).__name__.removeprefix("MessageEntity"), found) for e, found in message.get_entities_text()] == [
        ("BotCommand", "/help"),
        ("Mention", "@robert"),
        ("Url", "https://example.com/a?b=1"),
        ("Url", "t.me/x"),
        ("Email", "me@mail.org"),
        ("Hashtag", "#tag"),
        ("Code", "@other"),
    ]


async def test_blanks_that_belong_to_code_stay(people: People, ada: User, bob: User) -> None:
    client = await people.client(ada)
    pre = types.MessageEntityPre(2, 9, "python")
    await client.send_message("bob", "\n\n    x = 1 \n", formatting_entities=[pre])
    [message] = await client.get_messages("bob", limit=1)
    assert (message.message, message.entities) == ("    x = 1", [types.MessageEntityPre(0, 9, "python")])
