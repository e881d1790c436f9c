"""The tables of errands: tasks, task_people, task_history."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from jobs.core.clock import Clock, from_text, to_text
from jobs.core.database import Transaction
from jobs.core.errors import NotFound
from jobs.core.people import PersonCard
from jobs.users.models import OPEN, SETTLED, Change, ConversationTask, ErrandContext, Participant, Status

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_TRIES = 20
_SETTABLE = frozenset({"title", "status", "result", "next_step", "deadline", "session_id"})


def new_id(syllables: int) -> str:
    """A word that can be said and spelled, such as `lumo`."""
    return "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(syllables))


class Errands:
    """Every change is written into the history by the same transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def free_id(self, tx: Transaction) -> str:
        """An id that no errand has; a longer one when the short ones run out."""
        for attempt in range(_TRIES):
            candidate = new_id(2 if attempt < _TRIES // 2 else 3)
            if await tx.one("SELECT 1 FROM tasks WHERE id = ?", candidate) is None:
                return candidate
        return new_id(6)

    async def create(self, tx: Transaction, errand: ConversationTask) -> None:
        """Write a new errand down."""
        await tx.execute(
            "INSERT INTO tasks (id, title, description, kind, context, deadline, status, next_step, created_by, "
            "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            errand.id,
            errand.title,
            errand.description,
            errand.kind,
            errand.context.model_dump_json(exclude_defaults=True),
            to_text(errand.deadline) if errand.deadline else None,
            errand.status,
            errand.next_step,
            errand.created_by,
            to_text(errand.created_at),
            to_text(errand.updated_at),
        )
        for person in errand.people:
            await tx.execute("INSERT INTO task_people (task_id, user_id) VALUES (?, ?)", errand.id, person.user_id)
        await self.note(tx, errand.id, errand.created_by, f"created: {errand.title}")

    async def get(self, tx: Transaction, task_id: str) -> ConversationTask:
        """An errand by its id, in any case and with a leading #. Raises NotFound."""
        row = await tx.one("SELECT * FROM tasks WHERE id = ?", task_id.strip().lstrip("#").lower())
        if row is None:
            raise NotFound(f"There is no errand {task_id!r}: list_tasks tells which there are.")
        return await self._parse(tx, row)

    async def list(
        self, tx: Transaction, *, statuses: Collection[Status] = OPEN, user_id: int | None = None, kind: str = ""
    ) -> Sequence[ConversationTask]:
        """Errands by status, person and kind, the oldest first."""
        marks = ", ".join("?" for _ in statuses)
        rows = await tx.all(
            f"SELECT * FROM tasks WHERE status IN ({marks}) AND (? = '' OR kind = ?) AND (? IS NULL OR EXISTS "  # noqa: S608
            "(SELECT 1 FROM task_people WHERE task_id = tasks.id AND user_id = ?)) ORDER BY created_at, rowid",
            *statuses,
            kind,
            kind,
            user_id,
            user_id,
        )
        return [await self._parse(tx, row) for row in rows]

    async def concerning(self, tx: Transaction, user_id: int) -> Sequence[ConversationTask]:
        """The errands of which a person may say something, the oldest first."""
        errands = await self.list(tx, statuses=OPEN | SETTLED, user_id=user_id)
        return [errand for errand in errands if errand.concerns_still(user_id, self._clock.now())]

    async def change(self, tx: Transaction, task_id: str, actor: str, values: Mapping[str, str | None]) -> None:
        """Set columns of an errand, each of `_SETTABLE`, and write down what changed."""
        if unknown := values.keys() - _SETTABLE:
            raise ValueError(f"not to be set: {sorted(unknown)}")
        now = to_text(self._clock.now())
        for column, value in values.items():
            await tx.execute(f"UPDATE tasks SET {column} = ?, updated_at = ? WHERE id = ?", value, now, task_id)  # noqa: S608
            if column != "session_id":
                await self.note(tx, task_id, actor, f"{column}: {value or '(none)'}")
        if "status" in values:
            closed = None if values["status"] in OPEN else now
            await tx.execute("UPDATE tasks SET closed_at = ? WHERE id = ?", closed, task_id)

    async def answered(
        self, tx: Transaction, task_id: str, user_id: int, status: Status | None, result: str | None
    ) -> None:
        """What one of its people says of an errand."""
        await tx.execute(
            "UPDATE task_people SET status = coalesce(?, status), result = coalesce(?, result) "
            "WHERE task_id = ? AND user_id = ?",
            status,
            result,
            task_id,
            user_id,
        )

    async def note(self, tx: Transaction, task_id: str, actor: str, change: str) -> None:
        """Add a line to the history."""
        await tx.execute(
            "INSERT INTO task_history (task_id, at, actor, change) VALUES (?, ?, ?, ?)",
            task_id,
            to_text(self._clock.now()),
            actor,
            change,
        )

    async def history(self, tx: Transaction, task_id: str) -> Sequence[Change]:
        """Every change, the oldest first."""
        rows = await tx.all("SELECT * FROM task_history WHERE task_id = ? ORDER BY id", task_id)
        return [Change(from_text(row["at"]), row["actor"], row["change"]) for row in rows]

    async def _parse(self, tx: Transaction, row: sqlite3.Row) -> ConversationTask:
        people = await tx.all(
            "SELECT task_people.*, first_name, last_name, username FROM task_people JOIN external_users "
            "ON external_users.id = user_id WHERE task_id = ? ORDER BY task_people.rowid",
            row["id"],
        )
        return ConversationTask(
            id=row["id"],
            title=row["title"],
            description=row["description"],
            kind=row["kind"],
            context=_context(row["context"]),
            deadline=_moment(row["deadline"]),
            status=row["status"],
            next_step=row["next_step"],
            result=row["result"],
            session_id=row["session_id"],
            created_by=row["created_by"],
            created_at=from_text(row["created_at"]),
            updated_at=from_text(row["updated_at"]),
            closed_at=_moment(row["closed_at"]),
            people=[Participant(p["user_id"], _name(p), p["status"], p["result"]) for p in people],
        )


def _moment(text: str | None) -> datetime | None:
    return from_text(text) if text else None


def _name(row: sqlite3.Row) -> str:
    return PersonCard(row["user_id"], row["first_name"], row["last_name"], row["username"]).name


def _context(text: str) -> ErrandContext:
    try:
        loaded: Mapping[str, Any] = json.loads(text)
        return ErrandContext.model_validate(loaded)
    except ValueError:  # somebody edited the database by hand: the errand itself is still good
        return ErrandContext()
