"""Somebody with a real Telethon client, and what they see in one chat."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from telethon import TelegramClient, events

from jobs.sandbox.patience import PATIENCE
from jobs.sandbox.telegram.world.model import User

Entities = tuple[Any, ...]


@dataclass(slots=True)
class Seen:
    """A message as it stands on the screen."""

    id: int
    text: str
    mine: bool
    entities: Entities = ()
    edits: int = 0
    states: list[str] = field(default_factory=list[str])
    """Every text it had, the first one first."""


def named(data: bytes, name: str) -> io.BytesIO:
    """A file as Telethon takes it without opening one, which it would leave open."""
    file = io.BytesIO(data)
    file.name = name
    return file


class Person:
    """Plays one account in its chat with another (or in Saved Messages)."""

    def __init__(self, client: TelegramClient, user: User, peer_id: int) -> None:
        self.client = client
        self.user = user
        self._peer_id = peer_id
        self._seen: dict[int, Seen] = {}
        self._changed = asyncio.Condition()
        self.typing = asyncio.Event()
        client.add_event_handler(self._on_message, events.NewMessage(chats=peer_id))
        client.add_event_handler(self._on_edit, events.MessageEdited(chats=peer_id))
        client.add_event_handler(self._on_deleted, events.MessageDeleted())
        client.add_event_handler(self._on_typing, events.UserUpdate())

    async def send(self, text: str, **options: Any) -> int:
        """Write to the peer; returns the message's id."""
        message: Any = await self.client.send_message(self._peer_id, text, parse_mode=None, **options)
        return message.id

    async def send_file(self, data: bytes | Sequence[bytes], name: str | Sequence[str], **options: Any) -> Any:
        """Send a file, or an album of several; returns Telethon's message, or messages."""
        if isinstance(data, bytes):
            file: Any = named(data, str(name))
        else:
            file = [named(each, its_name) for each, its_name in zip(data, name, strict=True)]
        client: Any = self.client
        return await client.send_file(self._peer_id, file, parse_mode=None, **options)

    @property
    def received(self) -> list[Seen]:
        """The peer's messages, oldest first."""
        return [seen for _, seen in sorted(self._seen.items()) if not seen.mine]

    @property
    def texts(self) -> list[str]:
        """The texts of the peer's messages, oldest first."""
        return [seen.text for seen in self.received]

    async def wait_for(self, fits: Callable[[list[Seen]], bool], timeout: float = PATIENCE) -> list[Seen]:
        """The peer's messages once `fits` holds for them. Raises TimeoutError, naming what was there."""
        try:
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(lambda: fits(self.received))
        except TimeoutError:
            raise TimeoutError(f"not seen within {timeout} s; there was: {self.texts}") from None
        return self.received

    async def wait_for_text(self, part: str, timeout: float = PATIENCE) -> Seen:
        """The first message of the peer that contains `part`."""
        found = await self.wait_for(lambda all_: any(part in seen.text for seen in all_), timeout)
        return next(seen for seen in found if part in seen.text)

    async def ask(self, text: str, part: str, timeout: float = PATIENCE) -> Seen:
        """Write, and wait for an answer that contains `part`."""
        await self.send(text)
        return await self.wait_for_text(part, timeout)

    async def close(self) -> None:
        """Disconnect."""
        disconnecting: Any = self.client.disconnect()
        await disconnecting

    async def _on_message(self, event: Any) -> None:
        message = event.message
        async with self._changed:
            self._seen[message.id] = Seen(
                message.id, message.message, bool(message.out), tuple(message.entities or ()), 0, [message.message]
            )
            self._changed.notify_all()

    async def _on_edit(self, event: Any) -> None:
        message = event.message
        async with self._changed:
            seen = self._seen.setdefault(message.id, Seen(message.id, "", bool(message.out)))
            seen.text, seen.entities = message.message, tuple(message.entities or ())
            seen.edits += 1
            seen.states.append(message.message)
            self._changed.notify_all()

    async def _on_deleted(self, event: Any) -> None:
        async with self._changed:
            for message_id in event.deleted_ids:
                self._seen.pop(message_id, None)
            self._changed.notify_all()

    async def _on_typing(self, event: Any) -> None:
        if event.typing:
            self.typing.set()
