"""The table schedules: what is to happen at its time. It is the truth; whoever waits for a moment looks here."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from jobs.core.clock import Clock, from_text, to_text
from jobs.core.database import Transaction
from jobs.core.errors import NotFound
from jobs.triggers.models import SessionChoice
from jobs.triggers.rules import Cron, Every, Once, Rule

Kind = Literal["reminder", "prompt"]
State = Literal["active", "done", "cancelled"]
_TRIFLE = timedelta(minutes=2)

# A reminder of what was settled is wanted after that.
_ERRAND_IS_OPEN = (
    "(task_id IS NULL OR EXISTS (SELECT 1 FROM tasks WHERE tasks.id = task_id "
    "AND (tasks.status IN ('pending', 'in_progress', 'waiting') "
    "OR (tasks.status = 'done' AND schedules.kind = 'reminder'))))"
)
_COLUMNS = (
    "id, title, prompt, kind, session, task_id, once_at, cron, every_seconds, anchor, zone, until, max_runs, next_run, "
    "state"
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule; moments are in UTC."""

    id: str
    title: str
    prompt: str
    kind: Kind
    session: SessionChoice
    task_id: str | None
    rule: Rule
    zone: ZoneInfo
    until: datetime | None
    max_runs: int | None
    next_run: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    state: State = "active"
    runs: int = 0

    @property
    def repeats(self) -> bool:
        """Whether it happens more than once."""
        return not isinstance(self.rule, Once)

    def following(self, moment: datetime, runs: int) -> datetime | None:
        """Its first run after a moment, when it has had `runs` of them; None when none is left."""
        if self.max_runs is not None and runs >= self.max_runs:
            return None
        found = self.rule.next_after(moment)
        return found if found is None or self.until is None or found <= self.until else None


@dataclass(frozen=True, slots=True)
class Missed:
    """A schedule of which runs were skipped."""

    title: str
    count: int
    goes_on: bool
    """Whether any run is left."""


