"""What fires, and where it goes. A source makes TriggerEvents; nothing else has to be known of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from jobs.core.database import Transaction
from jobs.triggers.filters import Filter

SessionChoice = Literal["owner", "isolated", "errand"]
"""The owner's conversation, one of its own, or that of the errand it is about."""

Step = Callable[[Transaction], Awaitable[bool]]
"""What a source has to write down when an event of it fires; False: the event has become void meanwhile."""


@dataclass(frozen=True, slots=True)
class TriggerContext:
    """What an event is about."""

    about: str
    """The id of the schedule or subscription. Isolated events about the same run one after the other."""
    title: str
    """What a person calls it."""
    facts: str = ""
    """The circumstances, in the program's own words."""
    quoted: Mapping[str, str] = field(default_factory=dict[str, str])
    """Words from outside, each under its name. Whatever reads them is guarded."""
    task_id: str | None = None
    """The errand in whose session it runs, for `errand`."""
    notice: str = ""
    """What the owner is told at once."""


@dataclass(frozen=True, slots=True)
class TriggerEvent:
    """One firing."""

    source: str
    key: str
    """Names this firing among those of its source: what has fired once does not fire again."""
    prompt: str
    """What is to be done, in the owner's or the program's words; without a session, what is said to the owner."""
    context: TriggerContext
    session: SessionChoice | None
    """None: there is nothing to think about. The prompt goes to the owner as it is."""
    created_at: datetime
    step: Step | None = None
    """Done in the transaction that journals the event, before it is looked up whether it has fired before: then too,

    so that the source gets on. What must not be done twice, the step has to look up itself.
    """


class Source(Protocol):
    """Something that fires."""

    @property
    def name(self) -> str:
        """Names it in the table of events; never changes."""
        ...

    def events(self) -> AsyncGenerator[TriggerEvent]:
        """What fires, for as long as the program runs: each event is journalled before the next is asked for.

        Where an event cannot be journalled, the JobsError is raised at its `yield`.

        What it raises ends this run of it; it is closed and begun again after a pause. So what is to be fired must
        follow from what is written down (see `TriggerEvent.step`), not from what it remembers.
        """
        ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """Something of a source that the owner wants to hear of."""

    id: str
    type: str
    """The name of the source that serves it."""
    source: str
    """What it listens to, as that source writes it."""
    title: str
    prompt: str
    filter: Filter
    session: Literal["owner", "isolated"]
    batch_minutes: int
    created_by: str
    created_at: datetime
    updated_at: datetime
    position: str = ""
    """How far it has got, as its source writes it."""
    secret: str = ""
    state: Literal["active", "paused", "cancelled"] = "active"
    reason: str = ""
    """Why it is paused, when not by the owner's word."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What somebody means by a source, found and checked."""

    source: str
    """As a Subscription keeps it."""
    title: str
    """What people call it: one line."""
    position: str = ""
    """Where it begins: what happens from now on."""
    secret: str = ""
    note: str = ""
    """What the owner has to know, in a sentence."""


class Subscribable(Source, Protocol):
    """A source that fires for those who have subscribed to something of it."""

    async def resolve(self, source: str, wanted: Filter, /) -> Resolved:
        """Find what is meant. Raises ToolRetry or NotFound, with a sentence, when it cannot be heard, or not so."""
        ...

    def describe(self, subscription: Subscription) -> str:
        """What it listens to, in a few words."""
        ...

    def changed(self) -> None:
        """Its subscriptions are others than they were; returns at once."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    id: int
    source: str
    about: str
    title: str
    state: Literal["waiting", "done", "failed", "dropped"]
    text: str
    created_at: datetime
