"""The log of what a sandbox API was asked, and waiting for entries of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from jobs.sandbox.patience import PATIENCE

from .blocks import Reply
from .request import ModelRequest


@dataclass(slots=True)
class RequestRecord:
    """One request, from its headers to the last byte of its answer.

    `arrived` and `finished` are monotonic seconds, `arrived_at` is UTC. `outcome` is None while the answer is
    under way, then "answered", "refused <status>", "dropped", "client left" or "script failed".
    """

    number: int
    method: str
    path: str
    arrived: float
    arrived_at: datetime
    size: int
    request: ModelRequest | None = None
    reply: Reply | None = None
    outcome: str | None = None
    finished: float | None = None


@dataclass
class RequestLog(Sequence[RequestRecord]):
    """Every request in order of arrival."""

    _records: list[RequestRecord] = field(default_factory=list[RequestRecord])
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __getitem__(self, index: int) -> RequestRecord:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[RequestRecord]:
        return iter(self._records)

    @property
    def model(self) -> list[ModelRequest]:
        """The requests for an answer of the model: no key checks, no token counts, nothing refused unread."""
        return [record.request for record in self._records if record.request is not None]

    async def add(self, record: RequestRecord) -> None:
        self._records.append(record)
        await self.changed()

    async def changed(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def wait_for(
        self,
        predicate: Callable[[RequestRecord], bool] = lambda record: record.request is not None,
        *,
        count: int = 1,
        timeout: float = PATIENCE,
    ) -> RequestRecord:
        """The `count`-th entry for which the predicate holds (by default: any request for an answer).

        It is tried again whenever an entry is added or its answer ends. Raises TimeoutError.
        """

        def matching() -> list[RequestRecord]:
            return [record for record in self._records if predicate(record)]

        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: len(matching()) >= count)
        return matching()[count - 1]
