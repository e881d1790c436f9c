"""People and errands, as the rest of the package sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from jobs.core.people import PersonCard

Policy = Literal["open", "contacts", "tasks", "ask", "closed"]
Standing = Literal["unknown", "asked", "allowed", "refused"]
Status = Literal["pending", "in_progress", "waiting", "done", "cancelled", "failed"]

OPEN: frozenset[Status] = frozenset({"pending", "in_progress", "waiting"})
SETTLED: frozenset[Status] = frozenset({"done", "failed"})
AFTERMATH = timedelta(days=1)
"""How long after an errand was settled its people may still take something back."""
ALL: frozenset[Status] = OPEN | frozenset[Status]({"done", "cancelled", "failed"})


@dataclass(frozen=True, slots=True)
class ExternalUser:
    """Somebody other than the owner."""

    card: PersonCard
    notes: str
    standing: Standing
    """What the owner said when asked whether this person may be answered."""
    banned: bool
    messages_per_hour: int | None
    daily_usd: float | None
    first_contact: datetime
    last_contact: datetime
    checked_at: datetime | None
    """When Telegram last said who they are."""

    @property
    def id(self) -> int:
        """Telegram's numeric id."""
        return self.card.id

    @property
    def name(self) -> str:
        """What to call them."""
        return self.card.name


class ErrandContext(BaseModel):
    """What an errand needs to know; unknown fields (slots, limits, whatever) are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    skill: str | None = Field(default=None, max_length=64, pattern=r"^[a-z0-9-]+$")
    """The skill that runs the errand in a session of its own."""
    may_say: tuple[str, ...] = ()
    must_not_say: tuple[str, ...] = ()

    @field_validator("may_say", "must_not_say", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @property
    def other(self) -> Mapping[str, Any]:
        """Everything but the fields above."""
        return self.model_extra or {}


@dataclass(frozen=True, slots=True)
class Participant:
    """A person of an errand, and what they have said of it."""

    user_id: int
    name: str
    status: Status
    result: str


@dataclass(frozen=True, slots=True)
class ConversationTask:
    """An errand."""

    id: str
    title: str
    description: str
    kind: str
    context: ErrandContext
    deadline: datetime | None
    status: Status
    next_step: str
    result: str
    session_id: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    people: Sequence[Participant] = field(default_factory=tuple[Participant, ...])

    @property
    def is_open(self) -> bool:
        """Whether anything is left to do."""
        return self.status in OPEN

    def concerns_still(self, user_id: int, now: datetime) -> bool:
        """Whether a person may say something of it: while it is open, and for a while after it was settled."""
        settled = self.status in SETTLED and self.closed_at is not None and self.closed_at > now - AFTERMATH
        return self.concerns(user_id) and (self.is_open or settled)

    def is_overdue(self, now: datetime) -> bool:
        """Whether its deadline has passed while it is open."""
        return self.is_open and self.deadline is not None and self.deadline < now

    def concerns(self, user_id: int) -> bool:
        """Whether a person takes part in it."""
        return any(person.user_id == user_id for person in self.people)

    @property
    def names(self) -> str:
        """Its people, as a phrase."""
        return ", ".join(person.name for person in self.people)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an errand's history."""

    at: datetime
    actor: str
    change: str
