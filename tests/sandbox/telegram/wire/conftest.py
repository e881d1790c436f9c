from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from telethon import TelegramClient
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
async def new_client(server: TelegramServer, tmp_path: Path) -> AsyncIterator[NewClient]:
    """Connects a Telethon client from a session file, signed in already."""
    clients: list[TelegramClient] = []

    async def connect(user_id: int = ADA, *, path: Path | None = None, **options: object) -> TelegramClient:
        if path is None:
            path = tmp_path / f"{len(clients)}.session"
            server.create_session_file(path, user_id)
        settings: dict[str, object] = {"retry_delay": 0.01, "connection_retries": -1, "timeout": 5}
        client = TelegramClient(str(path), 1, "hash", **(settings | options))
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
