"""What a session is configured with, and what lands in its mailbox."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from jobs.core.i18n import Language
from jobs.core.journal import InboxRow
from jobs.users.agent_events import AgentEvent


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a session is, apart from its collaborators; durations in seconds."""

    key: str
    chat_id: int
    model: str
    zone: ZoneInfo
    language: Language
    query_timeout: int


@dataclass(frozen=True, slots=True)
class Command:
    kind: Literal["stop", "clear"]
    row: InboxRow


@dataclass(frozen=True, slots=True)
class Warm:
    """Start the process before anybody asks."""


Item = InboxRow | Command | Warm | AgentEvent | None
"""None: a deadline has passed."""


class Mailbox(asyncio.Queue[Item]):
    """What a session still has to handle, in order; `commanded` is set while a command is among it."""

    def __init__(self) -> None:
        super().__init__()
        self.commanded = asyncio.Event()

    def _put(self, item: Item) -> None:
        super()._put(item)
        if isinstance(item, Command):
            self.commanded.set()

    def _get(self) -> Item:
        item = super()._get()
        if isinstance(item, Command):
            self.commanded.clear()
        return item

    def forget_events(self) -> None:
        """A process has ended: what it said and nobody has heard yet is not to pass for the next one's words."""
        items = [self.get_nowait() for _ in range(self.qsize())]
        for item in items:
            if isinstance(item, InboxRow | Command | Warm):
                self.put_nowait(item)
