"""The scheduler on a real database, with a clock in the hand: time passes when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from trigger_desk import BERLIN, OWNER, TriggerDesk

from jobs.core.database import Database
from jobs.tools.execution import ToolRunner
from jobs.tools.roles import Role
from jobs.tools.spec import Services, ToolContext, ToolSpec
from jobs.triggers.rules import Cron, Every, Once, Rule
from jobs.triggers.schedules import Schedule, Schedules
from jobs.triggers.sources.scheduler import Scheduler
from jobs.triggers.tools import Planning


class NeverRings:
    """An alarm clock for tests that look by themselves; `asked` are the moments it was set to."""

    def __init__(self) -> None:
        self.asked: list[datetime | None] = []
        self.waiting = asyncio.Event()

    async def wait(self, moment: datetime | None, changed: asyncio.Event) -> None:
        self.asked.append(moment)
        self.waiting.set()
        await changed.wait()


class ScheduleDesk(TriggerDesk):
    """Schedules, the scheduler, and their tools."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.schedules = Schedules(self.clock)
        self.alarm = NeverRings()
        self.planning = Planning(database, self.clock, self.schedules, self.executor, BERLIN)
        self.services = Services()
        self.services.provide(Planning, self.planning)
        self.runner = ToolRunner(self.journal)
        self.runner.attempt = "one"
        self._calls = 0
        self.scheduler = self.restarted()

    def restarted(self) -> Scheduler:
        """The scheduler as a new start of the program makes it."""

        @asynccontextmanager
        async def alarm() -> AsyncGenerator[NeverRings]:
            yield self.alarm

        self.scheduler = Scheduler(
            self.schedules, self.executor.fired, self.journal, self.clock, alarm_clock=alarm, owner_chat=OWNER,
            language="en",
        )  # fmt: skip
        return self.scheduler

    def at(self, text: str) -> None:
        """It is this moment now, in Berlin."""
        self.clock.moment = berlin(text)

    async def plan(self, rule: Rule | str, schedule_id: str = "lumo", **changes: Any) -> Schedule:
        """A schedule (a cron line is in Berlin's time), with its first run after now."""
        now = self.clock.now()
        if isinstance(rule, str):
            rule = Cron(rule, BERLIN)
        values: dict[str, Any] = {
            "title": f"Title {schedule_id}", "prompt": f"do {schedule_id}", "kind": "reminder", "session": "owner",
            "task_id": None, "zone": BERLIN, "until": None, "max_runs": None, "created_by": "owner",
            "created_at": now, "updated_at": now, **changes,
        }  # fmt: skip
        schedule = Schedule(id=schedule_id, rule=rule, next_run=rule.next_after(now), **values)
        async with self.database.transaction() as tx:
            await self.schedules.add(tx, schedule)
        return schedule

    async def look(self) -> list[str]:
        """What fires now, by the moment it was planned for."""
        keys: list[str] = []
        async for event in self.scheduler.due():
            if await self.executor.execute(event):
                keys.append(event.key)
        return keys

    async def looks_at(self, text: str) -> list[str]:
        """What fires at a moment, as Berlin's clocks showed it when it was planned."""
        self.at(text)
        return [shown(key) for key in await self.look()]

    async def get(self, schedule_id: str = "lumo") -> Schedule:
        async with self.database.transaction() as tx:
            return await self.schedules.get(tx, schedule_id)

    async def call(self, spec: ToolSpec, *, role: Role = Role.OWNER, by: str = "owner", **arguments: Any) -> str:
        """Call a tool."""
        self._calls += 1
        context = ToolContext(role, by, f"call {self._calls}", self.services)
        return await self.runner.run(spec, context, arguments)


def berlin(text: str) -> datetime:
    """A moment of Berlin's clocks, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def shown(key: str, zone: ZoneInfo = BERLIN) -> str:
    """`lumo 03-02 09:00`"""
    schedule_id, _, moment = key.partition(" ")
    return f"{schedule_id} {datetime.fromisoformat(moment).astimezone(zone):%m-%d %H:%M}"


EVERY_5 = Every(timedelta(minutes=5), berlin("2026-03-02 09:00"))
ONCE = Once(berlin("2026-03-02 15:00"))
