"""The nightly source on a real database and real notes; the test is the model, and holds the clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, time
from pathlib import Path

from trigger_desk import BERLIN, TriggerDesk

from jobs.core.database import Database
from jobs.memory.storage import Storage
from jobs.triggers.models import TriggerEvent
from jobs.triggers.sources.distillation import Distillation, Night
from jobs.users.distillation import Distiller
from jobs.users.notebook import Notebook


class NightDesk(TriggerDesk):
    """Distilled at half past three, told from eight o'clock on; it is noon in Berlin of 2 March 2026."""

    def __init__(self, database: Database, workspace: Path) -> None:
        super().__init__(database)
        self.clock.moment = datetime(2026, 3, 2, 12, tzinfo=BERLIN)
        self.workspace = workspace
        self.rung = asyncio.Event()
        self.failure: Exception | None = None
        self.asked = 0

    def started(self) -> Distillation:
        """The source, as a start of the program makes it."""
        notebook = Notebook(Storage(self.workspace, self.clock, BERLIN), BERLIN)
        return Distillation(
            Distiller(self.database, self._ask, notebook),
            Night(time(3, 30), time(8), BERLIN),
            self.clock,
            alarm_clock=self._alarm,
            language="en",
        )

    def notes_of_today(self, text: str) -> None:
        (self.workspace / "memory").mkdir(exist_ok=True)
        (self.workspace / "memory" / f"{self.clock.now().astimezone(BERLIN).date()}.md").write_text(text)

    def at(self, moment: str) -> None:
        """It is this in Berlin."""
        self.clock.moment = datetime.fromisoformat(moment).replace(tzinfo=BERLIN)

    async def looks(self) -> list[TriggerEvent]:
        """What a start of the program fires at once; it is journalled."""
        fired: list[TriggerEvent] = []
        waits = asyncio.Event()

        async def run() -> None:
            async with aclosing(self.started().events()) as events:
                async for event in events:
                    if await self.executor.execute(event):
                        fired.append(event)

        self._on_wait = waits.set
        running = asyncio.create_task(run())
        async with asyncio.timeout(60):
            await waits.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return fired

    async def wait(self, moment: datetime | None, changed: asyncio.Event) -> None:
        """See AlarmClock."""
        del moment, changed
        self._on_wait()
        await self.rung.wait()
        self.rung.clear()

    def _on_wait(self) -> None: ...

    async def _ask(self, purpose: str, system: str, text: str) -> str:
        del system, text
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return json.dumps([{"fact": f"Learned number {self.asked} by {purpose}"}])

    @asynccontextmanager
    async def _alarm(self) -> AsyncGenerator[NightDesk]:
        yield self
