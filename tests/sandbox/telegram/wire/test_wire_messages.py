from __future__ import annotations

import asyncio
import time

import pytest
from telethon import TelegramClient
from telethon.errors import ServerError
from telethon.tl import functions, types
from telethon.tl.core import GzipPacked, RpcResult
from wire_desk import Desk, PlainSight, Weighed, send, typing

from jobs.sandbox.telegram.calls import Outcome
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.wire.envelope import MessageIds, Residue

ADA = 1001


async def test_requests_in_one_container_are_each_answered(desk, server, new_client):
    client = await new_client()
    answers = await client([send(f"message {n}", random_id=n) for n in range(20)])
    assert [a.id for a in answers] == list(range(1, 21))
    assert list(desk.texts.values()) == [f"message {n}" for n in range(20)]


async def test_requests_sent_at_once_are_answered_in_one_packet(new_client):
    client = await new_client(connection=Weighed)
    weighed = client._sender._connection
    before = len(weighed.received)
    await client([send(f"message {n}", random_id=n) for n in range(20)])
    assert len(weighed.received) - before == 1


async def test_large_requests_and_answers_travel_gzipped(desk, new_client):
    client = await new_client(connection=Weighed)
    weighed = client._sender._connection
    await client(send("long " * 2_000, random_id=1))
    assert (await client(functions.help.GetSupportNameRequest())).name == "long " * 2_000
    assert max(weighed.sent) < 1_000
    assert max(weighed.received) < 1_000


async def test_a_container_may_hold_gzip(desk, raw):
    inner = b""
    for n in (1, 2):
        body = bytes(GzipPacked(bytes(send("packed " * 100 + str(n), random_id=n))))
        msg_id = raw.state._get_new_msg_id()
        inner += msg_id.to_bytes(8, "little") + bytes(4) + len(body).to_bytes(4, "little") + body
    await raw.send_bytes((0x73F1F8DC).to_bytes(4, "little") + (2).to_bytes(4, "little") + inner)
    await raw.answer(msg_id)
    assert [text[-1] for text in desk.texts.values()] == ["1", "2"]


async def test_a_client_starts_without_the_salt_and_is_told_it(server, new_client):
    client = await new_client()
    (link,) = server.links(ADA)
    assert link.salt != 0
    assert client._sender._state.salt == link.salt


async def test_a_message_with_a_wrong_salt_is_not_run(desk, raw):
    right, raw.state.salt = raw.state.salt, 12345
    msg_id = await raw.send(send("hello", 1))
    bad = (await raw.next(types.BadServerSalt)).obj
    assert (bad.bad_msg_id, bad.error_code, bad.new_server_salt) == (msg_id, 48, right)
    assert desk.runs == 0


@pytest.mark.parametrize(("skew", "code"), [(-1_000, 16), (1_000, 17)])
async def test_a_message_of_another_time_is_refused_and_not_run(desk, raw, skew, code):
    msg_id = int((time.time() + skew) * 2**32) & ~3
    await raw.send(send("hello", 1), msg_id=msg_id)
    bad = (await raw.next(types.BadMsgNotification)).obj
    assert (bad.bad_msg_id, bad.error_code) == (msg_id, code)
    assert desk.runs == 0


async def test_a_client_whose_clock_is_wrong_learns_the_time(desk, new_client):
    client = await new_client()
    client._sender._state.time_offset = -1_000
    client._sender._state._last_msg_id = 0
    await client(send("hello", random_id=1))
    assert abs(client._sender._state.time_offset) <= 1
    assert desk.runs == 1


async def test_a_new_session_is_announced_once(raw):
    first = await raw.send(functions.PingRequest(1))
    created = (await raw.next(types.NewSessionCreated)).obj
    assert (created.first_msg_id, created.server_salt) == (first, raw.state.salt)
    await raw.next(types.Pong)
    await raw.send(functions.PingRequest(2))
    assert isinstance((await raw.next()).obj, types.Pong)


async def test_server_ids_tell_answers_from_updates_and_keep_growing(server, raw):
    ask = await raw.send(functions.account.UpdateStatusRequest(offline=False))
    answer_id = 0
    while not answer_id:
        message = await raw.next()
        if getattr(message.obj, "req_msg_id", None) == ask:
            answer_id = message.msg_id
    server.push(ADA, typing(7))
    update_id = (await raw.next(types.UpdateShort)).msg_id
    assert (answer_id % 4, update_id % 4) == (1, 3)
    assert answer_id < update_id
    assert abs(update_id / 2**32 - time.time()) < 5


