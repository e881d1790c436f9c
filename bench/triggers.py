"""What schedules cost: a start with many of them, a look at the clock when none is due, and when many are.

Everything on a real database in a temporary folder; no model and no Telegram. A figure says nothing without its
machine, so that is printed too.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from overhead import machine, milliseconds, report

from jobs.core.database import Database
from jobs.core.journal import Journal
from jobs.triggers.alarm_clock import AlarmClock
from jobs.triggers.executor import TriggerExecutor
from jobs.triggers.rules import Cron
from jobs.triggers.schedules import Schedule, Schedules
from jobs.triggers.sources.scheduler import Scheduler

_OWNER = 1
_ZONE = ZoneInfo("Europe/Berlin")


class _Clock:
    """A clock that is set by hand."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


class _NoAlarm:
    """Nobody waits here."""

    async def wait(self, moment: datetime | None, changed: asyncio.Event) -> None:
        raise NotImplementedError


@asynccontextmanager
async def _no_alarm() -> AsyncGenerator[AlarmClock]:
    yield _NoAlarm()


async def plan(database: Database, schedules: Schedules, now: datetime, count: int) -> float:
    """Daily schedules at any minute of the day; returns the seconds each took."""
    rng = random.Random(1)  # noqa: S311 - the same day every time
    began = time.monotonic()
    async with database.transaction() as tx:
        for number in range(count):
            rule = Cron(f"{rng.randrange(60)} {rng.randrange(24)} * * *", _ZONE)
            await schedules.add(
                tx,
                Schedule(
                    id=f"s{number}", title=f"Number {number}", prompt="Drink water", kind="reminder", session="owner",
                    task_id=None, rule=rule, zone=_ZONE, until=None, max_runs=None, next_run=rule.next_after(now),
                    created_by="owner", created_at=now, updated_at=now,
                ),
            )  # fmt: skip
    return (time.monotonic() - began) / count


async def look(scheduler: Scheduler, executor: TriggerExecutor) -> tuple[int, float]:
    """How many fire, and the seconds that it takes."""
    began, fired = time.monotonic(), 0
    async for event in scheduler.due():
        fired += await executor.execute(event)
    return fired, time.monotonic() - began


@asynccontextmanager
async def _longest_stall() -> AsyncGenerator[list[float]]:
    """One figure: the longest that the event loop has kept a task waiting within the block, in seconds."""
    longest = [0.0]

    async def tick() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.001)
            longest[0] = max(longest[0], time.monotonic() - before - 0.001)

    ticking = asyncio.create_task(tick())
    try:
        yield longest
    finally:
        ticking.cancel()


async def measure(root: Path, count: int) -> None:
    """One folder full of schedules."""
    clock = _Clock(datetime(2026, 3, 2, 11, 0, 30, tzinfo=UTC))
    async with Database.open(root / "db.sqlite") as database:
        journal, schedules = Journal(database, clock), Schedules(clock)
        executor = TriggerExecutor(journal, clock, _OWNER)

        def scheduler() -> Scheduler:
            return Scheduler(
                schedules, executor.fired, journal, clock, alarm_clock=_no_alarm, owner_chat=_OWNER, language="en"
            )

        each = await plan(database, schedules, clock.now(), count)
        report("schedules", f"{count}", f"{each * 1000:.2f} ms to write one down")
        starts = [(await look(scheduler(), executor))[1] for _ in range(5)]
        report("a start's first look, none due", milliseconds(starts))
        running = scheduler()
        idle = [(await look(running, executor))[1] for _ in range(50)]
        report("a look at the clock, none due", milliseconds(idle), "every 30 s at most")
        busy: list[float] = []
        for _ in range(60):
            clock.moment += timedelta(minutes=1)
            fired, seconds = await look(running, executor)
            busy += [seconds / fired] if fired else []
        report("one that fires", f"{statistics.median(busy) * 1000:.1f} ms", "journalled, and on its way to the owner")
        clock.moment += timedelta(days=2)
        fired, seconds = await look(scheduler(), executor)
        report("a start after two days off", f"{seconds:.1f} s", f"{fired} made up for, the rest skipped and told of")
        clock.moment += timedelta(days=365)
        async with _longest_stall() as stall:
            _, seconds = await look(scheduler(), executor)
        report("a start after a year off", f"{seconds:.1f} s", f"longest stall of the loop {stall[0] * 1000:.0f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    arguments = parser.parse_args()
    machine()
    with tempfile.TemporaryDirectory() as root:
        asyncio.run(measure(Path(root), arguments.schedules))


if __name__ == "__main__":
    main()
