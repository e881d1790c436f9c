"""Accounts of the world with real Telethon clients in their hands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telethon import TelegramClient, events

from jobs.sandbox.patience import PATIENCE
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world import User


@dataclass
class Heard:
    """The events that a client's handlers were given, in order."""

    events: list[Any] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, event: Any) -> None:
        self.events.append(event)
        self._news.set()

    async def count(self, wanted: int) -> list[Any]:
        """Wait until this many were heard."""
        return await self.until(lambda: len(self.events) >= wanted)

    async def until(self, predicate: Callable[[], object]) -> list[Any]:
        async with asyncio.timeout(PATIENCE):
            while not predicate():
                self._news.clear()
                await self._news.wait()
        return self.events


class People(AsyncExitStack):
    """Connects clients and disconnects them at the end."""

    def __init__(self, server: TelegramServer, folder: Path) -> None:
        super().__init__()
        self.server = server
        self._folder = folder
        self._files = 0

    async def client(self, user: User | None = None, *, path: Path | None = None, **options: Any) -> TelegramClient:
        """A connected client of an account (of nobody: not signed in), or one from its session file."""
        if path is None:
            self._files += 1
            path = self._folder / f"{self._files}.session"
            self.server.create_session_file(path, user.id if user else None)
        settings: dict[str, Any] = {"retry_delay": 0.01, "connection_retries": -1, "timeout": PATIENCE}
        client = TelegramClient(str(path), 1, "hash", **(settings | options))
        self.push_async_callback(client.disconnect)
        await client.connect()
        return client


def listen(client: TelegramClient, *builders: Any) -> Heard:
    """What the client hears from now on (without builders: every raw update)."""
    heard = Heard()
    for builder in builders or (events.Raw,):
        client.add_event_handler(heard, builder)
    return heard
