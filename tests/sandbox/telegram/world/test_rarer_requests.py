from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from people import People, listen
from pictures import jpeg, named, png
from telethon import TelegramClient, errors, events, functions, types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import TelegramWorld, User

GONE = 999_999


def known(world: TelegramWorld, viewer: User, user: User) -> types.InputPeerUser:
    shown = world.perform(viewer, functions.contacts.ResolveUsernameRequest(user.username or "")).users[0]
    return types.InputPeerUser(shown.id, shown.access_hash)


def as_user(peer: types.InputPeerUser) -> types.InputUser:
    return types.InputUser(peer.user_id, peer.access_hash)


Bob = types.InputPeerUser
upload, messages, channels = functions.upload, functions.messages, functions.channels
GAME = types.InputMediaGame(types.InputGameShortName(types.InputUserSelf(), "chess"))
REFUSED: list[tuple[str, Callable[[Bob], object]]] = [
    ("FILE_PART_INVALID", lambda _bob: upload.SaveFilePartRequest(1, 4000, b"x")),
    ("FILE_PART_EMPTY", lambda _bob: upload.SaveFilePartRequest(1, 0, b"")),
    ("FILE_PART_TOO_BIG", lambda _bob: upload.SaveFilePartRequest(1, 0, b"x" * (512 * 1024 + 1))),
    ("FILE_PARTS_INVALID", lambda _bob: upload.SaveBigFilePartRequest(1, 0, 0, b"x")),
    ("OFFSET_INVALID", lambda _bob: upload.GetFileRequest(types.InputTakeoutFileLocation(), 5, 4096)),
    ("LIMIT_INVALID", lambda _bob: upload.GetFileRequest(types.InputTakeoutFileLocation(), 0, 4095)),
    ("LOCATION_INVALID", lambda _bob: upload.GetFileRequest(types.InputTakeoutFileLocation(), 0, 4096)),
    ("MESSAGE_IDS_EMPTY", lambda bob: messages.ForwardMessagesRequest(bob, [], bob, random_id=[])),
    ("RANDOM_ID_INVALID", lambda bob: messages.ForwardMessagesRequest(bob, [1, 2], bob, random_id=[1])),
    ("MEDIA_EMPTY", lambda bob: messages.SendMultiMediaRequest(bob, [])),
    ("MEDIA_INVALID", lambda bob: messages.SendMediaRequest(bob, GAME, "")),
    (
        "WEBPAGE_CURL_FAILED",
        lambda bob: messages.SendMediaRequest(bob, types.InputMediaPhotoExternal("http://127.0.0.1/x.png"), ""),
    ),
    (
        "MULTI_MEDIA_TOO_LONG",
        lambda bob: messages.SendMultiMediaRequest(
            bob, [types.InputSingleMedia(types.InputMediaDice("🎲"), "", random_id=n) for n in range(11)]
        ),
    ),
    ("MESSAGE_ID_INVALID", lambda bob: messages.SendScheduledMessagesRequest(bob, [GONE])),
    ("MESSAGE_ID_INVALID", lambda bob: messages.UpdatePinnedMessageRequest(bob, GONE)),
    ("FILTER_NOT_SUPPORTED", lambda bob: _search(bob, types.InputMessagesFilterGeo())),
    ("CHAT_TITLE_EMPTY", lambda bob: messages.CreateChatRequest([as_user(bob)], " ")),
    ("USERS_TOO_FEW", lambda _bob: messages.CreateChatRequest([], "Alone")),
    ("CHAT_ID_INVALID", lambda _bob: messages.GetFullChatRequest(1)),
    ("CHANNEL_INVALID", lambda _bob: channels.GetFullChannelRequest(types.InputChannel(1, 1))),
    ("CHANNEL_INVALID", lambda _bob: channels.GetFullChannelRequest(types.InputChannelEmpty())),
    ("CHANNEL_TITLE_EMPTY", lambda _bob: channels.CreateChannelRequest("", "", broadcast=True)),
    ("PEER_ID_INVALID", lambda _bob: messages.SendMessageRequest(types.InputPeerEmpty(), "x")),
    ("PEER_ID_INVALID", messages.ExportChatInviteRequest),
    ("USER_ID_INVALID", lambda _bob: functions.users.GetFullUserRequest(types.InputUser(1, 1))),
    ("CONTACT_NAME_EMPTY", lambda bob: functions.contacts.AddContactRequest(as_user(bob), "", "", "")),
    ("SEARCH_QUERY_EMPTY", lambda _bob: functions.contacts.SearchRequest("", 5)),
    ("QUERY_TOO_SHORT", lambda _bob: functions.contacts.SearchRequest("bo", 5)),
    ("PHONE_NOT_OCCUPIED", lambda _bob: functions.contacts.ResolvePhoneRequest("1")),
    ("FIRSTNAME_INVALID", lambda _bob: functions.account.UpdateProfileRequest(first_name=" ")),
    ("USERNAME_NOT_MODIFIED", lambda _bob: functions.account.UpdateUsernameRequest("ada")),
    ("HASH_INVALID", lambda _bob: functions.account.ResetAuthorizationRequest(1)),
]


