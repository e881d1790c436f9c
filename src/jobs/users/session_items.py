"""What a session is configured with, and what lands in its mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from jobs.core.database import Transaction
from jobs.core.i18n import Language, Words
from jobs.core.journal import InboxRow, Settled
from jobs.core.messages import OWNER_SESSION, InboundMessage
from jobs.core.ports import Fingerprint, Objection
from jobs.core.words import people as people_words
from jobs.users.agent_events import AgentEvent, TurnEnded
from jobs.users.workload import Gathering


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a session is, apart from its collaborators; durations in seconds."""

    key: str
    chat_id: int | None
    """Where its answers go; None where it speaks to nobody."""
    owner_chat: int
    """Where its troubles are told."""
    model: str
    zone: ZoneInfo
    language: Language
    query_timeout: int
    gathering: Gathering
    hibernate_after: float | None
    """How long its process may do nothing; None: it is kept."""
    passing: bool = False
    """Each trigger event in it is a conversation of its own, and the session ends when it has nothing to do."""

    @property
    def to_owner(self) -> bool:
        """Whether it talks with the owner."""
        return self.key == OWNER_SESSION


class TurnGuard(Protocol):
    """Hears what a guarded session is about to read."""

    async def turn_begins(self, messages: Sequence[InboundMessage], *, joins: bool, again: bool = False) -> None:
        """These are handed over now; `joins`: to a turn that is underway; `again`: not for the first time."""
        ...

    async def forget(self) -> None:
        """The conversation begins afresh."""
        ...


class Notes(Protocol):
    """What has been said to the owner elsewhere, for their own session to know."""

    async def unheard(self) -> str:
        """What is news to the session, to be handed over now; "" for nothing."""
        ...

    def forget(self) -> None:
        """Whether what was handed over has been heard, nobody knows."""
        ...


SettledListener = Callable[[Transaction, Sequence[InboxRow], Settled, str], Awaitable[None]]
"""Hears which messages end, how, and with which words, in the transaction that ends them."""


@dataclass(frozen=True, slots=True)
class Manner:
    """What is special about a session that is not simply the owner's."""

    whose: Callable[[], Awaitable[str]] | None = None
    """Whom or what it is about, for the owner to read."""
    settled: SettledListener | None = None
    trouble: Words = people_words.NOT_ANSWERED
    """Tells the owner that it failed: {who} and {why}."""
    put_off: Mapping[str, Words] | None = None
    """Tells the owner, once for all sessions of the kind, that it waits: {who}, {time} and {model}, by the reason."""
    notes: Notes | None = None
    opening: Callable[[], Awaitable[str]] | None = None
    """What stands at the beginning of a conversation, and stays as it was then."""
    briefing: Callable[[], Awaitable[str]] | None = None
    """What the model must know before it reads the messages, as it stands now; told when it has changed."""
    objection: Callable[[Sequence[str]], Awaitable[Objection | None]] | None = None
    """Why an answer may not be sent."""
    language: Callable[[], Awaitable[Language | None]] | None = None
    """What the other side speaks, as far as that is known."""
    guard: TurnGuard | None = None
    remember: Callable[[str], Awaitable[None]] | None = None
    """Hears the id of the conversation when it changes, beside the session's file."""
    recall: Callable[[], Awaitable[str | None]] | None = None
    """Tells that id when the file is gone."""
    equipment: Fingerprint | None = None
    """What its process has to be started anew for, once that has changed."""
    farewell: Callable[[], None] | None = None
    """Hears that what was said until now is left behind; returns at once."""

    async def begin_afresh(self) -> None:
        """The conversation is left behind, and another begins."""
        if self.guard is not None:
            await self.guard.forget()
        if self.farewell is not None:
            self.farewell()


@dataclass(frozen=True, slots=True)
class Command:
    """What the owner ordered; without a `row` where the journal could not take it yet."""

    kind: Literal["stop", "clear"]
    row: InboxRow | None
    elsewhere: Sequence[asyncio.Future[bool]] = ()
    """Of each run that a /stop ends in a session of its own: whether there was anything to end."""


@dataclass(frozen=True, slots=True)
class Halt:
    """The owner has ordered a stop in their own conversation: this session ends what it has begun, and says so."""

    ended: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Whether there was anything to end."""


@dataclass(frozen=True, slots=True)
class Warm:
    """Start the process before anybody asks."""


@dataclass(frozen=True, slots=True)
class Typing:
    """The other side is writing: there is more to come."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """End the process if it does nothing: another session needs its place."""


Item = InboxRow | Command | Halt | Warm | Typing | GiveUp | AgentEvent | None
"""None: a deadline has passed."""
OURS = (InboxRow, Command, Halt, Warm, Typing, GiveUp)
"""What is no event of the process."""


class Mailbox(asyncio.Queue[Item]):
    """What a session still has to handle, in order; `commanded` is set while a command is among it."""

    def __init__(self) -> None:
        super().__init__()
        self.commanded = asyncio.Event()

    def _put(self, item: Item) -> None:
        super()._put(item)
        if isinstance(item, Command | Halt):
            self.commanded.set()

    def _get(self) -> Item:
        item = super()._get()
        if isinstance(item, Command | Halt):
            self.commanded.clear()
        return item

    def take_all(self) -> list[Item]:
        """Everything that has not been handled."""
        return [self.get_nowait() for _ in range(self.qsize())]

    def close(self) -> list[InboxRow]:
        """Nobody handles anything any more; returns the messages that came too late."""
        late = self.take_all()
        for item in late:
            if isinstance(item, Halt):
                item.ended.set_result(False)
        return [item for item in late if isinstance(item, InboxRow)]

    def forget_events(self) -> None:
        """A process has ended: what it said and nobody has heard yet is not to pass for the next one's words."""
        for item in self.take_all():
            if isinstance(item, OURS):
                self.put_nowait(item)

    async def until_turn_end(self) -> TurnEnded:
        """Drop what the process says up to the end of its turn; everything else stays, in order."""
        kept: list[Item] = []
        try:
            while True:
                match item := await self.get():
                    case TurnEnded():
                        return item
                    case _ if isinstance(item, OURS):
                        kept.append(item)
                    case _:
                        pass
        finally:
            for item in kept:
                self.put_nowait(item)