def test_message_ids_grow_however_quickly_they_are_asked_for():
    ids = MessageIds()
    given = [ids.next(residue) for _ in range(5_000) for residue in (Residue.PUSHED, Residue.ANSWER)]
    assert given == sorted(set(given))


async def test_a_ping_is_answered(raw):
    msg_id = await raw.send(functions.PingRequest(99))
    pong = (await raw.next(types.Pong)).obj
    assert (pong.msg_id, pong.ping_id) == (msg_id, 99)


async def test_a_client_that_asked_to_be_cut_off_in_silence_is(raw):
    await raw.send(functions.PingDelayDisconnectRequest(5, disconnect_delay=0))
    await raw.next(types.Pong)
    await raw.until_hung_up()


async def test_future_salts_are_told(server, new_client):
    client = await new_client()
    salts = await client._sender.send(functions.GetFutureSaltsRequest(1))
    assert [s.salt for s in salts.salts] == [link.salt for link in server.links(ADA)]


async def test_another_session_can_be_destroyed_once(server, new_client, tmp_path):
    path = tmp_path / "a.session"
    link = server.create_session_file(path, ADA)
    client = await new_client(path=path)
    async with PlainSight(link.auth_key, server.address, link.salt) as other:
        await other.send(functions.PingRequest(1))
        await other.next(types.Pong)
        answers = [await client._sender.send(functions.DestroySessionRequest(other.state.id)) for _ in range(2)]
    assert [type(a) for a in answers] == [types.DestroySessionOk, types.DestroySessionNone]


async def test_a_key_can_be_destroyed_by_its_client(server, raw):
    await raw.send(functions.DestroyAuthKeyRequest())
    await raw.next(types.DestroyAuthKeyOk)
    assert server.links(ADA) == []


async def test_the_answer_to_a_running_call_can_be_dropped(desk, raw):
    slow = await raw.send(functions.messages.ReceivedMessagesRequest(1))
    drop = await raw.send(functions.RpcDropAnswerRequest(slow))
    assert isinstance(await raw.result(drop), types.RpcAnswerDroppedRunning)
    desk.gate.set()
    last = await raw.send(functions.account.UpdateStatusRequest(offline=False))
    seen = []
    while last not in seen:
        seen.append(getattr((await raw.next()).obj, "req_msg_id", None))
    assert slow not in seen


async def test_dropping_the_answer_to_an_unknown_call_says_so(raw):
    drop = await raw.send(functions.RpcDropAnswerRequest(4))
    assert isinstance(await raw.result(drop), types.RpcAnswerUnknown)


async def test_a_slow_call_is_acknowledged_before_it_is_answered(desk, raw):
    slow = await raw.send(functions.messages.ReceivedMessagesRequest(1))
    assert (await raw.next(types.MsgsAck)).obj.msg_ids == [slow]
    desk.gate.set()
    await raw.answer(slow)


async def test_a_quick_call_is_acknowledged_by_its_answer_alone(raw):
    await raw.send(functions.account.UpdateStatusRequest(offline=False))
    await raw.send(functions.PingRequest(1))
    kinds = []
    while types.Pong not in kinds:
        kinds.append(type((await raw.next()).obj))
    assert kinds == [types.NewSessionCreated, RpcResult, types.Pong]


async def test_answers_are_kept_for_the_last_thousand_calls_of_a_session(desk, raw):
    first = await raw.send(send("once", random_id=1))
    for _ in range(999):
        last = await raw.send(functions.account.UpdateStatusRequest(offline=False))
    await raw.answer(last)
    await raw.send(send("once", random_id=1), msg_id=first)
    await raw.answer(first)
    assert desk.runs == 1
    await raw.answer(await raw.send(functions.account.UpdateStatusRequest(offline=False)))
    await raw.send(send("once", random_id=1), msg_id=first)
    await raw.answer(first)
    assert desk.runs == 2


async def test_an_answer_that_the_client_has_acknowledged_is_not_kept(desk, raw):
    msg_id = await raw.send(send("once", random_id=1))
    while getattr((answer := await raw.next()).obj, "req_msg_id", None) != msg_id:
        pass
    await raw.send(types.MsgsAck([answer.msg_id]))
    await raw.send(send("once", random_id=1), msg_id=msg_id)
    await raw.send(functions.PingRequest(1))
    assert isinstance((await raw.next()).obj, types.Pong)
    assert desk.runs == 1


