from __future__ import annotations

import asyncio

import pytest
from people import People, listen
from telethon import events, functions, types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import TelegramWorld, User, peer_of


async def test_waiting_ends_with_the_change_that_was_waited_for(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    client = await people.client(ada)
    waiting = asyncio.create_task(world.wait_for(lambda: len(world.messages_between(bob, ada)) == 2, timeout=5))
    await client.send_message("bob", "one")
    assert not waiting.done()
    await client.send_message("bob", "two")
    await waiting


async def test_waiting_for_what_does_not_happen_ends_too(world: TelegramWorld) -> None:
    with pytest.raises(TimeoutError):
        await world.wait_for(lambda: False, timeout=0.01)


async def test_what_is_done_from_python_reaches_the_accounts_own_devices(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    client = await people.client(ada)
    heard = listen(client, events.NewMessage)
    first = world.send_text(ada, bob, "from elsewhere", silent=True)
    world.send_text(bob, ada, "yes?", reply_to=first, quote="else")
    outgoing, incoming = await heard.count(2)
    assert (outgoing.out, outgoing.message.silent, outgoing.id) == (True, True, first.id_for(ada.id))
    assert incoming.message.reply_to.reply_to_msg_id == first.id_for(ada.id)
    assert incoming.message.reply_to.quote_text == "else"


async def test_python_is_refused_what_telegram_refuses(world: TelegramWorld, ada: User, bob: User) -> None:
    with pytest.raises(RpcError, match="MESSAGE_TOO_LONG"):
        world.send_text(ada, bob, "x" * 4097)
    with pytest.raises(RpcError, match="MESSAGE_EMPTY"):
        world.send_text(ada, bob, "")
    with pytest.raises(ValueError, match=str(ada.id)):
        world.add_user("Impostor", user_id=ada.id)


async def test_any_request_can_be_made_in_an_accounts_name(world: TelegramWorld, ada: User, bob: User) -> None:
    found = world.perform(ada, functions.contacts.ResolveUsernameRequest("bob"))
    assert found.peer == types.PeerUser(bob.id)


async def test_unread_counts_are_told_by_chat(world: TelegramWorld, ada: User, bob: User, eve: User) -> None:
    group = world.add_group("Trip", eve, ada)
    world.send_text(bob, ada, "1")
    world.send_text(bob, ada, "2")
    world.send_text(eve, group, "3")
    world.send_text(ada, eve, "4")
    assert world.unread(ada) == {bob.id: 2, group.peer: 2}  # the group's note of its founding is one
    world.read(ada, group)
    assert world.unread(ada) == {bob.id: 2}
    assert peer_of(group) == group.peer == -group.id


def test_the_same_seed_makes_the_same_world() -> None:
    def codes(seed: int) -> tuple[list[int], int]:
        world = TelegramWorld(seed=seed)
        users = [world.add_user(name) for name in "AB"]
        return [user.id for user in users], world.secret("access", users[0].id, users[1].id)

    assert codes(1) == codes(1)
    assert codes(1) != codes(2)
