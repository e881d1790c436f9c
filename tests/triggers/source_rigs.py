"""Every source of the product, set up so that a test can make something happen. A new source adds a rig to RIGS."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from channel_desk import ChannelDesk, open_channel_desk
from heartbeat_desk import Pulse
from schedule_desk import ScheduleDesk

from jobs.core.database import Database
from jobs.triggers.executor import TriggerExecutor
from jobs.triggers.models import Source
from jobs.triggers.rules import Once


class Rig(Protocol):
    """A source on a real database."""

    executor: TriggerExecutor

    async def happens(self) -> str:
        """Make something happen that fires one event; returns what it is about."""
        ...

    def started(self) -> Source:
        """The source, as a start of the program makes it."""
        ...


class SchedulerRig:
    """Each happening is a schedule whose moment has just come."""

    def __init__(self, database: Database) -> None:
        self._desk = ScheduleDesk(database)
        self.executor = self._desk.executor
        self._count = 0

    async def happens(self) -> str:
        self._count += 1
        about = f"s{self._count}"
        await self._desk.plan(Once(self._desk.clock.now() + timedelta(seconds=1)), about)
        self._desk.clock.moves(seconds=1)
        self._desk.schedules.changed.set()
        return about

    def started(self) -> Source:
        return self._desk.restarted()


class HeartbeatRig:
    """Each happening is an errand whose time has passed, found at the next beat."""

    def __init__(self, database: Database) -> None:
        self._pulse = Pulse(database, Path("/nowhere"))
        self.executor = self._pulse.desk.executor
        self._count = 0

    async def happens(self) -> str:
        self._count += 1
        about = f"e{self._count}"
        await self._pulse.errand(about, skill="chase")
        self._pulse.alarm.rung.set()
        return about

    def started(self) -> Source:
        return self._pulse.restarted()


@asynccontextmanager
async def heartbeat_rig(database: Database, _: Path) -> AsyncGenerator[Rig]:
    yield HeartbeatRig(database)


@asynccontextmanager
async def scheduler_rig(database: Database, _: Path) -> AsyncGenerator[Rig]:
    yield SchedulerRig(database)


class ChannelRig:
    """Each happening is a post in a channel, and the moment when it is looked at."""

    def __init__(self, desk: ChannelDesk) -> None:
        self._desk = desk
        self._channel = desk.channel()
        self.executor = desk.executor

    async def happens(self) -> str:
        if not await self._desk.is_subscribed():
            await self._desk.subscribe("News")
        self._desk.post(self._channel, "something new")
        self._desk.clock.moves(minutes=5)
        self._desk.feed.bell.set()
        return "lumo"

    def started(self) -> Source:
        self._desk.restart()
        return self._desk.source


@asynccontextmanager
async def channel_rig(database: Database, folder: Path) -> AsyncGenerator[Rig]:
    async with open_channel_desk(database, folder) as desk:
        yield ChannelRig(desk)


RIGS: Mapping[str, Callable[[Database, Path], AbstractAsyncContextManager[Rig]]] = {
    "scheduler": scheduler_rig,
    "heartbeat": heartbeat_rig,
    "tg_channel": channel_rig,
}
