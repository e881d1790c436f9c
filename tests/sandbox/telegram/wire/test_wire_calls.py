from __future__ import annotations

import asyncio
import time

import pytest
from telethon.errors import PeerFloodError
from telethon.tl import functions, types
from wire_desk import send

from jobs.sandbox.telegram.calls import CallLog, CallRecord, Outcome, method_name
from jobs.sandbox.telegram.faults import Delay, Refuse

ADA, BOB = 1001, 1002
SEND = "messages.sendMessage"


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (send("x", 1), "messages.sendMessage"),
        (functions.help.GetConfigRequest(), "help.getConfig"),
        (functions.PingRequest(1), "ping"),
        (functions.channels.GetFullChannelRequest(types.InputChannelEmpty()), "channels.getFullChannel"),
    ],
)
def test_a_method_has_the_name_that_telegram_gives_it(request_, name):
    assert method_name(request_) == name


async def test_the_log_tells_who_called_what_when_and_how_it_ended(server, new_client):
    client = await new_client()
    server.faults.add(Refuse(400, "PEER_FLOOD"), SEND, predicate=lambda r: r.random_id == 2)
    await client(send("one", 1))
    with pytest.raises(PeerFloodError):
        await client(send("two", 2))
    one, two = server.calls.of(SEND)
    (link,) = server.links(ADA)
    assert (one.user_id, one.auth_key_id, one.request.message) == (ADA, link.auth_key_id, "one")
    assert (one.outcome, one.error, type(one.result)) == (
        Outcome.ANSWERED,
        None,
        types.UpdateShortSentMessage,
    )
    assert (two.outcome, two.error, two.result) == (Outcome.REFUSED, "PEER_FLOOD", None)
    assert abs(one.at - time.time()) < 5
    assert 0 <= one.duration < 1


async def test_the_log_can_be_asked_for_one_account(server, new_client):
    ada, bob = await new_client(user_id=ADA), await new_client(user_id=BOB)
    await ada(send("a", 1))
    await bob(send("b", 2))
    assert [r.request.message for r in server.calls.of(SEND, user_id=BOB)] == ["b"]
    assert len(server.calls.of(SEND)) == 2


async def test_waiting_ends_when_enough_calls_have_ended(server, new_client):
    client = await new_client()
    waiting = asyncio.ensure_future(
        server.calls.wait_for(SEND, count=2, predicate=lambda r: r.request.message != "noise")
    )
    for random_id, text in enumerate(["first", "noise"]):
        await client(send(text, random_id))
    assert not waiting.done()
    await client(send("second", 9))
    assert [r.request.message for r in await waiting] == ["first", "second"]


async def test_waiting_can_end_when_a_call_arrives(server, new_client):
    client = await new_client()
    go = asyncio.Event()
    server.faults.add(Delay(go), SEND)
    sending = asyncio.ensure_future(client(send("hello", 1)))
    (record,) = await server.calls.wait_for(SEND, finished=False)
    assert record.outcome is Outcome.PENDING
    with pytest.raises(TimeoutError):
        await server.calls.wait_for(SEND, timeout=0.02)
    go.set()
    await sending
    assert record.outcome is Outcome.ANSWERED


async def test_waiting_in_vain_says_what_was_seen_instead(server, new_client):
    await new_client()
    with pytest.raises(TimeoutError, match=r"messages\.sendMessage ×1 .* help\.getConfig answered"):
        await server.calls.wait_for(SEND, timeout=0.02)


async def test_a_call_that_the_server_s_end_cuts_off_is_noted_as_dropped(server, raw):
    await raw.send(functions.messages.ReceivedMessagesRequest(1))
    (record,) = await server.calls.wait_for("messages.receivedMessages", finished=False)
    await server.__aexit__(None, None, None)
    assert record.outcome is Outcome.DROPPED


async def test_an_answer_that_nobody_is_there_to_get_is_noted_as_lost(desk, server, raw):
    await raw.send(functions.messages.ReceivedMessagesRequest(1))
    await server.calls.wait_for("messages.receivedMessages", finished=False)
    server.drop_connections()
    desk.gate.set()
    (record,) = await server.calls.wait_for("messages.receivedMessages")
    assert record.outcome is Outcome.LOST


async def test_the_log_keeps_no_pieces_of_files(server, new_client):
    client = await new_client()
    piece = bytes(100_000)
    await client(functions.upload.SaveFilePartRequest(1, 0, piece))
    (record,) = server.calls.of("upload.saveFilePart")
    assert (record.request.file_id, record.request.bytes) == (1, b"")
    answer = await client(functions.upload.GetFileRequest(types.InputTakeoutFileLocation(), 0, 4096))
    (record,) = server.calls.of("upload.getFile")
    assert (answer.bytes, record.result.bytes) == (piece, b"")


def test_the_oldest_calls_are_forgotten_beyond_the_limit():
    log = CallLog(keep=2)
    for random_id in range(3):
        log.begin(CallRecord(SEND, send("x", random_id), ADA, 1))
    assert [record.request.random_id for record in log] == [1, 2]
    log.clear()
    assert len(log) == 0
