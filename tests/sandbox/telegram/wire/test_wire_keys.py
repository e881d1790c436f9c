from __future__ import annotations

import asyncio
import json

import pytest
import rsa as rsa_package
from telethon import TelegramClient
from telethon.crypto import rsa
from telethon.errors import AuthKeyNotFound, InvalidBufferError
from telethon.sessions import MemorySession
from wire_desk import Desk, PlainSight, send

from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.wire.handshake import sandbox_rsa_key

ADA = 1001


def stranger(server: TelegramServer, **options) -> TelegramClient:
    session = MemorySession()
    session.set_dc(2, *server.address)
    return TelegramClient(session, 1, "hash", retry_delay=0.01, **options)


@pytest.fixture
def known_keys():
    """What a test teaches this process about RSA keys is forgotten after it."""
    before = dict(rsa._server_keys)
    yield
    rsa._server_keys.clear()
    rsa._server_keys.update(before)


async def test_a_fresh_client_agrees_on_a_key_and_is_nobody_until_signed_in(server, known_keys):
    rsa.add_key(server.public_key_pem, old=False)
    client = stranger(server)
    await client.connect()
    try:
        assert await client.get_me() is None
        (link,) = server.export_keys().items()
        assert link == (client.session.auth_key.key.hex(), None)
    finally:
        await client.disconnect()


async def test_a_client_that_trusts_another_key_does_not_connect(known_keys, desk):
    ours = sandbox_rsa_key()
    exponent = 257
    inverse = pow(exponent, -1, (ours.p - 1) * (ours.q - 1))
    other = rsa_package.PrivateKey(ours.n, exponent, inverse, ours.p, ours.q)
    async with TelegramServer(desk, rsa_key=other) as server:
        with pytest.raises(ConnectionError, match="auth_key generation failed"):
            await stranger(server, connection_retries=1).connect()
        rsa.add_key(server.public_key_pem, old=False)
        client = stranger(server)
        await client.connect()
        await client.disconnect()


async def test_a_session_file_is_signed_in_already(server, new_client, tmp_path):
    path = tmp_path / "seven.session"
    link = server.create_session_file(path, 7)
    client = await new_client(path=path)
    assert (await client.get_me()).id == 7
    assert server.links(7) == [link]


async def test_an_unknown_key_is_told_so(server, tmp_path):
    path = tmp_path / "gone.session"
    server.forget_key(server.create_session_file(path, ADA))
    client = TelegramClient(str(path), 1, "hash")
    with pytest.raises(AuthKeyNotFound):
        await client.connect()
    with pytest.raises(AuthKeyNotFound):
        await client.disconnected
    await client.disconnect()


async def test_a_key_that_is_forgotten_while_connected_is_dropped_and_told_so(server, new_client):
    client = await new_client()
    (link,) = server.links(ADA)
    server.forget_key(link)
    with pytest.raises(AuthKeyNotFound):
        async with asyncio.timeout(60):
            await client.disconnected


async def test_a_packet_that_was_tampered_with_is_hung_up_on(server):
    link = server.create_auth_key(ADA)
    async with PlainSight(link.auth_key, server.address, link.salt) as raw:
        packet = bytearray(raw.state.encrypt_message_data(bytes(32)))
        packet[-1] ^= 1
        await raw.send_packet(bytes(packet))
        await raw.until_hung_up()
    assert len(server.calls) == 0


async def test_the_error_for_an_unknown_key_is_minus_404(server):
    async with PlainSight(bytes(range(256)), server.address, 0) as raw:
        await raw.send(send("hello", 1))
        with pytest.raises(InvalidBufferError, match="404"):
            await raw.next()


async def test_a_server_that_starts_again_with_its_keys_and_port_has_its_clients_back(tmp_path):
    desk = Desk()
    async with TelegramServer(desk) as first:
        first.create_session_file(tmp_path / "a.session", ADA)
        client = TelegramClient(str(tmp_path / "a.session"), 1, "h", retry_delay=0.01, connection_retries=-1)
        await client.connect()
        keys = json.loads(json.dumps(first.export_keys()))
        port = first.port
    async with TelegramServer(desk, port=port, keys=keys):
        try:
            async with asyncio.timeout(60):
                assert (await client.get_me()).id == ADA
        finally:
            await client.disconnect()
