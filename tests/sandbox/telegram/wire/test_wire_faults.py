from __future__ import annotations

import asyncio

import pytest
from telethon import TelegramClient, events
from telethon.errors import AuthKeyUnregisteredError, FloodWaitError, PeerFloodError, ServerError
from telethon.tl import functions, types
from wire_desk import PlainSight, send, typing

from jobs.sandbox.telegram.calls import Outcome
from jobs.sandbox.telegram.faults import (
    Delay,
    DropConnection,
    DropUpdate,
    LoseAnswer,
    Refuse,
    Reorder,
)

ADA, BOB = 1001, 1002
SEND = "messages.sendMessage"
STATUS = functions.account.UpdateStatusRequest(offline=False)


def outcomes(server) -> list[Outcome]:
    return [record.outcome for record in server.calls.of(SEND)]


async def test_a_lost_answer_is_asked_for_again_with_the_same_random_id(desk, server, new_client):
    client = await new_client()
    server.faults.add(LoseAnswer(disconnect=True), SEND)
    async with asyncio.timeout(60):
        await client(send("hello", random_id=77))
    assert outcomes(server) == [Outcome.LOST, Outcome.ANSWERED]
    assert [record.request.random_id for record in server.calls.of(SEND)] == [77, 77]
    assert desk.texts == {77: "hello"}
    assert desk.runs == 2


async def test_a_lost_answer_is_there_for_who_asks_with_the_same_message_id(desk, server, raw):
    server.faults.add(LoseAnswer(), SEND)
    msg_id = await raw.send(send("hello", 1))
    await server.calls.wait_for(SEND)
    await raw.send(send("hello", 1), msg_id=msg_id)
    assert isinstance(await raw.result(msg_id), types.UpdateShortSentMessage)
    assert outcomes(server) == [Outcome.LOST]
    assert desk.runs == 1


async def test_a_connection_dropped_before_the_call_leaves_it_unhandled_until_it_comes_again(desk, server, new_client):
    client = await new_client()
    rule = server.faults.add(DropConnection(), SEND)
    async with asyncio.timeout(60):
        await client(send("hello", 1))
    assert outcomes(server) == [Outcome.DROPPED, Outcome.ANSWERED]
    assert (desk.runs, rule.hits) == (1, 1)


async def test_a_call_whose_connection_was_dropped_may_come_again_with_its_message_id(desk, server):
    link = server.create_auth_key(ADA)
    server.faults.add(DropConnection(), SEND)
    async with PlainSight(link.auth_key, server.address, link.salt) as raw:
        msg_id = await raw.send(send("hello", 1))
        await raw.until_hung_up()
    assert desk.runs == 0
    async with PlainSight(link.auth_key, server.address, link.salt) as again:
        again.state.id = raw.state.id
        await again.send(send("hello", 1), msg_id=msg_id)
        await again.result(msg_id)
    assert desk.runs == 1


async def test_a_connection_can_be_dropped_right_after_the_answer(desk, server, raw):
    server.faults.add(DropConnection(answered=True), SEND)
    msg_id = await raw.send(send("hello", 1))
    assert isinstance(await raw.result(msg_id), types.UpdateShortSentMessage)
    await raw.until_hung_up()
    assert outcomes(server) == [Outcome.ANSWERED]


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refuse(420, "FLOOD_WAIT_3000"), FloodWaitError),
        (Refuse(400, "PEER_FLOOD"), PeerFloodError),
        (Refuse(401, "AUTH_KEY_UNREGISTERED"), AuthKeyUnregisteredError),
    ],
)
async def test_a_refusal_reaches_the_caller_and_nothing_is_handled(desk, server, new_client, refusal, error):
    client = await new_client()
    server.faults.add(refusal, SEND)
    with pytest.raises(error) as raised:
        await client(send("hello", 1))
    assert getattr(raised.value, "seconds", 3000) == 3000
    assert [(r.outcome, r.error) for r in server.calls.of(SEND)] == [(Outcome.REFUSED, refusal.message)]
    assert desk.runs == 0


async def test_a_server_error_can_be_played(server, new_client):
    client = await new_client()
    server.faults.add(Refuse(500, "RPC_CALL_FAIL"), SEND)
    with pytest.raises(ServerError):
        await client._sender.send(send("hello", 1))


async def test_a_call_can_be_held_before_it_is_handled(desk, server, new_client):
    client = await new_client()
    go = asyncio.Event()
    rule = server.faults.add(Delay(go), SEND)
    sending = asyncio.ensure_future(client(send("hello", 1)))
    await rule.struck()
    await client(STATUS)
    assert (desk.runs, sending.done()) == (0, False)
    go.set()
    await asyncio.wait_for(sending, 5)
    assert desk.runs == 1


async def test_an_answer_can_be_held_after_its_call_was_handled(desk, server, new_client):
    client = await new_client()
    go = asyncio.Event()
    rule = server.faults.add(Delay(go, handled=True), SEND)
    sending = asyncio.ensure_future(client(send("hello", 1)))
    await rule.struck()
    await client(STATUS)
    assert (desk.runs, sending.done()) == (1, False)
    go.set()
    await asyncio.wait_for(sending, 5)


async def test_a_delay_can_be_a_number_of_seconds(server, new_client):
    client = await new_client()
    server.faults.add(Delay(0.05), SEND)
    await client(send("hello", 1))
    (record,) = server.calls.of(SEND)
    assert record.duration is not None
    assert record.duration >= 0.05


async def test_an_answer_can_come_after_the_next_one(server, raw):
    server.faults.add(Reorder(), SEND)
    held = await raw.send(send("hello", 1))
    other = await raw.send(STATUS)
    order = []
    while len(order) < 2:
        answered = getattr((await raw.next()).obj, "req_msg_id", None)
        order += [answered] if answered else []
    assert order == [other, held]