def _search(peer: Bob, kind: types.TypeMessagesFilter) -> messages.SearchRequest:
    return messages.SearchRequest(peer, "", kind, None, None, 0, 0, 1, 0, 0, 0)


@pytest.mark.parametrize(("error", "request_of"), REFUSED)
def test_what_telegram_refuses_is_refused(
    world: TelegramWorld, ada: User, bob: User, error: str, request_of: Callable[[Bob], object]
) -> None:
    world.send_text(bob, ada, "something to search")
    with pytest.raises(RpcError, match=f"^400 {error}$"):
        world.perform(ada, request_of(known(world, ada, bob)))


async def test_history_can_begin_at_a_date(people: People, world: TelegramWorld, ada: User, bob: User) -> None:
    client = await people.client(ada)
    for day in (1, 2, 3):
        world.clock = datetime(2026, 5, day, tzinfo=UTC).timestamp
        world.send_text(bob, ada, f"day {day}")
    before = datetime(2026, 5, 3, tzinfo=UTC)
    assert [m.raw_text async for m in client.iter_messages("bob", offset_date=before)] == ["day 2", "day 1"]


async def test_messages_of_one_sender_are_found_in_a_group_and_words_everywhere(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    group = world.add_group("Trip", ada, bob, eve)
    club = world.add_channel("Club", ada, bob, megagroup=True)
    for sender in (bob, eve):
        world.send_text(sender, group, f"of {sender.first_name}")
    world.send_text(bob, club, "of Bob in the club")
    client = await people.client(ada)
    await client.get_dialogs()
    assert [m.raw_text async for m in client.iter_messages(group.peer, from_user="bob")] == ["of Bob"]
    everywhere = {m.raw_text async for m in client.iter_messages(None, search="bob", limit=10)}
    assert everywhere == {"of Bob", "of Bob in the club"}


async def test_the_pinned_message_and_the_one_replied_to_can_be_asked_for(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    club = world.add_channel("Club", ada, bob, megagroup=True)
    client = await people.client(ada)
    await client.get_dialogs()
    question = await client.send_message(club.peer, "question")
    answer = await client.send_message(club.peer, "answer", reply_to=question)
    await client.pin_message(club.peer, answer)
    assert (await client.get_messages(club.peer, ids=types.InputMessagePinned())).id == answer.id
    assert (await client.get_messages(club.peer, ids=types.InputMessageReplyTo(answer.id))).id == question.id
    with pytest.raises(errors.ChatNotModifiedError):
        await client.pin_message(club.peer, answer)


async def test_a_document_can_have_a_thumbnail(people: People, ada: User) -> None:
    client = await people.client(ada)
    thumb = named(jpeg(90, 60), "t.jpg")
    sent = await client.send_file("me", named(b"film", "a.mkv"), thumb=thumb, force_document=True)
    [size] = sent.document.thumbs
    assert (size.w, size.h) == (90, 60)
    assert await client.download_media(sent, bytes, thumb=-1) == jpeg(90, 60)


async def test_the_file_of_a_message_can_be_exchanged(people: People, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    sent = await from_ada.send_file("bob", named(png(10, 10), "a.png"), caption="draft")
    await from_ada.edit_message("bob", sent, "final", file=named(png(20, 20), "b.png"))
    [message] = await from_bob.get_messages("ada", limit=1)
    assert (message.raw_text, await message.download_media(bytes)) == ("final", png(20, 20))


async def test_an_album_that_is_forwarded_stays_together(people: People, ada: User, bob: User) -> None:
    client = await people.client(ada)
    album = await client.send_file("me", [named(png(n, n), f"{n}.png") for n in (10, 20)])
    forwarded = await client.forward_messages("bob", album)
    [group] = {message.grouped_id for message in forwarded}
    assert group not in {None, album[0].grouped_id}


async def test_a_person_without_a_username_is_mentioned_by_id(people: People, ada: User, bob: User) -> None:
    client = await people.client(ada)
    mention = types.InputMessageEntityMentionName(0, 3, as_user(await client.get_input_entity("bob")))
    await client.send_message("me", "Bob", formatting_entities=[mention])
    [message] = await client.get_messages("me", limit=1)
    assert message.entities == [types.MessageEntityMentionName(0, 3, bob.id)]


async def test_somebody_seen_in_a_message_can_be_named_by_it(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    group = world.add_group("Trip", ada, bob, eve)
    said = world.send_text(eve, group, "hi")
    client = await people.client(bob)
    seen = types.InputPeerUserFromMessage(types.InputPeerChat(group.id), said.ids[bob.id], eve.id)
    await client.send_message(seen, "hello Eve")
    assert [m.text for m in world.messages_between(bob, eve)] == ["hello Eve"]
    never = types.InputPeerUserFromMessage(types.InputPeerChat(group.id), GONE, eve.id)
    with pytest.raises(errors.MsgIdInvalidError):
        await client.send_message(never, "hello Eve")


async def test_a_private_chat_can_be_cleared_for_one_or_for_both(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    client = await people.client(ada)
    for revoke, left_for_bob in ((False, 1), (True, 1)):
        world.send_text(ada, bob, "x")
        await client.delete_dialog("bob", revoke=revoke)
        assert (len(world.history(ada, bob)), len(world.history(bob, ada))) == (0, left_for_bob)


async def test_an_old_message_cannot_be_edited(people: People, world: TelegramWorld, ada: User, bob: User) -> None:
    client = await people.client(ada)
    old, note = world.send_text(ada, bob, "old"), world.send_text(ada, ada, "note")
    real, world.clock = world.clock, lambda: real() + 49 * 3600
    with pytest.raises(errors.MessageEditTimeExpiredError):
        await client.edit_message("bob", old.ids[ada.id], "new")
    await client.edit_message("me", note.ids[ada.id], "notes never age")


async def test_one_chat_is_asked_for_and_marked_unread(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    client = await people.client(ada)
    world.send_text(bob, ada, "x")
    peer = types.InputDialogPeer(await client.get_input_entity("bob"))
    await client(messages.MarkDialogUnreadRequest(peer, unread=True))
    answer = await client(messages.GetPeerDialogsRequest([peer]))
    [dialog] = answer.dialogs
    assert (dialog.unread_count, dialog.unread_mark, answer.state.pts) == (1, True, ada.mailbox.pts)
    await client.send_read_acknowledge("bob", clear_mentions=True, clear_reactions=True)
    answer = await client(messages.GetPeerDialogsRequest([peer]))
    assert (answer.dialogs[0].unread_count, answer.dialogs[0].unread_mark) == (0, False)


async def test_reactions_can_be_asked_for(people: People, world: TelegramWorld, ada: User, bob: User) -> None:
    client = await people.client(ada)
    message = world.send_text(ada, bob, "x")
    world.react(bob, message, "👍")
    message_id = message.ids[ada.id]
    [update] = (await client(messages.GetMessagesReactionsRequest("bob", [message_id]))).updates
    assert update.reactions.results[0].count == 1
    listed = await client(messages.GetMessageReactionsListRequest("bob", message_id, limit=10))
    assert [reaction.peer_id for reaction in listed.reactions] == [types.PeerUser(bob.id)]


async def test_typing_and_reading_are_seen_in_groups_and_supergroups(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    group, club = world.add_group("Trip", ada, bob), world.add_channel("Club", ada, bob, megagroup=True)
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    for chat in (group, club):
        await from_bob.get_dialogs()
        heard = listen(from_ada, events.UserUpdate, events.MessageRead)
        said = world.send_text(ada, chat, "x")
        async with from_bob.action(chat.peer, "typing"):
            await heard.count(1)
        assert (heard.events[0].chat_id, heard.events[0].user_id) == (chat.peer, bob.id)
        await from_bob.send_read_acknowledge(chat.peer)
        await heard.until(lambda heard=heard: isinstance(heard.events[-1], events.MessageRead.Event))
        assert heard.events[-1].max_id == said.id_for(ada.id)


async def test_a_groups_admin_can_remove_and_a_member_cannot(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    group = world.add_group("Trip", ada, bob, eve)
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    remove = messages.DeleteChatUserRequest(group.id, "eve")
    with pytest.raises(errors.ChatAdminRequiredError):
        await from_bob(remove)
    with pytest.raises(errors.ChatAdminRequiredError):
        await from_bob(messages.EditChatAdminRequest(group.id, "bob", True))
    await from_ada(messages.EditChatAdminRequest(group.id, "bob", True))
    await from_bob(remove)
    assert eve.id not in group.members
    invite = await from_ada(messages.ExportChatInviteRequest(group.peer))
    from_eve = await people.client(eve)
    await from_eve(messages.ImportChatInviteRequest(invite.link.partition("+")[2]))
    assert eve.id in group.members
    with pytest.raises(errors.UserAlreadyParticipantError):
        await from_ada(messages.AddChatUserRequest(group.id, "eve", 0))


async def test_a_channels_admin_invites_bans_and_lists_and_a_member_cannot(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    news = world.add_channel("News", ada, bob, username="the_news")
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    post = await from_ada.send_message("the_news", "x")
    for request in (
        channels.InviteToChannelRequest("the_news", ["eve"]),
        channels.EditTitleRequest("the_news", "Mine"),
        channels.GetParticipantsRequest("the_news", types.ChannelParticipantsRecent(), 0, 10, 0),
    ):
        with pytest.raises(errors.ChatAdminRequiredError):
            await from_bob(request)
    with pytest.raises(errors.MessageDeleteForbiddenError):
        await from_bob.delete_messages("the_news", post)
    await from_ada(channels.InviteToChannelRequest("the_news", ["eve"]))
    admins = types.ChannelParticipantsAdmins()
    assert [user.id async for user in from_ada.iter_participants("the_news", filter=admins)] == [ada.id]
    await from_ada.edit_permissions("the_news", "eve", view_messages=False)
    with pytest.raises(errors.UserKickedError):
        await from_ada(channels.InviteToChannelRequest("the_news", ["eve"]))
    with pytest.raises(errors.UserNotParticipantError):
        await from_ada.get_permissions("the_news", "eve")
    with pytest.raises(errors.UserCreatorError):
        await from_ada(channels.LeaveChannelRequest("the_news"))
    counted = await from_bob(messages.GetMessagesViewsRequest("the_news", [post.id], increment=True))
    assert [views.views for views in counted.views] == [2]
    assert news.members.keys() == {ada.id, bob.id}


async def sent_code(client: TelegramClient, phone: str) -> str:
    return (await client.send_code_request(phone)).phone_code_hash


async def test_a_code_can_be_sent_again_or_given_up(people: People, world: TelegramWorld, ada: User) -> None:
    client = await people.client()
    first_hash = await sent_code(client, ada.phone or "")
    first = world.last_code(ada.phone or "")
    again = await client(functions.auth.ResendCodeRequest(ada.phone, first_hash))
    assert (again.phone_code_hash, world.last_code(ada.phone or "")) != (first_hash, first)
    with pytest.raises(errors.PhoneCodeExpiredError):
        await client.sign_in(ada.phone, first, phone_code_hash=first_hash)
    with pytest.raises(errors.PhoneCodeHashEmptyError):
        await client(functions.auth.SignInRequest(ada.phone, "", first))
    with pytest.raises(errors.PhoneCodeEmptyError):
        await client(functions.auth.SignInRequest(ada.phone, again.phone_code_hash, ""))
    await client(functions.auth.CancelCodeRequest(ada.phone, again.phone_code_hash))
    with pytest.raises(KeyError):
        world.last_code(ada.phone or "")


async def test_a_qr_code_is_good_once_and_for_its_time(people: People, world: TelegramWorld, ada: User) -> None:
    client = await people.client()
    qr = await client.qr_login()
    world.accept_qr(qr.token, ada)
    with pytest.raises(RpcError, match="AUTH_TOKEN_ALREADY_ACCEPTED"):
        world.accept_qr(qr.token, ada)
    late = await (await people.client()).qr_login()
    real, world.clock = world.clock, lambda: real() + 31
    with pytest.raises(RpcError, match="AUTH_TOKEN_EXPIRED"):
        world.accept_qr(late.token, ada)


async def test_every_other_device_can_be_signed_out_at_once(people: People, world: TelegramWorld, ada: User) -> None:
    here, there = await people.client(ada), await people.client(ada)
    await there.get_me()
    await here(functions.auth.ResetAuthorizationsRequest())
    assert len(world.devices(ada.id)) == 1
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await there.send_message("me", "x")
    assert await here.is_user_authorized()
