"""Chats that close behind an account, or go on elsewhere."""

from __future__ import annotations

import pytest
from people import People, listen
from telethon import errors, events, functions, types

from jobs.sandbox.telegram.world import Channel, Group, TelegramWorld, User


@pytest.fixture
def club(world: TelegramWorld, ada: User, bob: User) -> Channel:
    return world.add_channel("Club", ada, bob, megagroup=True)


@pytest.fixture
def group(world: TelegramWorld, ada: User, bob: User) -> Group:
    return world.add_group("Trip", ada, bob)


async def test_a_channel_that_its_owner_deletes_is_private_to_everybody_and_its_name_is_free(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    world.add_channel("News", ada, bob, username="the_news")
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.Raw(types.UpdateChannel))
    news = await from_bob.get_input_entity("the_news")
    with pytest.raises(errors.ChatAdminRequiredError):
        await from_bob(functions.channels.DeleteChannelRequest(news))
    await from_ada(functions.channels.DeleteChannelRequest("the_news"))
    await heard.count(1)
    with pytest.raises(errors.ChannelPrivateError):
        await from_bob.get_messages(news)
    assert await from_bob.get_dialogs() == []
    with pytest.raises(errors.UsernameNotOccupiedError):
        await from_bob(functions.contacts.ResolveUsernameRequest("the_news"))


async def test_who_is_banned_hears_of_it_and_finds_the_invite_link_expired(
    people: People, world: TelegramWorld, club: Channel, bob: User
) -> None:
    client = await people.client(bob)
    heard = listen(client, events.Raw(types.UpdateChannel))
    world.ban(bob, club)
    [update] = await heard.count(1)
    assert update.channel_id == club.id
    for request in (functions.messages.CheckChatInviteRequest, functions.messages.ImportChatInviteRequest):
        with pytest.raises(errors.InviteHashExpiredError):
            await client(request(club.invite_hash))


async def test_who_comes_by_an_invite_link_where_admins_decide_has_to_wait(
    people: People, club: Channel, eve: User
) -> None:
    club.join_by_request = True
    client = await people.client(eve)
    shown = await client(functions.messages.CheckChatInviteRequest(club.invite_hash))
    assert (shown.title, shown.request_needed) == ("Club", True)
    with pytest.raises(errors.InviteRequestSentError):
        await client(functions.messages.ImportChatInviteRequest(club.invite_hash))
    assert eve.id not in club.members


async def test_a_group_that_becomes_a_supergroup_says_where_it_went_and_takes_no_more_words(
    people: People, world: TelegramWorld, group: Group, ada: User, bob: User
) -> None:
    world.send_text(ada, group, "before")
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    with pytest.raises(errors.ChatAdminRequiredError):
        await from_bob(functions.messages.MigrateChatRequest(group.id))
    await from_ada(functions.messages.MigrateChatRequest(group.id))
    channel = group.migrated_to
    assert channel is not None
    [last, *_] = await from_bob.get_messages(group.peer, limit=5)
    assert last.action == types.MessageActionChatMigrateTo(channel.id)
    [shown] = (await from_bob(functions.messages.GetChatsRequest([group.id]))).chats
    assert (shown.deactivated, shown.migrated_to.channel_id) == (True, channel.id)
    with pytest.raises(errors.ChatWriteForbiddenError):
        await from_bob.send_message(group.peer, "too late")
    await from_bob.get_dialogs()
    world.send_text(ada, channel, "after")
    assert (await from_bob.get_messages(channel.peer, limit=1))[0].raw_text == "after"


async def test_what_is_done_to_posts_from_python_looks_as_if_their_author_did_it(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    channel = world.add_channel("News", ada, bob, username="the_news")
    client = await people.client(bob)
    heard = listen(client, events.NewMessage, events.MessageEdited, events.MessageDeleted)
    album = world.send_album(ada, channel, "see", "")
    first, second = await heard.count(2)
    assert first.message.grouped_id == second.message.grouped_id
    assert (first.raw_text, bool(first.photo), second.raw_text) == ("see", True, "")
    world.edit_text(album[0], "look")
    world.delete(album[1])
    _, _, edited, deleted = await heard.count(4)
    assert (edited.id, edited.raw_text, deleted.deleted_ids) == (first.id, "look", [second.id])
