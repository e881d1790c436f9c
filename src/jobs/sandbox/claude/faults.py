"""Ways for a sandbox API to misbehave, and the list of those that are due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .blocks import ReplyBlock, Text
from .request import ModelRequest


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error; `retry_after` (seconds) becomes a header."""

    status: int
    type: str
    message: str
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class DropBeforeHeaders:
    """Cut the connection without a byte of an answer."""


@dataclass(frozen=True, slots=True)
class DropMidStream:
    """Stream these blocks, leave the last one open, and cut the connection. The script is not asked."""

    sent: Sequence[ReplyBlock] = (Text("An answer that is cut"),)


@dataclass(frozen=True, slots=True)
class StallMidStream:
    """Stream these blocks, leave the last one open, and send nothing until `release` is set; then cut."""

    sent: Sequence[ReplyBlock] = (Text("An answer that stalls"),)
    release: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class NeverAnswer:
    """Take the request and stay silent until the client leaves."""


@dataclass(frozen=True, slots=True)
class SlowHeaders:
    """Answer as usual, but only after so many seconds."""

    seconds: float


Fault = Refuse | DropBeforeHeaders | DropMidStream | StallMidStream | NeverAnswer | SlowHeaders

UNAUTHORIZED = Refuse(401, "authentication_error", "invalid x-api-key")
FORBIDDEN = Refuse(403, "permission_error", "Your API key does not have permission to use this resource.")
OUT_OF_CREDIT = Refuse(
    400,
    "invalid_request_error",
    "Your credit balance is too low to access the Anthropic API. "
    "Please go to Plans & Billing to upgrade or purchase credits.",
)
OVERLOADED = Refuse(529, "overloaded_error", "Overloaded")
SERVER_ERROR = Refuse(500, "api_error", "Internal server error")


def rate_limited(retry_after: int) -> Refuse:
    """429; `retry_after` in seconds."""
    message = "This request would exceed your organization's rate limit."
    return Refuse(429, "rate_limit_error", message, retry_after=retry_after)


@dataclass(slots=True)
class DueFault:
    """A fault on the list; `hits` counts the requests it has met."""

    fault: Fault
    times: int | None
    when: Callable[[ModelRequest], bool]
    hits: int = 0

    @property
    def spent(self) -> bool:
        return self.times is not None and self.hits >= self.times


@dataclass
class Faults:
    """The faults that are due, first in, first out."""

    _due: list[DueFault] = field(default_factory=list[DueFault])

    def add(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        when: Callable[[ModelRequest], bool] = lambda _: True,
    ) -> DueFault:
        """Let the next `times` requests that `when` holds for meet this fault; None means every one."""
        due = DueFault(fault, times, when)
        self._due.append(due)
        return due

    def clear(self) -> None:
        self._due.clear()

    def take(self, request: ModelRequest) -> Fault | None:
        for due in self._due:
            if not due.spent and due.when(request):
                due.hits += 1
                return due.fault
        return None
