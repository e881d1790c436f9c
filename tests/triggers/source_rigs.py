"""Every source of the product, set up so that a test can make something happen. A new source adds a rig to RIGS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import httpx2
from channel_desk import ChannelDesk, open_channel_desk
from heartbeat_desk import Pulse
from night_desk import NightDesk
from schedule_desk import ScheduleDesk
from webhook_desk import WebhookDesk, deliver

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


class WebhookRig:
    """Each happening is a delivery, which its sender makes again until it is accepted."""

    def __init__(self, desk: WebhookDesk) -> None:
        self._desk = desk
        self.executor = desk.executor
        self.senders: list[asyncio.Task[None]] = []

    async def happens(self) -> str:
        if not self.senders:
            await self._desk.subscribe()
        self.senders.append(asyncio.create_task(self._send(f"ding {len(self.senders)}")))
        return "lumo"

    def started(self) -> Source:
        return self._desk.started()

    async def _send(self, words: str) -> None:
        async with self._desk.database.transaction() as tx:
            hook = await self._desk.subscriptions.get(tx, "lumo")
        headers = {"X-Webhook-Secret": hook.secret, "X-Delivery-Id": words.replace(" ", "-")}
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self._desk.port}", trust_env=False) as client:
            while True:
                with suppress(httpx2.TransportError):
                    if (await deliver(client, words, headers)).status_code == 202:
                        return


@asynccontextmanager
async def webhook_rig(database: Database, _: Path) -> AsyncGenerator[Rig]:
    rig = WebhookRig(WebhookDesk(database))
    try:
        yield rig
    finally:
        for sender in rig.senders:
            sender.cancel()
        await asyncio.gather(*rig.senders, return_exceptions=True)


class DistillationRig:
    """Each happening is a night after a day with notes."""

    def __init__(self, desk: NightDesk) -> None:
        self._desk = desk
        self.executor = desk.executor

    async def happens(self) -> str:
        self._desk.notes_of_today("- 10:00 something new\n")
        self._desk.clock.moves(days=1)
        self._desk.rung.set()
        return "distillation"

    def started(self) -> Source:
        return self._desk.started()


@asynccontextmanager
async def distillation_rig(database: Database, folder: Path) -> AsyncGenerator[Rig]:
    yield DistillationRig(NightDesk(database, folder))


RIGS: Mapping[str, Callable[[Database, Path], AbstractAsyncContextManager[Rig]]] = {
    "scheduler": scheduler_rig,
    "heartbeat": heartbeat_rig,
    "tg_channel": channel_rig,
    "webhook": webhook_rig,
    "distillation": distillation_rig,
}
