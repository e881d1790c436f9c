"""`/secret <server> <KEY>`: the owner's next message is a value, and is known to nobody but the server it is for.

It is taken out of the message before that is journalled. What is awaited stands in a file, so that a restart in between
does not make the value a message for the model.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from jobs.core.clock import Clock
from jobs.core.errors import StorageError, ToolError
from jobs.core.i18n import Language, Words
from jobs.core.messages import InboundMessage
from jobs.core.ports import REDACTED, SecretCommand, parse_secret_command
from jobs.core.words import servers as words
from jobs.intake.record import Record
from jobs.mcp_manager.config import McpConfig
from jobs.mcp_manager.plans import checked_key, checked_value

log = logging.getLogger(__name__)

WAIT = timedelta(minutes=5)
_LATE = timedelta(minutes=15)
"""So long after the command what looks like a value is one that came late, while nobody has said that it would be."""
FILE = "secret_request.json"
_MOST_TAKEN = 30
_COMMAND = re.compile(r"/[a-z]+(\s.*)?", re.DOTALL)
"""What begins with a slash and is none may be a path, or a key in base64."""
_NOTHING_SECRET = re.compile(r"/secret(\s+[\w-]+)?\s*", re.IGNORECASE)
SetValue = Callable[[str, str, str], Awaitable[bool]]
"""Gives a server a key: its name, the key, the value. False when there is no such server."""
Tell = Callable[[str, str], Awaitable[None]]
"""Tells the owner: a sentence, and what it is about, so that the same is said once. Raises StorageError."""
_Outcome = Literal["taken", "gone", "unfit", "late"]


class Request(BaseModel):
    """What the next message is."""

    server: str
    key: str
    asked_in: int
    """The message with the command."""
    asked_at: datetime
    taken_from: int = 0
    """The message with the value, once it was there."""
    outcome: Literal["", "taken", "gone", "unfit", "late"] = ""


class Requests(BaseModel):
    """What stands in the file."""

    version: Literal[1] = 1
    requests: list[Request] = []


class SecretRequests:
    """Implements `core.ports.Secrets`."""

    def __init__(
        self, data: Path, config: McpConfig, set_value: SetValue, clock: Clock, language: Language, *, tell: Tell
    ) -> None:
        self._record = Record(data / FILE, Requests)
        self._config = config
        self._set_value = set_value
        self._clock = clock
        self._language: Language = language
        self._tell = tell
        self._lock = asyncio.Lock()
        self._known: list[Request] | None = None
        self._kept_in_memory = False
        self._lost: Path | None = None
        """What could not be read, until the owner has been told."""

    async def seen(self, message: InboundMessage) -> InboundMessage:
        """See the port. Raises StorageError when it cannot be written down: the message is not journalled then."""
        async with self._lock:
            requests = await self._read()
            if any(one.taken_from == message.message_id for one in requests):
                return _redacted(message)
            command = parse_secret_command(message.text)
            if command is not None and message.forwarded is not None:  # somebody else's words command nothing
                return _redacted(message) if command.value else message
            if command is not None:
                return await self._commanded(command, message, requests)
            last = requests[-1] if requests else None
            if last is None or not _awaits(last, message):
                return message
            late = message.sent_at > last.asked_at + WAIT
            outcome = "late" if late else await self._take(last, message.text)
            done = last.model_copy(update={"taken_from": message.message_id, "outcome": outcome})
            await self._write([*requests[:-1], done])
            return _redacted(message)

    async def _commanded(
        self, command: SecretCommand, message: InboundMessage, requests: Sequence[Request]
    ) -> InboundMessage:
        taken = [one for one in requests if one.taken_from]
        if command.value:
            asked = _asked(command, message)
            outcome = await self._take(asked, command.value)
            done = asked.model_copy(update={"taken_from": message.message_id, "outcome": outcome})
            await self._write([*taken, done])
            return _redacted(message)
        if command.key:
            if not requests or requests[-1].asked_in < message.message_id:
                await self._write([*taken, _asked(command, message)])
            return message
        # Whatever else stands behind the command may be a value, or a part of one.
        return message if _NOTHING_SECRET.fullmatch(message.text.strip()) else _redacted(message)

    async def answer(self, message: InboundMessage) -> str:
        """See the port."""
        requests = await self._read()
        for one in requests:
            if one.taken_from == message.message_id:
                said = {"taken": words.SECRET_TAKEN, "gone": words.SECRET_GONE, "late": words.SECRET_TOO_LATE}
                return said.get(one.outcome, words.SECRET_UNFIT).say(self._language, name=one.server, key=one.key)
        command = parse_secret_command(message.text)
        problem = (
            words.SECRET_HOW
            if command is None or not command.key
            else await self._objection(command.server, command.key)
        )
        if problem is not None:
            await self._forget(message.message_id)
            names = ", ".join(sorted(await self._config.servers())) or "–"
            deleted = f"\n\n{words.SECRET_DELETED.say(self._language)}" if message.text == REDACTED else ""
            return problem.say(self._language, name=command.server if command else "", names=names) + deleted
        assert command is not None  # noqa: S101 - there was no problem
        return words.SECRET_ASK.say(self._language, name=command.server, key=command.key)

    async def is_overdue(self) -> bool:
        """Whether a value has been awaited for too long: it counts if it was sent in time, however late it is read."""
        requests = await self._read()
        return bool(requests) and self._is_overdue(requests[-1])

    def _is_overdue(self, last: Request) -> bool:
        return not last.taken_from and last.asked_at + WAIT <= self._clock.now()

    async def expire(self) -> str | None:
        """See the port."""
        async with self._lock:
            requests = await self._read()
            last = requests[-1] if requests else None
            if last is None or not self._is_overdue(last):
                return None
            await self._write(requests[:-1])
        return words.SECRET_LATE.say(self._language, name=last.server, key=last.key)

    async def _objection(self, name: str, key: str) -> Words | None:
        server = (await self._config.servers()).get(name)
        if server is None:
            return words.SECRET_GONE_NAMES
        try:
            checked_key(key, server.transport)
        except ToolError:
            return words.SECRET_BAD_KEY
        return None

    async def _take(self, request: Request, text: str) -> _Outcome:
        try:
            value = checked_value(text)
            server = (await self._config.servers()).get(request.server)
            if server is not None:
                checked_key(request.key, server.transport)
                return "taken" if await self._set_value(request.server, request.key, value) else "gone"
        except ToolError:
            return "unfit"
        return "gone"

    async def _forget(self, asked_in: int) -> None:
        async with self._lock:
            requests = await self._read()
            await self._write([one for one in requests if one.asked_in != asked_in or one.taken_from])

    async def _read(self) -> list[Request]:
        if self._known is None:
            self._known = await asyncio.to_thread(self._read_record)
        if self._lost is not None:
            await self._tell(words.SECRET_RECORD.say(self._language, path=self._lost), f"secret {self._lost}")
            self._lost = None
        return self._known

    def _read_record(self) -> list[Request]:
        """What is awaited; a file that cannot be read keeps no message of the owner's from being answered."""
        try:
            requests = self._record.read().requests
            self._lost = self._record.damaged
        except OSError as error:
            log.error("%s cannot be read: %s", self._record.path, error)
            requests = []
            try:
                self._lost = self._record.put_aside()
            except OSError:
                self._lost, self._kept_in_memory = self._record.path, True
        return requests

    async def _write(self, requests: Sequence[Request]) -> None:
        kept = list(requests[-_MOST_TAKEN:])
        try:
            if not self._kept_in_memory:
                await asyncio.to_thread(self._record.write, Requests(requests=kept))
        except OSError as error:
            raise StorageError(f"{self._record.path} cannot be written: {error.strerror}.") from error
        self._known = kept


def _asked(command: SecretCommand, message: InboundMessage) -> Request:
    return Request(server=command.server, key=command.key, asked_in=message.message_id, asked_at=message.sent_at)


def _awaits(request: Request, message: InboundMessage) -> bool:
    """Whether a message is the value that is awaited, or seems to be, and comes late."""
    # A reply to what came before is about that; one to the command, or to our asking, is the natural way to answer.
    about_this = message.reply_to is None or (message.reply_to.message_id or 0) >= request.asked_in
    plain = _COMMAND.fullmatch(message.text) is None and about_this
    later = message.message_id > request.asked_in and not request.taken_from
    if message.sent_at > request.asked_at + WAIT:  # what has blanks in it is something that is said
        plain = plain and message.sent_at <= request.asked_at + _LATE and len(message.text.split()) == 1
    in_time = request.asked_at <= message.sent_at
    return plain and in_time and later and bool(message.text) and message.attachment is None


def _redacted(message: InboundMessage) -> InboundMessage:
    return message.model_copy(update={"text": REDACTED, "forwarded": None, "reply_to": None})
