from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from people import People, listen
from pictures import png
from telethon import errors, events, functions, types

from jobs.sandbox.telegram.world import TelegramWorld, User


async def test_a_forward_tells_the_first_author_and_date(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    original = world.send_text(eve, ada, "the plan", entities=[types.MessageEntityBold(0, 3)])
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    [mine] = await from_ada.get_messages("eve", limit=1)
    sent = await from_ada.forward_messages("bob", mine)
    assert sent.raw_text == "the plan"
    [event] = await heard.count(1)
    header = event.message.fwd_from
    assert header.from_id == types.PeerUser(eve.id)
    assert header.date.timestamp() == original.date
    assert event.message.entities == [types.MessageEntityBold(0, 3)]
    to_eve = await from_bob.forward_messages("eve", event.message)
    assert to_eve.fwd_from.from_id == types.PeerUser(eve.id)
    hidden = await from_bob.forward_messages("eve", event.message, drop_author=True)
    assert hidden.fwd_from is None


async def test_whoever_hides_in_forwards_is_told_by_name_alone(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    eve.hides_in_forwards = True
    said = world.send_text(eve, ada, "secretly")
    client = await people.client(ada)
    await client.get_dialogs()
    sent = await client.forward_messages("bob", said.ids[ada.id], eve.id)
    assert (sent.fwd_from.from_id, sent.fwd_from.from_name) == (None, "Eve")


async def test_a_forward_to_oneself_remembers_where_it_was(
    people: People, world: TelegramWorld, ada: User, eve: User
) -> None:
    original = world.send_text(eve, ada, "remember")
    client = await people.client(ada)
    await client.get_dialogs()
    saved = await client.forward_messages("me", original.ids[ada.id], eve.id)
    assert saved.fwd_from.saved_from_peer == types.PeerUser(eve.id)
    assert saved.fwd_from.saved_from_msg_id == original.ids[ada.id]


async def test_many_are_forwarded_at_once_and_the_missing_are_left_out(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    client = await people.client(ada)
    ids = [world.send_text(eve, ada, str(n)).ids[ada.id] for n in range(3)]
    await client.get_dialogs()
    sent = await client.forward_messages("bob", [*ids, 999_999], eve.id)
    assert [message and message.raw_text for message in sent] == ["0", "1", "2", None]
    with pytest.raises(errors.MessageIdInvalidError):
        await client.forward_messages("bob", [999_999], eve.id)


async def test_a_reaction_reaches_both_sides_as_a_hidden_edit(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_ada, events.Raw((types.UpdateEditMessage, types.UpdateMessageReactions)))
    message = world.send_text(ada, bob, "shall we?")
    thumb = types.ReactionEmoji("👍")
    await from_bob(functions.messages.SendReactionRequest("ada", message.ids[bob.id], reaction=[thumb]))
    edit, reactions = sorted(await heard.count(2), key=lambda update: isinstance(update, types.UpdateMessageReactions))
    assert (edit.message.edit_hide, edit.message.raw_text) == (True, "shall we?")
    assert (reactions.peer, reactions.msg_id) == (types.PeerUser(bob.id), message.ids[ada.id])
    [count] = reactions.reactions.results
    assert (count.reaction, count.count, count.chosen_order) == (thumb, 1, None)
    assert reactions.reactions.recent_reactions[0].peer_id == types.PeerUser(bob.id)
    [mine] = await from_bob.get_messages("ada", limit=1)
    assert mine.reactions.results[0].chosen_order == 0
    await from_bob(functions.messages.SendReactionRequest("ada", message.ids[bob.id], reaction=[]))
    assert (await from_bob.get_messages("ada", limit=1))[0].reactions is None


async def test_a_reaction_to_an_edited_message_looks_like_another_edit(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada = await people.client(ada)
    heard = listen(from_ada, events.MessageEdited)
    message = await from_ada.send_message("bob", "frist")
    await from_ada.edit_message("bob", message, "first")
    world.react(bob, world.history(ada, bob)[0], "❤")
    [event] = await heard.count(1)
    assert (event.message.edit_hide, event.raw_text) == (False, "first")


async def test_an_edit_after_a_reaction_is_no_longer_hidden(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.MessageEdited)
    message = await from_ada.send_message("bob", "frist")
    world.react(bob, world.history(ada, bob)[0], "🔥")
    await from_ada.edit_message("bob", message, "first")
    reacted, edited = await heard.count(2)
    assert (reacted.message.edit_hide, edited.message.edit_hide) == (True, False)


async def test_reactions_that_do_not_exist_are_refused(people: People, ada: User, bob: User) -> None:
    client = await people.client(ada)
    message = await client.send_message("bob", "x")
    for chosen, error in (
        ([types.ReactionEmoji("🥔")], errors.ReactionInvalidError),
        ([types.ReactionEmoji("👍"), types.ReactionEmoji("👎")], errors.BadRequestError),
    ):
        with pytest.raises(error):
            await client(functions.messages.SendReactionRequest("bob", message.id, reaction=chosen))
    with pytest.raises(errors.MessageIdInvalidError):
        await client(functions.messages.SendReactionRequest("bob", 999, reaction=[types.ReactionEmoji("👍")]))


async def test_a_pinned_message_is_pinned_for_both_with_a_note(people: People, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.ChatAction, events.Raw(types.UpdatePinnedMessages))
    message = await from_ada.send_message("bob", "important")
    await from_ada.pin_message("bob", message, notify=True)
    await heard.count(2)
    update = next(e for e in heard.events if isinstance(e, types.UpdatePinnedMessages))
    [pinned] = await from_bob.get_messages("ada", ids=update.messages)
    assert (pinned.pinned, pinned.raw_text) == (True, "important")
    found = from_bob.iter_messages("ada", filter=types.InputMessagesFilterPinned)
    assert [m.raw_text async for m in found] == ["important"]
    await from_ada.unpin_message("bob", message)
    assert not (await from_bob.get_messages("ada", ids=update.messages))[0].pinned
    await from_ada.pin_message("bob", message, pm_oneside=True)
    assert not (await from_bob.get_messages("ada", ids=update.messages))[0].pinned
    await from_ada.unpin_message("bob")
    assert not (await from_ada.get_messages("bob", ids=message.id)).pinned


async def test_a_scheduled_message_waits_until_it_is_delivered(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    waiting = await from_ada.send_message("bob", "good morning", schedule=later)
    assert waiting.date == later
    assert [m.raw_text for m in await from_ada.get_messages("bob", scheduled=True)] == ["good morning"]
    assert world.history(bob, ada) == []
    world.deliver_scheduled()
    [event] = await heard.count(1)
    assert (event.raw_text, event.message.from_scheduled) == ("good morning", True)
    assert event.message.date < later
    assert list(await from_ada.get_messages("bob", scheduled=True)) == []


async def test_a_scheduled_message_can_be_sent_early_or_dropped(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    client = await people.client(ada)
    later = datetime.now(UTC) + timedelta(hours=1)
    early, dropped = [await client.send_message("bob", text, schedule=later) for text in ("early", "dropped")]
    await client(functions.messages.SendScheduledMessagesRequest("bob", [early.id]))
    await client(functions.messages.DeleteScheduledMessagesRequest("bob", [dropped.id]))
    assert [m.text for m in world.history(bob, ada)] == ["early"]
    world.deliver_scheduled()
    assert len(world.history(bob, ada)) == 1
    with pytest.raises(errors.ScheduleDateTooLateError):
        await client.send_message("bob", "far", schedule=datetime.now(UTC) + timedelta(days=400))


async def test_a_silent_message_says_so(people: People, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    await from_ada.send_message("bob", "shh", silent=True)
    assert (await from_bob.get_messages("ada", limit=1))[0].silent


async def test_the_random_ids_of_albums_and_forwards_are_kept_too(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    world.settings.duplicate_random_id_is_error = False
    client = await people.client(ada)
    said = world.send_text(eve, ada, "x").ids[ada.id]
    forward = functions.messages.ForwardMessagesRequest("eve", [said], "bob", random_id=[1])
    photo = types.InputMediaUploadedPhoto(await client.upload_file(png(5, 5), file_name="a.png"))
    album = functions.messages.SendMultiMediaRequest(
        "bob", [types.InputSingleMedia(photo, "a", random_id=2), types.InputSingleMedia(photo, "b", random_id=3)]
    )
    single = functions.messages.SendMediaRequest("bob", photo, "c", random_id=4)
    for request in (forward, album, single):
        first, again = await client(request), await client(request)
        assert [u.id for u in first.updates if isinstance(u, types.UpdateMessageID)] == [
            u.id for u in again.updates if isinstance(u, types.UpdateMessageID)
        ]
    assert [m.text for m in world.messages_between(ada, bob)] == ["x", "a", "b", "c"]


async def test_contacts_are_added_found_imported_and_removed(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    client = await people.client(ada)
    world.add_user("Cleopatra", username="cleopatra", phone="15550009")
    await client(functions.contacts.AddContactRequest("bob", "Robert", "the Builder", ""))
    assert (await client.get_entity("bob")).first_name == "Robert"
    card = types.InputPhoneContact(client_id=1, phone="+15550009", first_name="Cleo", last_name="")
    imported = await client(functions.contacts.ImportContactsRequest([card]))
    assert [user.first_name for user in imported.users] == ["Cleo"]
    listed = await client(functions.contacts.GetContactsRequest(0))
    assert {user.first_name for user in listed.users} == {"Robert", "Cleo"}
    found = await client(functions.contacts.SearchRequest("robert", 10))
    assert found.my_results == [types.PeerUser(bob.id)]
    await client(functions.contacts.DeleteContactsRequest([await client.get_input_entity("bob")]))
    assert (await client.get_entity("bob")).first_name == "Bob"
    found = await client(functions.contacts.SearchRequest("cleopatr", 10))
    assert [user.username for user in found.users] == ["cleopatra"]