async def typists(server, raw, *pushed: int, count: int) -> list[int]:
    """Who is heard typing after some typed, on a connection that listens."""
    for user_id in pushed:
        server.push(ADA, typing(user_id))
    return [(await raw.next(types.UpdateShort)).obj.update.user_id for _ in range(count)]


async def test_an_update_can_come_after_the_next_one(server, raw):
    await raw.answer(await raw.send(STATUS))
    server.faults.add(Reorder(), "UpdateUserTyping")
    assert await typists(server, raw, 1, 2, 3, count=3) == [2, 1, 3]


async def test_an_update_can_be_lost(server, raw):
    await raw.answer(await raw.send(STATUS))
    server.faults.add(DropUpdate(), "UpdateShort", predicate=lambda update: update.update.user_id == 2)
    assert await typists(server, raw, 1, 2, 3, count=2) == [1, 3]


async def test_an_update_can_be_held(server, raw):
    await raw.answer(await raw.send(STATUS))
    go = asyncio.Event()
    server.faults.add(Delay(go), "Update*")
    assert await typists(server, raw, 1, 2, count=1) == [2]
    go.set()
    assert await typists(server, raw, count=1) == [1]


async def test_a_held_update_does_not_outlive_the_server(server, raw):
    await raw.answer(await raw.send(STATUS))
    server.faults.add(Delay(asyncio.Event()), "Update*")
    server.push(ADA, typing(1))


async def test_a_rule_strikes_as_often_as_it_was_told(desk, server, new_client):
    client = await new_client()
    rule = server.faults.add(Refuse(400, "PEER_FLOOD"), "messages.*", times=2)
    for random_id in (1, 2):
        with pytest.raises(PeerFloodError):
            await client(send("hello", random_id))
    await client(send("hello", 3))
    assert (rule.hits, list(desk.texts)) == (2, [3])


async def test_a_rule_without_end_strikes_until_it_is_taken_back(desk, server, new_client):
    client = await new_client()
    rule = server.faults.add(Refuse(400, "PEER_FLOOD"), "SendMessageRequest", times=None)
    for random_id in range(5):
        with pytest.raises(PeerFloodError):
            await client(send("hello", random_id))
    server.faults.remove(rule)
    await client(send("hello", 9))
    assert list(desk.texts) == [9]


async def test_a_rule_can_be_for_one_account_and_for_some_calls(desk, server, new_client):
    ada, bob = await new_client(user_id=ADA), await new_client(user_id=BOB)
    server.faults.add(Refuse(400, "PEER_FLOOD"), SEND, user_id=BOB, predicate=lambda request: "spam" in request.message)
    await ada(send("spam of ada", 1))
    await bob(send("ham of bob", 2))
    with pytest.raises(PeerFloodError):
        await bob(send("spam of bob", 3))
    assert list(desk.texts.values()) == ["spam of ada", "ham of bob"]


async def test_a_fault_of_calls_spares_updates_and_the_other_way_round(desk, server, raw):
    await raw.answer(await raw.send(STATUS))
    lost = server.faults.add(DropUpdate())
    refused = server.faults.add(Refuse(400, "PEER_FLOOD"))
    answer = await raw.answer(await raw.send(STATUS))
    assert (answer.error.error_message, lost.hits, refused.hits) == ("PEER_FLOOD", 0, 1)
    assert await typists(server, raw, 1, 2, count=1) == [2]
    assert (lost.hits, refused.hits) == (1, 1)


async def test_clearing_the_plan_ends_every_fault(desk, server, new_client):
    client = await new_client()
    server.faults.add(Refuse(400, "PEER_FLOOD"), times=None)
    server.faults.clear()
    await client(send("hello", 1))
    assert desk.runs == 1


async def test_clients_come_back_after_every_connection_was_dropped(desk, server, new_client):
    ada, bob = await new_client(user_id=ADA), await new_client(user_id=BOB)
    assert server.drop_connections() == 2
    async with asyncio.timeout(60):
        await asyncio.gather(ada(send("a", 1)), bob(send("b", 2)))
    assert desk.texts == {1: "a", 2: "b"}


async def test_the_connections_of_one_account_can_be_dropped(server, new_client):
    await new_client(user_id=ADA), await new_client(user_id=BOB)
    assert server.drop_connections(BOB) == 1
    assert server.drop_connections(3) == 0


async def test_a_paused_server_drops_and_refuses_connections_and_keeps_its_port(desk, server, new_client, raw):
    client = await new_client()
    port = server.port
    await server.pause()
    await raw.until_hung_up()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*server.address)
    sending = asyncio.ensure_future(client(send("hello", 1)))
    await server.resume()
    assert server.port == port
    await asyncio.wait_for(sending, 5)
    assert desk.texts == {1: "hello"}


async def test_everything_is_handled_once_while_connections_drop_at_random(desk, server, new_client):
    client = await new_client()
    async with server.random_drops(every=0.01, seed=1) as drops:
        async with asyncio.timeout(60):
            random_id = 0
            while drops.count < 10:
                random_id += 1
                await client(send(str(random_id), random_id))
    assert list(desk.texts.values()) == [str(n) for n in range(1, random_id + 1)]


async def test_updates_flow_again_after_a_drop(server, new_client):
    client: TelegramClient = await new_client()
    heard: asyncio.Queue[int] = asyncio.Queue()

    async def note(update):
        heard.put_nowait(update.user_id)

    client.add_event_handler(note, events.Raw(types.UpdateUserTyping))
    server.drop_connections(ADA)
    async with asyncio.timeout(60):
        await client(STATUS)
        server.push(ADA, typing(7))
        assert await heard.get() == 7
