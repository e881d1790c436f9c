"""A heartbeat on a real database, and an alarm clock that the test holds in its hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from trigger_desk import OWNER, TriggerDesk

from hand_clock import HandClock
from jobs.core.database import Database, Transaction
from jobs.core.errors import NotFound
from jobs.core.people import PersonCard
from jobs.core.setting_values import DayHours
from jobs.tools.approvals import Approvals
from jobs.triggers.models import TriggerEvent
from jobs.triggers.sources.heartbeat import Beat, Heartbeat
from jobs.users.models import ConversationTask, ErrandContext, Participant
from jobs.users.repository import UsersRepository

MASHA = PersonCard(10, "Masha")
ALWAYS = DayHours(time(0), time(0))


class NoBook:
    """Telegram tells nothing."""

    async def people(self) -> list[PersonCard]:
        return []

    async def look_up(self, who: str) -> PersonCard | None:
        del who

    async def chat(self, who: str) -> tuple[int, str]:
        raise NotFound(who)


class HandAlarm:
    """Time passes up to the moment that is waited for when the test rings."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.rung = asyncio.Event()

    async def wait(self, moment: datetime | None, changed: asyncio.Event) -> None:
        del changed
        await self.rung.wait()
        self.rung.clear()
        assert moment is not None
        self._clock.moment = moment


class Pulse:
    """A heartbeat of half an hour, and the errands it looks at."""

    def __init__(self, database: Database, workspace: Path, hours: DayHours = ALWAYS) -> None:
        self.desk = TriggerDesk(database)
        self.workspace = workspace
        self.repository = UsersRepository(self.desk.journal, self.desk.clock, NoBook(), OWNER)
        self.alarm = HandAlarm(self.desk.clock)
        self._hours = hours
        self.source = self.restarted()

    def restarted(self) -> Heartbeat:
        """The source, as a start of the program makes it."""
        approvals = Approvals(
            self.desk.journal, self.desk.clock, owner_chat=OWNER, language="en", zone=ZoneInfo("UTC"),
            settle_stranger=self._settle,
        )  # fmt: skip
        return Heartbeat(
            Beat(timedelta(minutes=30), self._hours, ZoneInfo("Europe/Berlin")),
            self.repository,
            approvals,
            self.desk.executor.fired,
            self.workspace,
            alarm_clock=self._alarm,
        )

    async def errand(self, task_id: str, *, skill: str | None, late: bool = True) -> None:
        now = self.desk.clock.now()
        errand = ConversationTask(
            id=task_id, title=f"Errand {task_id}", description="", kind="", context=ErrandContext(skill=skill),
            deadline=now - timedelta(minutes=1) if late else None, status="waiting", next_step="ring them",
            result="", session_id=None, created_by="owner", created_at=now, updated_at=now,
            people=[Participant(MASHA.id, "Masha", "pending", "")],
        )  # fmt: skip
        async with self.desk.database.transaction() as tx:
            await self.repository.people.meet(tx, MASHA)
            await self.repository.errands.create(tx, errand)

    async def beats(self) -> list[TriggerEvent]:
        """A look, and what it fires is journalled."""
        events = list(await self.source.due())
        for event in events:
            assert await self.desk.executor.execute(event)
        return events

    async def _settle(self, tx: Transaction, user_id: int, granted: bool) -> None: ...

    @asynccontextmanager
    async def _alarm(self) -> AsyncGenerator[HandAlarm]:
        yield self.alarm