class Schedules:
    """`changed` rings when the next moment may be another than it was; whoever waits for it clears it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.changed = asyncio.Event()

    async def add(self, tx: Transaction, schedule: Schedule) -> None:
        """Write a new one down; ring `changed` afterwards."""
        await tx.execute(
            f"INSERT INTO schedules ({_COLUMNS}, created_by, created_at, updated_at) VALUES "  # noqa: S608
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *_values(schedule),
            schedule.created_by,
            to_text(schedule.created_at),
            to_text(schedule.updated_at),
        )

    async def replace(self, tx: Transaction, schedule: Schedule) -> None:
        """Write an edited one down; ring `changed` afterwards."""
        names = _COLUMNS.split(", ")
        await tx.execute(
            f"UPDATE schedules SET {', '.join(f'{name} = ?' for name in names)}, updated_at = ? WHERE id = ?",  # noqa: S608
            *_values(schedule),
            to_text(schedule.updated_at),
            schedule.id,
        )

    async def get(self, tx: Transaction, schedule_id: str, *, task_id: str | None = None) -> Schedule:
        """A schedule by its id (only of an errand, if one is given). Raises NotFound."""
        row = await tx.one(
            "SELECT * FROM schedules WHERE id = ?1 AND (?2 IS NULL OR task_id = ?2)",
            schedule_id.strip().lstrip("#").lower(),
            task_id,
        )
        if row is None:
            raise NotFound(f"There is no schedule {schedule_id!r}: list_schedules tells which there are.")
        return _parse(row)

    async def list(
        self, tx: Transaction, *, state: State | None = "active", task_id: str | None = None
    ) -> Sequence[Schedule]:
        """Schedules (only of an errand, if one is given), what comes first first.

        One of an errand that is over is done, though nobody may have looked at it since.
        """
        found = await self._find(tx, task_id)
        return [schedule for schedule in found if state is None or schedule.state == state]

    async def _find(self, tx: Transaction, task_id: str | None) -> Sequence[Schedule]:
        rows = await tx.all(
            f"SELECT *, {_ERRAND_IS_OPEN} AS wanted FROM schedules WHERE (?1 IS NULL OR task_id = ?1) "  # noqa: S608
            "ORDER BY next_run IS NULL, next_run, created_at",
            task_id,
        )
        return [
            schedule if row["wanted"] or schedule.state != "active" else replace(schedule, state="done", next_run=None)
            for row, schedule in ((row, _parse(row)) for row in rows)
        ]

    async def due(self, tx: Transaction, most: int) -> Sequence[Schedule]:
        """Those whose time has come, the longest overdue first."""
        rows = await tx.all(
            "SELECT * FROM schedules WHERE state = 'active' AND next_run <= ? ORDER BY next_run, id LIMIT ?",
            to_text(self._clock.now()),
            most,
        )
        return [_parse(row) for row in rows]

    async def next_moment(self, tx: Transaction) -> datetime | None:
        """When the next one is due."""
        row = await tx.one("SELECT min(next_run) AS next FROM schedules WHERE state = 'active'")
        return from_text(row["next"]) if row and row["next"] else None

    async def advance(
        self, tx: Transaction, schedule: Schedule, following: datetime | None, *, ran: bool, missed: int
    ) -> bool:
        """It goes on to its next run; False when it is not any more as it was read, or its errand is over."""
        open_errand = await tx.one(f"SELECT 1 FROM schedules WHERE id = ? AND {_ERRAND_IS_OPEN}", schedule.id)  # noqa: S608
        if open_errand is None:
            await tx.execute("UPDATE schedules SET state = 'done', next_run = NULL WHERE id = ?", schedule.id)
            return False
        changed = await tx.execute(
            "UPDATE schedules SET next_run = ?, runs = runs + ?, missed = missed + ?, state = ? "
            "WHERE id = ? AND state = 'active' AND next_run = ? AND updated_at = ?",
            _text(following),
            int(ran),
            missed,
            "done" if following is None else "active",
            schedule.id,
            _text(schedule.next_run),
            to_text(schedule.updated_at),
        )
        return changed == 1

    async def is_wanted(self, tx: Transaction, schedule: Schedule) -> bool:
        """Whether anything may come of it: False when the errand that it belongs to is over."""
        condition = _ERRAND_IS_OPEN.replace("task_id", "?1").replace("schedules.kind", "?2")
        return await tx.one(f"SELECT 1 WHERE {condition}", schedule.task_id, schedule.kind) is not None

    async def move(self, tx: Transaction, schedule: Schedule, moment: datetime) -> None:
        """Its next run comes at another moment: the clock was wrong."""
        await tx.execute(
            "UPDATE schedules SET next_run = ? WHERE id = ? AND next_run = ? AND state = 'active'",
            to_text(moment),
            schedule.id,
            _text(schedule.next_run),
        )

    async def take_missed(self, tx: Transaction) -> Sequence[Missed]:
        """Those that were skipped since they were taken last; trifles are left out."""
        rows = await tx.all("SELECT * FROM schedules WHERE missed > 0 ORDER BY missed DESC, created_at")
        await tx.execute("UPDATE schedules SET missed = 0 WHERE missed > 0")
        now = self._clock.now()
        return [
            Missed(str(row["title"]), int(row["missed"]), row["state"] == "active")
            for row in rows
            if not _is_trifle(row, now)
        ]


def _is_trifle(row: sqlite3.Row, now: datetime) -> bool:
    """One run was skipped, and within a moment of it comes the next: that takes a hiccup, not having been off."""
    if row["missed"] > 1 or row["next_run"] is None:
        return False
    following = from_text(row["next_run"])
    second = _parse(row).rule.next_after(following)
    return second is not None and second - following < _TRIFLE and following - now < _TRIFLE


def _values(schedule: Schedule) -> Sequence[str | int | None]:
    rule = schedule.rule
    return (
        schedule.id,
        schedule.title,
        schedule.prompt,
        schedule.kind,
        schedule.session,
        schedule.task_id,
        to_text(rule.at) if isinstance(rule, Once) else None,
        rule.line if isinstance(rule, Cron) else None,
        int(rule.span.total_seconds()) if isinstance(rule, Every) else None,
        to_text(rule.anchor) if isinstance(rule, Every) else None,
        schedule.zone.key,
        _text(schedule.until),
        schedule.max_runs,
        _text(schedule.next_run),
        schedule.state,
    )


def _text(moment: datetime | None) -> str | None:
    return to_text(moment) if moment is not None else None


def _moment(text: str | None) -> datetime | None:
    return from_text(text) if text else None


def _parse(row: sqlite3.Row) -> Schedule:
    zone = ZoneInfo(row["zone"])
    rule: Rule
    if row["cron"]:
        rule = Cron(row["cron"], zone)
    elif row["every_seconds"]:
        rule = Every(timedelta(seconds=row["every_seconds"]), from_text(row["anchor"]))
    else:
        rule = Once(from_text(row["once_at"]))
    return Schedule(
        id=row["id"],
        title=row["title"],
        prompt=row["prompt"],
        kind=row["kind"],
        session=row["session"],
        task_id=row["task_id"],
        rule=rule,
        zone=zone,
        until=_moment(row["until"]),
        max_runs=row["max_runs"],
        next_run=_moment(row["next_run"]),
        created_by=row["created_by"],
        created_at=from_text(row["created_at"]),
        updated_at=from_text(row["updated_at"]),
        state=row["state"],
        runs=row["runs"],
    )
