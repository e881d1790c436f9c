"""What a Claude process reports, in the words of this program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jobs.core.errors import TurnFailed
from jobs.core.usage import TurnUsage


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of text as it is written; `fresh` when it begins a new block."""

    text: str
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class TextWritten:
    """A whole block of text; it replaces the deltas that announced it."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool is at work."""

    tool_use_id: str
    name: str
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """A tool gave its result."""

    tool_use_id: str


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """Anything else: the process lives."""


@dataclass(frozen=True, slots=True)
class PlanWindow:
    """How much of a subscription's window is used (0.0 to 1.0)."""

    name: str
    utilization: float
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A turn is over. `message_ids` are our own uuids of what it took in; empty for work nobody asked for."""

    message_ids: tuple[str, ...]
    session_id: str
    usage: TurnUsage
    interrupted: bool = False
    unsolicited: bool = False
    failure: TurnFailed | None = None
    serial: int = 0
    """Counts the turns of the session."""


@dataclass(frozen=True, slots=True)
class Died:
    """The process is gone; `reason` is for the log."""

    reason: str


AgentEvent = TextDelta | TextWritten | ToolStarted | ToolEnded | SignOfLife | PlanWindow | TurnEnded | Died
