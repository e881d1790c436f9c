from __future__ import annotations

import asyncio

import pytest
from telethon import events
from telethon.tl import functions, types
from wire_desk import PlainSight, Weighed, typing

ADA, BOB = 1001, 1002


def listen(client) -> asyncio.Queue:
    """Every typing update that a client hears of, by who types."""
    heard: asyncio.Queue[int] = asyncio.Queue()

    async def note(update):
        heard.put_nowait(update.user_id)

    client.add_event_handler(note, events.Raw(types.UpdateUserTyping))
    return heard


async def test_an_update_reaches_every_key_of_its_account_and_no_other(server, new_client):
    phone, laptop, bob = [listen(await new_client(user_id=who)) for who in (ADA, ADA, BOB)]
    server.push(ADA, typing(7))
    server.push(BOB, typing(8))
    async with asyncio.timeout(60):
        assert [await phone.get(), await laptop.get(), await bob.get()] == [7, 7, 8]
    assert phone.empty()
    assert laptop.empty()


async def test_an_update_reaches_every_connection_of_a_key(server):
    link = server.create_auth_key(ADA)
    async with (
        PlainSight(link.auth_key, server.address, link.salt) as one,
        PlainSight(link.auth_key, server.address, link.salt) as two,
    ):
        for raw in (one, two):
            await raw.answer(await raw.send(functions.account.UpdateStatusRequest(offline=False)))
        link.push(typing(7))
        assert [(await raw.next(types.UpdateShort)).obj.update.user_id for raw in (one, two)] == [7, 7]


async def test_the_sender_of_an_update_can_be_left_out(server, new_client, tmp_path):
    path = tmp_path / "phone.session"
    phone_link = server.create_session_file(path, ADA)
    phone, laptop = listen(await new_client(path=path)), listen(await new_client())
    server.push(ADA, typing(7), except_link=phone_link)
    server.push(ADA, typing(8))
    async with asyncio.timeout(60):
        assert await phone.get() == 8
        assert [await laptop.get(), await laptop.get()] == [7, 8]


async def test_a_client_that_wants_no_updates_gets_none(server, raw):
    wants_none = functions.InvokeWithoutUpdatesRequest(functions.account.UpdateStatusRequest(offline=False))
    await raw.answer(await raw.send(wants_none))
    server.push(ADA, typing(7))
    await raw.send(functions.PingRequest(1))
    kinds = []
    while types.Pong not in kinds:
        kinds.append(type((await raw.next()).obj))
    assert types.UpdateShort not in kinds


async def test_a_client_that_comes_back_gets_updates_from_its_first_ping(server):
    link = server.create_auth_key(ADA)
    async with PlainSight(link.auth_key, server.address, link.salt) as raw:
        await raw.answer(await raw.send(functions.account.UpdateStatusRequest(offline=False)))
    async with PlainSight(link.auth_key, server.address, link.salt) as raw:
        await raw.send(functions.PingRequest(1))
        await raw.next(types.Pong)
        link.push(typing(7))
        await raw.next(types.UpdateShort)


async def test_nothing_is_kept_for_a_key_without_a_connection(server):
    link = server.create_auth_key(ADA)
    async with PlainSight(link.auth_key, server.address, link.salt) as raw:
        await raw.answer(await raw.send(functions.account.UpdateStatusRequest(offline=False)))
        link.close()
        await raw.until_hung_up()
    link.push(typing(7))
    async with PlainSight(link.auth_key, server.address, link.salt) as raw:
        await raw.send(functions.PingRequest(1))
        await raw.next(types.Pong)
        link.push(typing(8))
        assert (await raw.next(types.UpdateShort)).obj.update.user_id == 8


async def test_an_update_that_a_dying_connection_did_not_carry_is_lost(server):
    link = server.create_auth_key(ADA)
    async with PlainSight(link.auth_key, server.address, link.salt) as raw:
        await raw.answer(await raw.send(functions.account.UpdateStatusRequest(offline=False)))
        link.push(typing(7))
        link.close()
        await raw.until_hung_up()
    async with PlainSight(link.auth_key, server.address, link.salt) as again:
        again.state.id = raw.state.id
        await again.send(functions.PingRequest(1))
        assert isinstance((await again.next()).obj, types.Pong)


async def test_large_updates_travel_gzipped_and_arrive(server, new_client):
    client = await new_client(connection=Weighed)
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def note(update):
        heard.put_nowait(update.message)

    client.add_event_handler(note, events.Raw(types.UpdateServiceNotification))
    notice = types.UpdateServiceNotification("t", "word " * 1_000, types.MessageMediaEmpty(), [])
    server.push(ADA, types.UpdateShort(notice, None))
    async with asyncio.timeout(60):
        assert await heard.get() == "word " * 1_000
    assert max(client._sender._connection.received) < 1_000


async def test_an_update_that_is_not_wrapped_is_a_mistake_of_the_caller(server):
    link = server.create_auth_key(ADA)
    with pytest.raises(TypeError, match="UpdateUserTyping must be wrapped"):
        link.push(types.UpdateUserTyping(7, types.SendMessageTypingAction()))