async def test_only_so_many_idle_sessions_of_a_key_are_remembered(server):
    link = server.create_auth_key(ADA)
    async with PlainSight(link.auth_key, server.address, link.salt) as raw:
        for session_id in range(70):
            raw.state.id = session_id
            await raw.send(functions.PingRequest(1))
            await raw.next(types.Pong)
        link.close()
    async with PlainSight(link.auth_key, server.address, link.salt) as raw:
        answers = []
        for session_id in (0, 69):
            await raw.send(functions.DestroySessionRequest(session_id))
            answers.append((await raw.next(types.DestroySessionOk, types.DestroySessionNone)).obj)
    assert answers == [types.DestroySessionNone(0), types.DestroySessionOk(69)]


async def test_a_request_sent_again_with_its_id_is_answered_again_but_not_run_again(desk, raw):
    request = send("once", random_id=1)
    msg_id = await raw.send(request)
    first = await raw.result(msg_id)
    await raw.send(request, msg_id=msg_id)
    assert await raw.result(msg_id) == first
    assert desk.runs == 1


async def test_a_request_of_an_unknown_kind_is_refused_and_its_neighbour_is_not(desk, raw):
    unknown = await raw.send_bytes(b"\x01\x02\x03\x04")
    known = await raw.send(send("hello", 1))
    assert (await raw.answer(unknown)).error.error_message == "INPUT_METHOD_INVALID"
    assert (await raw.answer(known)).error is None


@pytest.mark.parametrize(
    "message", [types.HttpWait(0, 0, 0), types.MsgsStateInfo(4, b"\x01"), types.MsgsAllInfo([4], b"\x01")]
)
async def test_a_message_that_wants_no_answer_gets_none(raw, message):
    await raw.send(message)
    await raw.send(functions.PingRequest(1))
    assert [type((await raw.next()).obj) for _ in range(2)] == [types.NewSessionCreated, types.Pong]


async def test_torn_gzip_is_hung_up_on(raw, caplog):
    await raw.send_bytes((0x3072CFA1).to_bytes(4, "little") + b"\x07garbage")
    await raw.until_hung_up()
    assert "hung up on a client: gzip that does not unpack" in caplog.text


async def test_a_call_waits_for_the_one_it_shall_come_after(desk, server, new_client):
    client = await new_client()
    both = asyncio.ensure_future(
        client([functions.messages.ReceivedMessagesRequest(1), send("second", 1)], ordered=True)
    )
    await server.calls.wait_for("messages.sendMessage", finished=False)
    assert desk.runs == 0
    desk.gate.set()
    await asyncio.wait_for(both, 5)
    assert desk.runs == 1


async def test_a_call_fails_when_the_one_it_shall_come_after_has_failed(desk, server, raw):
    bad = await raw.send(functions.account.DeleteAccountRequest("no"))
    after = await raw.send(functions.InvokeAfterMsgsRequest([bad], send("second", 1)))
    assert (await raw.answer(after)).error.error_message == "MSG_WAIT_FAILED"
    assert desk.runs == 0


async def test_a_handler_that_breaks_is_a_500_with_its_traceback_in_the_log(server, new_client, caplog):
    client = await new_client()
    with pytest.raises(ServerError, match="INTERNAL"):
        await client._sender.send(functions.account.ResetAuthorizationRequest(1))
    assert "ZeroDivisionError" in caplog.text
    (record,) = server.calls.of("account.resetAuthorization")
    assert (record.outcome, record.error) == (Outcome.FAILED, "INTERNAL")


async def test_the_configuration_names_this_server_as_the_only_data_centre(server, new_client):
    client = await new_client()
    config = await client(functions.help.GetConfigRequest())
    nearest = await client(functions.help.GetNearestDcRequest())
    assert [(dc.id, dc.ip_address, dc.port) for dc in config.dc_options] == [(2, *server.address)]
    assert (config.this_dc, config.test_mode, nearest.nearest_dc) == (2, False, 2)


async def test_what_the_client_says_of_itself_reaches_every_call(desk: Desk, tmp_path):
    seen = []

    async def listening(call):
        seen.append((call.client.get("device_model"), call.client.get("api_id")))
        return await desk(call)

    async with TelegramServer(listening) as server:
        path = tmp_path / "a.session"
        server.create_session_file(path, ADA)
        async with TelegramClient(str(path), 1, "hash", device_model="Abacus") as client:
            await client(send("hello", 1))
    assert set(seen) == {("Abacus", "1")}
