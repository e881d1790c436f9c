"""The table trigger_events: what has fired, and what came of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from jobs.core.clock import Clock, from_text, to_text
from jobs.core.database import Transaction
from jobs.triggers.models import Outcome, TriggerEvent
from jobs.users.errands import new_id

_LONGEST = 4000
_TRIES = 20
_STATE = (
    "CASE WHEN inbox_id IS NULL THEN 'done' WHEN inbox.state IN ('done', 'failed', 'dropped') THEN inbox.state "
    "ELSE 'waiting' END"
)
_SELECT = f"SELECT trigger_events.*, {_STATE} AS state FROM trigger_events LEFT JOIN inbox ON inbox.id = inbox_id"  # noqa: S608


class TriggerEvents:
    """How a run fares is the state of its inbox row, so that the two can never disagree."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def add(self, tx: Transaction, event: TriggerEvent, target: str) -> int | None:
        """Write a firing down, for the session `target` ("" for none); None when it has fired before."""
        added = await tx.execute(
            "INSERT INTO trigger_events (source, key, about, title, target, created_at) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            event.source,
            event.key,
            event.context.about,
            event.context.title,
            target,
            to_text(event.created_at),
        )
        if not added:
            return None
        row = await tx.one("SELECT id FROM trigger_events WHERE source = ? AND key = ?", event.source, event.key)
        assert row is not None  # noqa: S101 - inserted in this very transaction
        return int(row["id"])

    async def handed_over(self, tx: Transaction, event_id: int, inbox_id: int) -> None:
        """Its run is this row of the inbox."""
        await tx.execute("UPDATE trigger_events SET inbox_id = ? WHERE id = ?", inbox_id, event_id)

    async def said(self, tx: Transaction, event_id: int, text: str, *, unheard: bool) -> None:
        """What the owner was told of it; `unheard`: their session does not know."""
        await tx.execute(
            "UPDATE trigger_events SET outcome = ?, unheard = ?, settled_at = ? WHERE id = ?",
            text[:_LONGEST],
            unheard,
            to_text(self._clock.now()),
            event_id,
        )

    async def of_row(self, tx: Transaction, inbox_id: int) -> int | None:
        """The firing whose run is a row of the inbox."""
        row = await tx.one("SELECT id FROM trigger_events WHERE inbox_id = ?", inbox_id)
        return int(row["id"]) if row else None

    async def latest_of(self, tx: Transaction, target: str) -> Outcome | None:
        """The last firing for a session."""
        row = await tx.one(f"{_SELECT} WHERE target = ? ORDER BY trigger_events.id DESC LIMIT 1", target)
        return _parse(row) if row else None

    async def latest_of_errand(self, tx: Transaction, task_id: str, target: str) -> datetime | None:
        """When a schedule of an errand fired last for a session ("": said to the owner as it is)."""
        row = await tx.one(
            "SELECT max(created_at) AS latest FROM trigger_events WHERE target = ? "
            "AND about IN (SELECT id FROM schedules WHERE task_id = ?)",
            target,
            task_id,
        )
        return from_text(row["latest"]) if row and row["latest"] else None

    async def has_fired(self, tx: Transaction, source: str, key: str) -> bool:
        """Whether an event is written down."""
        return await tx.one("SELECT 1 FROM trigger_events WHERE source = ? AND key = ?", source, key) is not None

    async def waiting(self, tx: Transaction, source: str) -> set[str]:
        """What a source has fired about whose run has not ended."""
        rows = await tx.all(
            f"SELECT about FROM ({_SELECT} WHERE source = ?) WHERE state = 'waiting'",  # noqa: S608
            source,
        )
        return {str(row["about"]) for row in rows}

    async def take_back(self, tx: Transaction, about: str) -> None:
        """What has fired about a schedule or subscription, and was not begun, is not done any more."""
        await tx.execute(
            "UPDATE inbox SET state = 'dropped', settled_at = ? WHERE state = 'new' AND attempts = 0 "
            "AND id IN (SELECT inbox_id FROM trigger_events WHERE about = ?)",
            to_text(self._clock.now()),
            about,
        )

    async def last_moment(self, tx: Transaction) -> str:
        """When the last event of all was made, as `core.clock` writes it; "" for never."""
        row = await tx.one("SELECT created_at FROM trigger_events ORDER BY id DESC LIMIT 1")
        return str(row["created_at"]) if row else ""

    async def unheard(self, tx: Transaction) -> Sequence[Outcome]:
        """What the owner was told and their session does not know, the oldest first."""
        rows = await tx.all(f"{_SELECT} WHERE unheard = 1 ORDER BY trigger_events.id")
        return [_parse(row) for row in rows]

    async def heard(self, tx: Transaction, event_ids: Sequence[int]) -> None:
        """The owner's session knows of these."""
        for event_id in event_ids:
            await tx.execute("UPDATE trigger_events SET unheard = 0 WHERE id = ?", event_id)


async def free_id(tx: Transaction) -> str:
    """An id that no schedule, subscription or errand has: one word says what is meant."""
    for attempt in range(_TRIES):
        candidate = new_id(2 if attempt < _TRIES // 2 else 3)
        taken = await tx.one(
            "SELECT 1 FROM schedules WHERE id = ?1 UNION ALL SELECT 1 FROM trigger_subscriptions WHERE id = ?1 "
            "UNION ALL SELECT 1 FROM tasks WHERE id = ?1",
            candidate,
        )
        if taken is None:
            return candidate
    return new_id(6)


def _parse(row: sqlite3.Row) -> Outcome:
    return Outcome(
        id=row["id"],
        source=row["source"],
        about=row["about"],
        title=row["title"],
        state=row["state"],
        text=row["outcome"],
        created_at=from_text(row["created_at"]),
    )
