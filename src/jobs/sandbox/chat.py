"""A chat as an app on somebody's phone sees it: messages that appear, change, are read and go, and typing."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from telethon import TelegramClient, errors, events
from telethon.tl import types

from jobs.core.rich_text import Entity, Kind, RichText


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on a message; `name` is empty for photos, `size` is in bytes."""

    is_photo: bool
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message as it stands now."""

    id: int
    mine: bool
    content: RichText
    sent_at: datetime
    attachment: Attachment | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A message is there, or reads differently from now on."""

    message: ChatMessage


@dataclass(frozen=True, slots=True)
class Gone:
    """Messages were deleted."""

    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Typing:
    """The other side is writing; without another of these, it counts for about 6 seconds."""


@dataclass(frozen=True, slots=True)
class ReadUpTo:
    """The other side has read our messages up to this one."""

    id: int


class NotSentError(Exception):
    """A message did not go out; the text is the reason as Telegram or the system gives it."""


ChatEvent = Shown | Gone | Typing | ReadUpTo


class Chat:
    """A connected client's private chat with one account. What happens in it is read with `next_event`."""

    def __init__(self, client: TelegramClient, peer_id: int) -> None:
        self._client: Any = client
        self._peer_id = peer_id
        self._events: asyncio.Queue[ChatEvent] = asyncio.Queue()
        client.add_event_handler(self._on_message, events.NewMessage(chats=peer_id))
        client.add_event_handler(self._on_message, events.MessageEdited(chats=peer_id))
        client.add_event_handler(self._on_deleted, events.MessageDeleted())
        client.add_event_handler(self._on_read, events.MessageRead(chats=peer_id))
        client.add_event_handler(self._on_user, events.UserUpdate(chats=peer_id))

    async def next_event(self) -> ChatEvent:
        """Wait for what happens next; our own messages are among it."""
        return await self._events.get()

    async def send(self, text: str) -> None:
        """Send a text exactly as it is. Raises NotSentError."""
        with _translated():
            self._show(await self._client.send_message(self._peer_id, text, parse_mode=None, link_preview=False))

    async def send_file(self, path: Path, caption: str) -> None:
        """Send a file, a picture as a photo. Raises NotSentError."""
        with _translated():
            file = io.BytesIO(await asyncio.to_thread(path.read_bytes))  # Telethon leaves open what it opens itself
            file.name = path.name
            self._show(await self._client.send_file(self._peer_id, file, caption=caption, parse_mode=None))

    def _show(self, message: Any) -> None:
        self._events.put_nowait(Shown(_parse(message)))

    async def _on_message(self, event: Any) -> None:
        self._show(event.message)

    async def _on_deleted(self, event: Any) -> None:
        self._events.put_nowait(Gone(frozenset(event.deleted_ids)))

    async def _on_read(self, event: Any) -> None:
        self._events.put_nowait(ReadUpTo(event.max_id))

    async def _on_user(self, event: Any) -> None:
        if event.typing:
            self._events.put_nowait(Typing())


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except errors.RPCError as error:
        raise NotSentError(str(error)) from error
    except (OSError, ValueError) as error:
        raise NotSentError(getattr(error, "strerror", None) or str(error)) from error


def _parse(message: Any) -> ChatMessage:
    return ChatMessage(
        id=message.id,
        mine=bool(message.out),
        content=RichText(message.message or "", tuple(filter(None, map(_entity, message.entities or ())))),
        sent_at=message.date,
        attachment=_attachment(message),
    )


def _attachment(message: Any) -> Attachment | None:
    if message.file is None:
        return None
    return Attachment(message.photo is not None, message.file.name or "", message.file.size or 0)


_KINDS: dict[type[Any], Kind] = {
    types.MessageEntityBold: "bold",
    types.MessageEntityItalic: "italic",
    types.MessageEntityUnderline: "underline",
    types.MessageEntityStrike: "strike",
    types.MessageEntitySpoiler: "spoiler",
    types.MessageEntityCode: "code",
    types.MessageEntityPre: "pre",
    types.MessageEntityTextUrl: "link",
    types.MessageEntityBlockquote: "quote",
}


def _entity(entity: Any) -> Entity | None:
    kind = _KINDS.get(type(entity))
    if kind is None:
        return None
    language, url = getattr(entity, "language", ""), getattr(entity, "url", "")
    return Entity(kind, entity.offset, entity.length, language, url)
