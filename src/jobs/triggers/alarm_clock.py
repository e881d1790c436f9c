"""Waking up at a moment of the wall clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler

LONGEST = timedelta(seconds=30)
"""Nobody says when a clock is set or a machine has slept: so often the wall clock is looked at."""


class AlarmClock(Protocol):
    """Something that can be waited for."""

    async def wait(self, moment: datetime | None, changed: asyncio.Event) -> None:
        """Return at `moment` (UTC), when `changed` is set, or soon enough to notice that the clock was set."""
        ...


class SchedulerClock:
    """APScheduler with one job: what is due stands in our table, and it only says when to look."""

    def __init__(self, scheduler: AsyncIOScheduler) -> None:
        self._scheduler: Any = scheduler

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncGenerator[SchedulerClock]:
        """It ticks for the length of the block."""
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        scheduler: Any = AsyncIOScheduler(timezone=UTC)
        scheduler.start()
        try:
            yield cls(scheduler)
        finally:
            scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it takes its timer off the loop in the loop's next round

    async def wait(self, moment: datetime | None, changed: asyncio.Event) -> None:
        """See the port."""
        latest = datetime.now(UTC) + LONGEST

        async def wake() -> None:
            changed.set()

        # Its own default would drop what is late by more than a second.
        self._scheduler.add_job(
            wake,
            "date",
            run_date=min(moment or latest, latest),
            id="wake",
            replace_existing=True,
            misfire_grace_time=None,
        )
        await changed.wait()
