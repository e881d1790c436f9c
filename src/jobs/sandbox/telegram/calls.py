"""The log of every call that reached the server, and waiting for one."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from telethon.tl.tlobject import TLObject, TLRequest

from jobs.sandbox.patience import PATIENCE


def method_name(request: TLRequest) -> str:
    """A request's name as Telegram writes it, e.g. "messages.sendMessage"."""
    kind = type(request)
    name = kind.__name__.removesuffix("Request")
    name = name[0].lower() + name[1:]
    group = kind.__module__.removeprefix("telethon.tl.functions").lstrip(".")
    return f"{group}.{name}" if group else name


class Outcome(Enum):
    """What became of a call."""

    PENDING = "pending"
    ANSWERED = "answered"
    REFUSED = "refused"
    """The handler or a fault answered with an error."""
    FAILED = "failed"
    """The handler raised something else: the client saw a 500."""
    LOST = "lost"
    """Handled, but the answer was never sent."""
    DROPPED = "dropped"
    """Not handled: the connection was dropped, or the server stopped."""


@dataclass(slots=True, eq=False)
class CallRecord:
    """One call."""

    method: str
    request: TLRequest
    user_id: int | None
    """The account the key was signed in as when the call came."""
    auth_key_id: int
    at: float = field(default_factory=time.time)
    """Unix time of arrival."""
    outcome: Outcome = Outcome.PENDING
    error: str | None = None
    """The error the client was told, e.g. "FLOOD_WAIT_30"."""
    result: TLObject | list[TLObject] | bool | None = None
    duration: float | None = None
    """Seconds until the outcome."""
    _started: float = field(default_factory=time.monotonic, repr=False)

    def finish(self, outcome: Outcome, *, error: str | None = None) -> None:
        """Note what became of it."""
        self.outcome = outcome
        self.error = error
        self.duration = time.monotonic() - self._started


CallPredicate = Callable[[CallRecord], bool]


class CallLog:
    """Every call in the order of arrival; the oldest are forgotten beyond `keep`."""

    def __init__(self, *, keep: int = 20_000) -> None:
        self._records: deque[CallRecord] = deque(maxlen=keep)
        self._waiting: set[asyncio.Future[None]] = set()

    def __iter__(self) -> Iterator[CallRecord]:
        return iter(tuple(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def of(self, method: str, *, user_id: int | None = None) -> list[CallRecord]:
        """The calls of a method, e.g. "messages.sendMessage", of everybody or of one account."""
        return [r for r in self._records if r.method == method and user_id in (None, r.user_id)]

    def clear(self) -> None:
        """Forget everything so far."""
        self._records.clear()

    def begin(self, record: CallRecord) -> None:
        """A call has arrived."""
        self._records.append(record)
        self._notify()

    def finish(self, record: CallRecord, outcome: Outcome, *, error: str | None = None) -> None:
        """A call has had its outcome."""
        record.finish(outcome, error=error)
        self._notify()

    async def wait_for(
        self,
        method: str,
        *,
        count: int = 1,
        timeout: float = PATIENCE,
        predicate: CallPredicate | None = None,
        finished: bool = True,
    ) -> list[CallRecord]:
        """Wait until `count` calls of a method are in the log, and return all that match.

        Calls made before count as well. With `finished=False` a call counts as soon as it has arrived, else
        when it has an outcome. Raises TimeoutError, which names the calls that were seen, after `timeout`
        seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    found = [
                        r
                        for r in self.of(method)
                        if not (finished and r.outcome is Outcome.PENDING) and (predicate is None or predicate(r))
                    ]
                    if len(found) >= count:
                        return found
                    await self._change()
        except TimeoutError:
            seen = ", ".join(f"{r.method} {r.outcome.value}" for r in list(self._records)[-30:]) or "nothing"
            raise TimeoutError(f"{method} ×{count} not seen within {timeout} s; last calls: {seen}") from None

    async def _change(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    def _notify(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
