"""Asks the updater on the machine below (deploy/jobs_updater.py): a container cannot replace itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter

from jobs.core.i18n import Words
from jobs.core.words import updating as words
from jobs.updating.problems import UpdateError
from jobs.updating.source import Candidate

_PATIENCE = 4000
"""Seconds without a line: an image that is built says nothing meanwhile."""
_LINE_BYTES = 1 << 20


class Line(BaseModel):
    """What it says."""

    kind: Literal["candidate", "newest", "progress", "built", "updated", "returned", "nothing", "failed"]
    candidate: Candidate | None = None
    current: str = ""
    version: str = ""
    other: str = ""
    why: str = ""
    detail: str = ""
    at: float = 0

    @property
    def reason(self) -> Words:
        """Why it failed, or was taken back; `detail` belongs into it."""
        return words.UPDATER.get(self.why, words.UPDATER["request"])


_LINE = TypeAdapter(Line)


class Conversation:
    """One request and what follows from it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, **request: str) -> None:
        """One line. Raises OSError."""
        self._writer.write(json.dumps(request).encode() + b"\n")
        await self._writer.drain()

    async def lines(self) -> AsyncGenerator[Line]:
        """What it answers; ends with the connection. Raises OSError, ValueError for what is no line of its."""
        while text := await asyncio.wait_for(self._reader.readline(), _PATIENCE):
            yield _LINE.validate_json(text)


class Updater:
    """The updater behind a socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def asked(self, what: Literal["look", "outcome", "told"]) -> Line:
        """Its one answer. Raises UpdateError when it gives none, or says why not."""
        async with self.talking(do=what) as conversation:
            async for line in conversation.lines():
                if line.kind == "failed":
                    raise UpdateError(line.reason, detail=line.detail)
                return line
        raise UpdateError(words.NO_UPDATER, path=self._socket, reason="EOF")

    @asynccontextmanager
    async def talking(self, **request: str) -> AsyncGenerator[Conversation]:
        """The connection after a request. Raises UpdateError when it breaks."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket, limit=_LINE_BYTES)
            try:
                conversation = Conversation(reader, writer)
                await conversation.say(**request)
                yield conversation
            finally:
                writer.close()
        except (OSError, ValueError) as error:  # TimeoutError is the one, a line that is none of its the other
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise UpdateError(words.NO_UPDATER, path=self._socket, reason=reason) from error
