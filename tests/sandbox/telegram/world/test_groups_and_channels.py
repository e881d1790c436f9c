from __future__ import annotations

from pathlib import Path

import pytest
from people import People, listen
from pictures import named, png
from telethon import errors, events, functions, types

from jobs.sandbox.telegram.world import Channel, Group, TelegramWorld, User


@pytest.fixture
def group(world: TelegramWorld, ada: User, bob: User) -> Group:
    return world.add_group("Trip", ada, bob)


@pytest.fixture
def channel(world: TelegramWorld, ada: User, bob: User) -> Channel:
    return world.add_channel("News", ada, bob, username="the_news")


@pytest.fixture
def club(world: TelegramWorld, ada: User, bob: User) -> Channel:
    return world.add_channel("Club", ada, bob, megagroup=True)


async def test_each_member_of_a_group_has_a_copy_under_its_own_id(
    people: People, group: Group, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    sent = await from_ada.send_message(group.peer, "where to?")
    [event] = await heard.count(1)
    assert (event.chat_id, event.sender_id, event.is_group) == (group.peer, ada.id, True)
    assert event.message.id != sent.id
    reply = await event.reply("north")
    assert reply.reply_to_msg_id == event.message.id
    assert (await from_ada.get_messages(group.peer, limit=1))[0].reply_to_msg_id == sent.id


async def test_a_group_is_founded_joined_renamed_and_left_with_notes(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    from_ada, from_bob, from_eve = [await people.client(user) for user in (ada, bob, eve)]
    heard = listen(from_bob, events.ChatAction)
    made = await from_ada(functions.messages.CreateChatRequest(["bob"], "Trip"))
    chat_id = made.updates.chats[0].id
    await heard.count(1)
    await from_ada(functions.messages.AddChatUserRequest(chat_id, "eve", 0))
    await from_ada(functions.messages.EditChatTitleRequest(chat_id, "Journey"))
    await from_eve.delete_dialog(-chat_id)
    actions = await heard.count(4)
    assert [a.created or a.user_added or a.new_title or a.user_left for a in actions] == [True, True, "Journey", True]
    with pytest.raises(errors.ChatWriteForbiddenError):
        await from_eve.send_message(-chat_id, "too late")
    full = await from_bob(functions.messages.GetFullChatRequest(chat_id))
    assert {p.user_id for p in full.full_chat.participants.participants} == {ada.id, bob.id}
    assert (await from_bob.get_entity(-chat_id)).title == "Journey"


async def test_who_was_not_yet_in_a_group_does_not_get_what_was_said(
    people: People, world: TelegramWorld, group: Group, ada: User, eve: User
) -> None:
    world.send_text(ada, group, "before")
    from_ada, from_eve = await people.client(ada), await people.client(eve)
    with pytest.raises(errors.PeerIdInvalidError):
        await from_eve.send_message(types.InputPeerChat(group.id), "let me in")
    await from_ada(functions.messages.AddChatUserRequest(group.id, "eve", 0))
    world.send_text(ada, group, "after")
    assert [m.raw_text async for m in from_eve.iter_messages(group.peer) if m.raw_text] == ["after"]


async def test_a_group_message_says_whom_it_mentions(
    people: People, world: TelegramWorld, group: Group, ada: User, bob: User
) -> None:
    from_bob = await people.client(bob)
    await from_bob.get_dialogs()
    own = world.send_text(bob, group, "I think so")
    world.send_text(ada, group, "@bob: really?")
    world.send_text(ada, group, "yes", reply_to=own)
    world.send_text(ada, group, "anyway")
    latest = await from_bob.get_messages(group.peer, limit=3)
    assert [m.mentioned for m in latest] == [False, True, True]
    assert (await from_bob.get_dialogs())[0].unread_mentions_count == 2


async def test_reading_a_group_is_seen_by_those_who_wrote(
    people: People, world: TelegramWorld, group: Group, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    await from_bob.get_dialogs()
    heard = listen(from_ada, events.MessageRead)
    said = world.send_text(ada, group, "x")
    await from_bob.send_read_acknowledge(group.peer)
    [event] = await heard.count(1)
    assert (event.chat_id, event.max_id) == (group.peer, said.ids[ada.id])
    assert group.peer not in world.unread(bob)


async def test_a_voice_note_in_a_group_is_heard_by_each_on_their_own(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    group = world.add_group("Choir", ada, bob, eve)
    from_ada, from_bob, from_eve = [await people.client(user) for user in (ada, bob, eve)]
    voice = [types.DocumentAttributeAudio(1, voice=True)]
    await from_ada.send_file(group.peer, named(b"OggS", "v.ogg"), voice_note=True, attributes=voice)
    [received] = await from_bob.get_messages(group.peer, limit=1)
    await from_bob(functions.messages.ReadMessageContentsRequest([received.id]))
    assert [(await c.get_messages(group.peer, limit=1))[0].media_unread for c in (from_bob, from_eve)] == [False, True]


async def test_only_ones_own_messages_are_deleted_for_all_unless_one_is_admin(
    people: People, world: TelegramWorld, group: Group, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    by_ada, by_bob = world.send_text(ada, group, "a"), world.send_text(bob, group, "b")
    with pytest.raises(errors.MessageDeleteForbiddenError):
        await from_bob.delete_messages(None, by_ada.ids[bob.id])
    await from_ada.delete_messages(None, by_bob.ids[ada.id])
    assert by_bob.ids == {}


async def test_a_channel_speaks_with_its_own_voice_to_all_its_members(
    people: People, channel: Channel, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    sent = await from_ada.send_message("the_news", "headline")
    [event] = await heard.count(1)
    assert (event.id, event.chat_id, event.sender_id) == (sent.id, channel.peer, channel.peer)
    assert (event.message.post, event.message.from_id, event.message.views) == (True, None, 1)
    assert event.is_channel
    assert not event.is_group
    with pytest.raises(errors.ChatWriteForbiddenError):
        await from_bob.send_message("the_news", "my opinion")


async def test_supergroup_members_speak_for_themselves(people: People, club: Channel, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    await from_bob.get_dialogs()
    heard = listen(from_ada, events.NewMessage, events.UserUpdate)
    async with from_bob.action(club.peer, "typing"):
        await heard.count(1)
    await from_bob.send_message(club.peer, "hello club")
    await heard.until(lambda: isinstance(heard.events[-1], events.NewMessage.Event))
    assert (heard.events[0].user_id, heard.events[0].chat_id) == (bob.id, club.peer)
    event = heard.events[-1]
    assert (event.sender_id, event.is_group, event.raw_text) == (bob.id, True, "hello club")


async def test_a_channel_has_a_pts_of_its_own_and_can_be_caught_up(
    people: People, world: TelegramWorld, channel: Channel, ada: User, bob: User
) -> None:
    before = await people.client(bob)
    path = before.session.filename
    await before.get_dialogs()
    heard = listen(before, events.NewMessage)
    world.send_text(ada, channel, "seen")
    await heard.count(1)
    await before.disconnect()
    account_pts = bob.mailbox.pts
    for number in range(3):
        world.send_text(ada, channel, f"missed {number}")
    assert bob.mailbox.pts == account_pts
    again = await people.client(path=Path(path), catch_up=True)
    heard = listen(again, events.NewMessage)
    await heard.count(3)
    world.send_text(ada, channel, "live")
    await heard.count(4)
    assert [e.raw_text for e in heard.events] == ["missed 0", "missed 1", "missed 2", "live"]


async def test_a_channel_difference_has_edits_and_deletions_and_comes_in_pages(
    people: People, world: TelegramWorld, channel: Channel, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    entity = await from_bob.get_input_entity("the_news")
    pts = channel.mailbox.pts
    posts = [world.send_text(ada, channel, str(n)) for n in range(3)]
    ids = [post.ids[channel.peer] for post in posts]
    await from_ada.edit_message("the_news", ids[0], "zero")
    await from_ada.delete_messages("the_news", ids[1])

    async def difference(since: int, limit: int = 100) -> object:
        nothing = types.ChannelMessagesFilterEmpty()
        return await from_bob(functions.updates.GetChannelDifferenceRequest(entity, nothing, since, limit))

    first = await difference(pts, limit=2)
    assert (first.final, [m.message for m in first.new_messages]) == (False, ["zero"])
    rest = await difference(first.pts)
    assert (rest.final, [m.message for m in rest.new_messages]) == (True, ["2"])
    assert [type(u) for u in rest.other_updates] == [types.UpdateEditChannelMessage, types.UpdateDeleteChannelMessages]
    assert rest.other_updates[1].messages == [ids[1]]
    assert isinstance(await difference(rest.pts), types.updates.ChannelDifferenceEmpty)
    world.settings.channel_difference_too_long = 2
    too_long = await difference(pts)
    assert isinstance(too_long, types.updates.ChannelDifferenceTooLong)
    assert too_long.dialog.pts == channel.mailbox.pts
    assert too_long.messages[0].message == "2"


async def test_channels_are_joined_by_name_read_and_left(
    people: People, world: TelegramWorld, channel: Channel, ada: User, eve: User
) -> None:
    world.send_text(ada, channel, "old")
    client = await people.client(eve)
    await client(functions.channels.JoinChannelRequest("the_news"))
    assert world.unread(eve) == {}
    heard = listen(client, events.NewMessage)
    post = world.send_text(ada, channel, "new")
    await heard.count(1)
    assert world.unread(eve) == {channel.peer: 1}
    [dialog] = await client.get_dialogs()
    assert (dialog.id, dialog.unread_count, dialog.message.id) == (channel.peer, 1, post.ids[channel.peer])
    await client.send_read_acknowledge("the_news")
    assert world.unread(eve) == {}
    assert [m.raw_text async for m in client.iter_messages("the_news", search="ol")] == ["old"]
    await client.delete_dialog("the_news")
    assert await client.get_dialogs() == []


async def test_a_private_channel_is_entered_by_invitation_alone(
    people: People, club: Channel, ada: User, eve: User
) -> None:
    from_ada, from_eve = await people.client(ada), await people.client(eve)
    await from_ada.get_dialogs()
    [hers] = [await from_ada.get_input_entity(club.peer)]
    with pytest.raises(errors.ChannelInvalidError):
        await from_eve(functions.channels.JoinChannelRequest(hers))
    invite = await from_ada(functions.messages.ExportChatInviteRequest(club.peer))
    invite_hash = invite.link.partition("+")[2]
    shown = await from_eve(functions.messages.CheckChatInviteRequest(invite_hash))
    assert (shown.title, shown.megagroup, shown.participants_count) == ("Club", True, 2)
    joined = await from_eve(functions.messages.ImportChatInviteRequest(invite_hash))
    [shown] = joined.updates.chats
    assert shown.id == club.id
    await from_eve.send_message(shown, "here I am")
    known = await from_eve(functions.messages.CheckChatInviteRequest(invite_hash))
    assert isinstance(known, types.ChatInviteAlready)
    with pytest.raises(errors.InviteHashExpiredError):
        await from_eve(functions.messages.CheckChatInviteRequest("nonsense"))


async def test_whoever_is_banned_sees_and_says_nothing_more(
    people: People, club: Channel, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    await from_ada.get_dialogs()
    await from_bob.get_dialogs()
    await from_ada.edit_permissions(club.peer, "bob", view_messages=False)
    for action in (from_bob.send_message(club.peer, "x"), from_bob.get_messages(club.peer)):
        with pytest.raises(errors.ChannelPrivateError):
            await action
    assert bob.id not in club.members


async def test_whoever_left_a_private_channel_is_outside(people: People, club: Channel, bob: User) -> None:
    client = await people.client(bob)
    await client.get_dialogs()
    [shown] = [await client.get_input_entity(club.peer)]
    await client.delete_dialog(club.peer)
    for request in (
        functions.channels.JoinChannelRequest(shown),
        functions.messages.GetHistoryRequest(shown, 0, None, 0, 1, 0, 0, 0),
    ):
        with pytest.raises(errors.ChannelPrivateError):
            await client(request)


async def test_members_are_listed_and_admins_can_be_named(people: People, club: Channel, ada: User, bob: User) -> None:
    client = await people.client(ada)
    await client.get_dialogs()
    assert {user.id async for user in client.iter_participants(club.peer)} == {ada.id, bob.id}
    await client.edit_admin(club.peer, "bob", is_admin=True)
    permissions = await client.get_permissions(club.peer, "bob")
    assert permissions.is_admin
    full = await client(functions.channels.GetFullChannelRequest(club.peer))
    assert (full.full_chat.participants_count, full.full_chat.admins_count) == (2, 2)


async def test_photos_and_reactions_work_in_channels_too(
    people: People, world: TelegramWorld, channel: Channel, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    sent = await from_ada.send_file("the_news", named(png(30, 20), "a.png"), caption="see")
    [post] = await from_bob.get_messages("the_news", limit=1)
    assert await post.download_media(bytes) == png(30, 20)
    heart = types.ReactionEmoji("❤")
    await from_bob(functions.messages.SendReactionRequest("the_news", post.id, reaction=[heart]))
    [post] = await from_ada.get_messages("the_news", limit=1)
    assert (post.id, post.reactions.results[0].count) == (sent.id, 1)
    forwarded = await from_bob.forward_messages("me", post.id, "the_news")
    assert forwarded.fwd_from.from_id == types.PeerChannel(channel.id)
    assert forwarded.fwd_from.channel_post == post.id


async def test_a_channel_is_made_named_and_pinned_in_by_its_owner(people: People, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    made = await from_ada(functions.channels.CreateChannelRequest("Blog", "thoughts", broadcast=True))
    mine = made.chats[0]
    await from_ada(functions.channels.UpdateUsernameRequest(mine, "adas_blog"))
    await from_ada(functions.channels.EditTitleRequest(mine, "Ada's blog"))
    post = await from_ada.send_message(mine, "first post")
    await from_ada.pin_message(mine, post)
    seen = await from_bob.get_entity("adas_blog")
    assert (seen.title, seen.broadcast, seen.left) == ("Ada's blog", True, True)
    assert (await from_bob.get_messages("adas_blog", ids=post.id)).pinned
    with pytest.raises(errors.ChatAdminRequiredError):
        await from_bob.pin_message("adas_blog", post)
