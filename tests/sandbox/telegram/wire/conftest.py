from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from telethon import TelegramClient
from telethon.crypto import AuthKey
from telethon.sessions import MemorySession, Session, SQLiteSession
from wire_desk import Desk, PlainSight

from jobs.sandbox.telegram.server import TelegramServer

ADA = 1001
NewClient = Callable[..., Awaitable[TelegramClient]]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def server(desk: Desk) -> AsyncIterator[TelegramServer]:
    async with TelegramServer(desk) as server:
        yield server


@pytest.fixture
async def new_client(server: TelegramServer) -> AsyncIterator[NewClient]:
    """Connects a Telethon client that is signed in already, from a session file if one is named."""
    clients: list[TelegramClient] = []

    async def connect(user_id: int = ADA, *, path: Path | None = None, **options: object) -> TelegramClient:
        session: Session = SQLiteSession(str(path)) if path else MemorySession()
        if path is None:
            session.set_dc(2, *server.address)
            session.auth_key = AuthKey(server.create_auth_key(user_id).auth_key)
        settings: dict[str, object] = {"retry_delay": 0.01, "connection_retries": -1, "timeout": 5}
        client = TelegramClient(session, 1, "hash", **(settings | options))
        clients.append(client)
        await client.connect()
        return client

    yield connect
    for client in clients:
        await client.disconnect()


@pytest.fixture
async def raw(server: TelegramServer) -> AsyncIterator[PlainSight]:
    """A connection on which the test sees, and chooses, every message."""
    link = server.create_auth_key(ADA)
    async with PlainSight(link.auth_key, server.address, link.salt) as raw:
        yield raw
