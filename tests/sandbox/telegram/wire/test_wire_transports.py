from __future__ import annotations

import asyncio
import os
from base64 import b64encode

import pytest
from telethon.network import connection
from telethon.network.connection.tcpmtproxy import MTProxyIO
from telethon.tl import functions
from wire_desk import Desk, send

from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.wire.transport import Randomized

MTPROXY = [
    connection.ConnectionTcpMTProxyAbridged,
    connection.ConnectionTcpMTProxyIntermediate,
    connection.ConnectionTcpMTProxyRandomizedIntermediate,
]


class RandomizedWithoutProxy(connection.ConnectionTcpObfuscated):
    packet_codec = connection.ConnectionTcpMTProxyRandomizedIntermediate.packet_codec


async def talk(client, text: str) -> str:
    await client(send(text, random_id=len(text)))
    return (await client(functions.help.GetSupportNameRequest())).name


@pytest.mark.parametrize(
    "transport",
    [
        connection.ConnectionTcpFull,
        connection.ConnectionTcpAbridged,
        connection.ConnectionTcpIntermediate,
        connection.ConnectionTcpObfuscated,
        RandomizedWithoutProxy,
    ],
)
async def test_a_client_talks_over_each_transport(new_client, transport):
    client = await new_client(connection=transport)
    short, long = "x", b64encode(os.urandom(2_250)).decode()
    assert await talk(client, short) == short
    assert await talk(client, long) == f"{short}\n{long}"


async def test_a_client_comes_through_the_server_as_its_own_mtproxy(new_client, server):
    clients = await asyncio.gather(*(new_client(connection=c, proxy=server.proxy) for c in MTPROXY))
    assert [(await c.get_me()).first_name for c in clients] == ["Ada"] * 3


async def hung_up_after(server: TelegramServer, first_bytes: bytes) -> bool:
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(first_bytes)
    try:
        async with asyncio.timeout(60):
            return await reader.read() == b""
    finally:
        writer.close()
        await writer.wait_closed()


async def test_the_mtproxy_hangs_up_on_a_wrong_secret(server):
    wrong = bytes.fromhex(server.proxy[2])[::-1]
    header, _, _ = MTProxyIO.init_header(wrong, 2, MTPROXY[0].packet_codec)
    assert await hung_up_after(server, bytes(header))


@pytest.mark.parametrize(
    ("nonsense", "complaint"),
    [
        (bytes(range(64, 128)), "no transport begins like this"),
        (b"\xef\x00", "a packet of 0 bytes"),
        (b"\xee" * 4 + b"\xff" * 4, "a packet of -1 bytes"),
        (b"\xee" * 4 + b"\xff\xff\xff\x7f", "a packet of 2147483647 bytes"),
        (b"\xee" * 4 + b"\x04\x00\x00\x00stub", "a packet of 4 bytes"),
        (b"\x14\x00\x00\x00" + bytes(4) + b"12345678" + b"\xff" * 4, "wrong checksum"),
    ],
)
async def test_nonsense_is_hung_up_on(server, caplog, nonsense, complaint):
    assert await hung_up_after(server, nonsense)
    assert complaint in caplog.text


async def test_the_randomized_transport_adds_noise_and_takes_it_off():
    packet = bytes(range(32))
    frames = [Randomized().frame(packet) for _ in range(200)]
    assert {len(frame) for frame in frames} == {36, 37, 38, 39}
    for frame in frames:
        reader = asyncio.StreamReader()
        reader.feed_data(frame)
        assert await Randomized().read(reader) == packet


async def test_a_call_takes_well_under_five_milliseconds(desk: Desk, server: TelegramServer, new_client):
    client = await new_client()
    loop = asyncio.get_running_loop()
    times = []
    for n in range(50):
        before = loop.time()
        await client(send("hello", random_id=n))
        times.append(loop.time() - before)
    assert sorted(times)[25] < 0.005
    assert desk.runs == 50
