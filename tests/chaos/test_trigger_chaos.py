"""Whenever it is killed: nothing that is scheduled happens twice, and nothing that is due is forgotten."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import pytest
from tally import Tally, repeated

from coming_due import journal_of
from jobs.core.clock import SystemClock
from jobs.sandbox.claude import ModelRequest, Reply, Text, ToolUse, Usage
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.world.model import User
from jobs.triggers.rules import Once
from jobs.triggers.schedules import Schedule, Schedules

pytestmark = pytest.mark.chaos

Way = Literal["reminder", "owner", "isolated"]
_SMALL = Usage(input_tokens=1_000, output_tokens=50)
_TASK = re.compile(r"do number (\d+)\b")
_SETTLE_SECONDS = 300.0


@dataclass
class Plans:
    """Schedules that are written down while the daemon is dead, and what becomes of them."""

    stage: Stage
    rng: random.Random
    tally: Tally
    ways: dict[int, Way] = field(default_factory=dict[int, Way])
    frida: User = field(init=False)

    def __post_init__(self) -> None:
        self.frida = self.stage.world.add_user("Frida", username="frida", contact_of=[self.stage.assistant])
        self.stage.world.send_text(self.stage.assistant, self.stage.owner, "I am here.")
        self.stage.claude.script = self.model

    async def model(self, request: ModelRequest) -> Reply:
        """It writes to Frida, once for each task, and says that it did."""
        await asyncio.sleep(self.rng.choice((0.0, 0.05, 0.3)))
        number = next(found for text in reversed(request.all_texts) for found in reversed(_TASK.findall(text)))
        if request.tool_results:
            return Reply([Text(f"ran {number}")], usage=_SMALL)
        return Reply(
            [ToolUse("mcp__jobs__tg_send_message", {"to": "@frida", "text": f"effect {number}"})], usage=_SMALL
        )

    async def write_down(self, count: int) -> None:
        """Some more, each for a moment of the next seconds."""
        now = datetime.now(UTC)
        async with journal_of(self.stage) as journal, journal.database.transaction() as tx:
            for _ in range(count):
                number = len(self.ways) + 1
                way = self.ways[number] = self.rng.choice(get_args(Way))
                at = now + timedelta(seconds=self.rng.uniform(0, 7))
                schedule = Schedule(
                    id=f"s{number}", title=f"{number}", kind="reminder" if way == "reminder" else "prompt",
                    prompt=f"reminder {number}" if way == "reminder" else f"do number {number}",
                    session="isolated" if way == "isolated" else "owner", task_id=None, rule=Once(at),
                    zone=ZoneInfo("UTC"), until=None, max_runs=None, next_run=at, created_by="owner", created_at=now,
                    updated_at=now,
                )  # fmt: skip
                await Schedules(SystemClock()).add(tx, schedule)

    async def life(self) -> None:
        """Start the daemon, and kill it at any moment."""
        daemon = await self.stage.start(wait=False)
        await asyncio.sleep(self.rng.uniform(0.5, 7.0))
        await daemon.kill()
        self.stage.daemons.remove(daemon)
        self.tally.mischief["SIGKILLs of the daemon"] += 1

    async def settle(self) -> None:
        """A clean life, in which everything happens that has not."""
        daemon = await self.stage.start()
        try:
            await self.stage.world.wait_for(lambda: not self._missing(), _SETTLE_SECONDS)
            await self.stage.nothing_waits(_SETTLE_SECONDS)
        except TimeoutError as error:
            raise TimeoutError(f"missing: {self._missing()}\n{daemon.log}") from error
        finally:
            await daemon.stop()

    def count(self) -> None:
        """Look at everything once the daemon has been stopped."""
        find, done = self.tally.find, self._done()
        runs = {number for number, way in self.ways.items() if way != "reminder"}
        effects = [int(text.split()[1]) for text in self._texts(self.frida) if text.startswith("effect")]
        self.tally.counts = {"schedules": len(self.ways), "of them runs": len(runs)}
        find("forgotten", sorted(self._missing()))
        find("happened twice", repeated(done))
        find("effects missing", sorted(runs - set(effects)))
        find("effects twice", repeated(effects))
        find("schedules left", self.stage.rows("SELECT id, state FROM schedules WHERE state <> 'done' OR runs <> 1"))
        find("inbox rows open", self.stage.rows("SELECT id, state FROM inbox WHERE state <> 'done'"))
        find("outbox rows unsent", self.stage.rows("SELECT id, state FROM outbox WHERE state <> 'sent'"))

    def _missing(self) -> set[int]:
        return set(self.ways) - set(self._done())

    def _done(self) -> list[int]:
        texts = self._texts(self.stage.owner)
        return [int(found[1]) for text in texts if (found := re.match(r"(?:reminder|ran) (\d+)\b", text))]

    def _texts(self, user: User) -> list[str]:
        return [message.text for message in self.stage.world.history(user, self.stage.assistant)]


@pytest.mark.timeout(1800)
async def test_what_is_scheduled_happens_once_whenever_it_is_killed(
    stage: Stage, kills: int, tally: Tally, rng: random.Random
) -> None:
    plans = Plans(stage, rng, tally)
    for _ in range(max(4, kills // 6)):
        await plans.write_down(rng.randint(1, 4))
        await plans.life()
    await plans.settle()
    plans.count()
    assert tally.findings == []
