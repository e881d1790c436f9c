"""What a day costs in which nothing is due: tokens (none) and processor time.

A day of beats, half an hour apart, over a real database with errands, schedules and a checklist of which nothing wants
anything; then the real daemon, left alone for a while with its heartbeat on.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path
from zoneinfo import ZoneInfo

from overhead import cpu_seconds, machine, report

from jobs.core.database import Database, Transaction
from jobs.core.errors import NotFound
from jobs.core.journal import Journal
from jobs.core.people import PersonCard
from jobs.core.setting_values import DayHours
from jobs.sandbox.stage import Stage
from jobs.tools.approvals import Approvals
from jobs.triggers.alarm_clock import AlarmClock
from jobs.triggers.executor import TriggerExecutor
from jobs.triggers.sources.heartbeat import Beat, Heartbeat
from jobs.users.models import ConversationTask, ErrandContext, Participant
from jobs.users.repository import UsersRepository

_OWNER, _ZONE, _ERRANDS = 1, ZoneInfo("Europe/Berlin"), 50
_INTERVAL = timedelta(minutes=30)


class _Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


class _NoBook:
    """Telegram is not asked."""

    async def people(self) -> list[PersonCard]:
        return []

    async def look_up(self, who: str) -> PersonCard | None:
        del who

    async def chat(self, who: str) -> tuple[int, str]:
        raise NotFound(who)

    async def text_of(self, chat_id: int, message_id: int) -> str | None:
        del chat_id, message_id


@asynccontextmanager
async def _no_alarm() -> AsyncGenerator[AlarmClock]:
    raise NotImplementedError
    yield


async def _nobody(tx: Transaction, user_id: int, granted: bool) -> None:
    del tx, user_id, granted


async def _errands(repository: UsersRepository, now: datetime) -> None:
    """Errands that wait for a moment which is days away."""
    async with repository.journal.database.transaction() as tx:
        await repository.people.meet(tx, PersonCard(10, "Masha"))
        for number in range(_ERRANDS):
            errand = ConversationTask(
                id=f"e{number}", title="Report", description="", kind="", context=ErrandContext(skill="chase"),
                deadline=now + timedelta(days=9), status="waiting", next_step="ask at 2026-03-09 10:00", result="",
                session_id=None, created_by="owner", created_at=now, updated_at=now,
                people=[Participant(10, "Masha", "pending", "")],
            )  # fmt: skip
            await repository.errands.create(tx, errand)


async def simulated_day(folder: Path) -> None:
    """48 beats, one after the other."""
    clock = _Clock()
    (folder / "HEARTBEAT.md").write_text("# Every half hour\n\n- [x] the mail\n")
    async with Database.open(folder / "db.sqlite") as database:
        journal = Journal(database, clock)
        repository = UsersRepository(journal, clock, _NoBook(), _OWNER)
        await _errands(repository, clock.now())
        approvals = Approvals(
            journal, clock, owner_chat=_OWNER, language="en", zone=_ZONE, settle_stranger=_nobody
        )  # fmt: skip
        beat = Beat(_INTERVAL, DayHours(wall_time(0), wall_time(0)), _ZONE)
        fired = TriggerExecutor(journal, clock, _OWNER).fired
        heartbeat = Heartbeat(beat, repository, approvals, fired, folder, alarm_clock=_no_alarm)
        began, events = time.process_time(), 0
        for _ in range(48):
            events += len(await heartbeat.due())
            clock.moment += _INTERVAL
        spent = time.process_time() - began
    report("a day of 48 beats, nothing due: runs, so tokens", str(events), f"{_ERRANDS} open errands")
    report("processor time of those beats", f"{spent:.2f} s")


async def left_alone(seconds: float) -> None:
    """The real daemon, its heartbeat on."""
    with tempfile.TemporaryDirectory() as folder:
        async with Stage.open(Path(folder)) as stage:
            stage.extra |= {"HEARTBEAT_INTERVAL_MINUTES": "30", "HEARTBEAT_ACTIVE_HOURS": "00:00-24:00"}
            daemon = await stage.start()
            pids = [daemon.pid, *daemon.children()]
            before = cpu_seconds(pids)
            await asyncio.sleep(seconds)
            spent = cpu_seconds(pids) - before
            asked = len(stage.claude.requests.model)
    report(f"the daemon left alone for {seconds:.0f} s: requests to the model", str(asked))
    report("processor time of all its processes", f"{spent:.2f} s", f"{spent / seconds:.2%} of a core")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long the daemon is left alone")
    arguments = parser.parse_args()
    machine()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(simulated_day(Path(folder)))
    asyncio.run(left_alone(arguments.seconds))


if __name__ == "__main__":
    main()
