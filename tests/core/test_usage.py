"""What turns cost is written down with them and added up by time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.core.database import Database
from jobs.core.usage import TurnUsage, Usage, UsageTotal

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that stands where the test puts it."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


async def record(database: Database, clock: HandClock, usage: TurnUsage) -> None:
    async with database.transaction() as tx:
        await Usage(database, clock).record(tx, usage, session_key="owner", started_by="owner", outcome="done")


async def test_nothing_adds_up_to_nothing(database: Database) -> None:
    assert await Usage(database, HandClock()).since(NOON) == UsageTotal(0, 0, 0, 0, 0.0)


async def test_the_turns_of_a_period_are_added_up_and_earlier_ones_are_not(database: Database) -> None:
    clock = HandClock(NOON - timedelta(milliseconds=1))
    await record(database, clock, TurnUsage("m", 1000, 1000, 1000, 1000, 1000.0, 1000))
    for minutes in (0, 5):
        clock.moment = NOON + timedelta(minutes=minutes)
        await record(database, clock, TurnUsage("m", 1, 20, 300, 4000, 0.25, 9))
    total = await Usage(database, clock).since(NOON)
    assert total == UsageTotal(turns=2, input_tokens=8002, output_tokens=40, cached_tokens=600, cost_usd=0.5)


async def test_a_moment_in_another_zone_is_the_same_moment(database: Database) -> None:
    clock = HandClock()
    await record(database, clock, TurnUsage(input_tokens=1))
    east = NOON.astimezone(ZoneInfo("Asia/Tokyo"))
    assert (await Usage(database, clock).since(east)).turns == 1
    assert (await Usage(database, clock).since(east + timedelta(seconds=1))).turns == 0


async def test_a_turn_is_written_down_with_everything_that_is_known_of_it(database: Database) -> None:
    await record(database, HandClock(), TurnUsage("claude-x", 1, 2, 3, 4, 0.5, 6))
    async with database.transaction() as tx:
        [row] = await tx.all("SELECT * FROM usage_events")
    assert tuple(row)[1:] == ("2026-05-01T12:00:00.000+00:00", "owner", "owner", "claude-x", "done", 1, 2, 3, 4, 0.5, 6)
