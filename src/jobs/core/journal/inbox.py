"""Incoming messages and what became of them.

new → submitted → done, with the ways out: `dropped` (stopped, or taken back), `failed` (given up, and said so),
`parked` (waits for a person to mend something), `held` (nobody answers it). `submitted` and `parked` go back to
`new` when the attempt ends without an answer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jobs.core.clock import Clock, from_text, to_text
from jobs.core.database import Transaction
from jobs.core.messages import EVENTS, InboundMessage, Taken

Settled = Literal["done", "dropped", "failed"]


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One journalled message; `attempts` counts how often it was handed to the model."""

    id: int
    message: InboundMessage
    attempts: int
    not_before: datetime | None


class Inbox:
    """The inbox table."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def add(self, tx: Transaction, message: InboundMessage, session_key: str | None) -> bool:
        """Journal a message for a session, or for nobody; False when it is there already."""
        inserted = await tx.execute(
            "INSERT INTO inbox (chat_id, message_id, revision, session_key, payload, state, received_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            message.chat_id,
            message.message_id,
            message.revision,
            session_key,
            message.model_dump_json(exclude_defaults=True),
            "new" if session_key else "held",
            to_text(self._clock.now()),
        )
        return inserted == 1

    async def nothing_is_answered(self, tx: Transaction) -> bool:
        """Whether no message is with the model right now."""
        return await tx.one("SELECT 1 FROM inbox WHERE state = 'submitted' LIMIT 1") is None

    async def next_event(self, tx: Transaction) -> int:
        """A message id for the next event of our own."""
        row = await tx.one("SELECT coalesce(max(message_id), 0) + 1 AS next FROM inbox WHERE chat_id = ?", EVENTS)
        return int(row["next"]) if row else 1

    async def unclaimed(self, tx: Transaction, after: int) -> list[tuple[str, InboxRow]]:
        """Open rows above id `after`, oldest first, with their sessions."""
        rows = await tx.all(
            "SELECT * FROM inbox WHERE state = 'new' AND session_key IS NOT NULL AND id > ? ORDER BY id",
            after,
        )
        return [(str(row["session_key"]), _parse(row)) for row in rows]

    async def revisions(self, tx: Transaction, chat_id: int, message_id: int) -> list[tuple[str, InboxRow]]:
        """A message and its edits, each with its state, the newest first."""
        rows = await tx.all(
            "SELECT * FROM inbox WHERE chat_id = ? AND message_id = ? ORDER BY revision DESC", chat_id, message_id
        )
        return [(str(row["state"]), _parse(row)) for row in rows]

    async def has_any(self, tx: Transaction, chat_id: int) -> bool:
        """Whether anything of a chat was journalled."""
        return await tx.one("SELECT 1 FROM inbox WHERE chat_id = ? LIMIT 1", chat_id) is not None

    async def amend(self, tx: Transaction, row_id: int, message: InboundMessage) -> bool:
        """Replace the content of a row that the model has not seen; False when it has."""
        changed = await tx.execute(
            "UPDATE inbox SET payload = ? WHERE id = ? AND state = 'new' AND attempts = 0",
            message.model_dump_json(exclude_defaults=True),
            row_id,
        )
        return changed == 1

    async def take(self, tx: Transaction, row_id: int, taken: Taken) -> None:
        """Note what has become of a message's file."""
        row = await tx.one("SELECT payload FROM inbox WHERE id = ?", row_id)
        if row is not None:
            message = InboundMessage.model_validate_json(row["payload"]).model_copy(update={"taken": taken})
            await tx.execute(
                "UPDATE inbox SET payload = ? WHERE id = ?", message.model_dump_json(exclude_defaults=True), row_id
            )

    async def taken_before(self, tx: Transaction, message: InboundMessage) -> Taken | None:
        """What has become of the same file on an earlier revision of a message; None where it was not taken in."""
        for _, row in await self.revisions(tx, message.chat_id, message.message_id):
            earlier = row.message
            same = earlier.carried is not None and message.carried is not None
            if same and earlier.carried == message.carried and earlier.taken is not None and earlier.taken.path:
                return earlier.taken
        return None

    async def submit(self, tx: Transaction, row_ids: Iterable[int]) -> dict[int, str]:
        """Count an attempt: from here on the model may have seen these. Returns the text of each that is still open."""
        texts: dict[int, str] = {}
        for row_id in row_ids:
            changed = await tx.execute(
                "UPDATE inbox SET state = 'submitted', attempts = attempts + 1, not_before = NULL "
                "WHERE id = ? AND state IN ('new', 'parked', 'submitted')",
                row_id,
            )
            if not changed:
                continue
            row = await tx.one("SELECT payload FROM inbox WHERE id = ?", row_id)
            texts[row_id] = InboundMessage.model_validate_json(row["payload"]).text if row else ""
        return texts

    async def settle(self, tx: Transaction, row_ids: Iterable[int], outcome: Settled) -> int:
        """End rows for good; returns how many were still open."""
        settled = 0
        for row_id in row_ids:
            settled += await tx.execute(
                "UPDATE inbox SET state = ?, settled_at = ?, not_before = NULL "
                "WHERE id = ? AND state IN ('new', 'submitted', 'parked')",
                outcome,
                to_text(self._clock.now()),
                row_id,
            )
        return settled

    async def withdraw(self, tx: Transaction, message_ids: Iterable[int], *, unless: str) -> list[tuple[str, InboxRow]]:
        """Drop what is still in the queue of messages that were deleted; returns what that was, with the sessions.

        The ids are those of private chats, which an account counts together. What the model has stays as it is, and
        so does a message that reads `unless`.
        """
        rows = await tx.all(
            "SELECT inbox.* FROM json_each(?) JOIN inbox ON message_id = value WHERE chat_id > 0 "
            "AND session_key IS NOT NULL AND state IN ('new', 'parked') "
            "AND coalesce(json_extract(payload, '$.text'), '') <> ? ORDER BY inbox.id",
            json.dumps(list(message_ids)),
            unless,
        )
        await self.settle(tx, [row["id"] for row in rows], "dropped")
        return [(str(row["session_key"]), _parse(row)) for row in rows]

    async def is_open(self, tx: Transaction, row_id: int) -> bool:
        """Whether a row is not settled yet."""
        return await tx.one("SELECT 1 FROM inbox WHERE id = ? AND settled_at IS NULL", row_id) is not None

    async def queued(self, tx: Transaction) -> dict[int, list[int]]:
        """The messages that people have written and the model has not got, by chat."""
        rows = await tx.all(
            "SELECT DISTINCT chat_id, message_id FROM inbox WHERE chat_id > 0 AND session_key IS NOT NULL "
            "AND state IN ('new', 'parked') ORDER BY id DESC"
        )
        found: dict[int, list[int]] = {}
        for row in rows:
            found.setdefault(int(row["chat_id"]), []).append(int(row["message_id"]))
        return found

    async def forget_words(self, tx: Transaction, row_id: int) -> None:
        """A settled message holds what is not to be kept."""
        await tx.execute(
            "UPDATE inbox SET payload = json_remove(payload, '$.text') WHERE id = ? AND settled_at IS NOT NULL", row_id
        )

    async def postpone(self, tx: Transaction, row_ids: Iterable[int], until: datetime | None) -> None:
        """Back to the queue: until a moment (UTC), or parked until somebody mends the cause."""
        for row_id in row_ids:
            await tx.execute(
                "UPDATE inbox SET state = ?, not_before = ? WHERE id = ? AND state IN ('new', 'submitted', 'parked')",
                "new" if until else "parked",
                to_text(until) if until else None,
                row_id,
            )

    async def admit(self, tx: Transaction, row: InboxRow) -> None:
        """Another person's message is let in: from here on it counts against their limits.

        What they wrote later may have waited for that, and is in the queue again; ring the journal's bells afterwards.
        """
        await tx.execute(
            "UPDATE inbox SET admitted_at = ?, not_before = NULL WHERE id = ? AND admitted_at IS NULL",
            to_text(self._clock.now()),
            row.id,
        )
        await tx.execute(
            "UPDATE inbox SET not_before = NULL WHERE chat_id = ? AND id > ? AND state = 'new' "
            "AND not_before IS NOT NULL AND admitted_at IS NULL",
            row.message.chat_id,
            row.id,
        )

    async def is_admitted(self, tx: Transaction, row_id: int) -> bool:
        """Whether a message was let in before (and the program was restarted since)."""
        return await tx.one("SELECT 1 FROM inbox WHERE id = ? AND admitted_at IS NOT NULL", row_id) is not None

    async def waiting_before(self, tx: Transaction, row: InboxRow) -> tuple[bool, datetime | None]:
        """Whether an earlier message of the same chat was not let in yet, and until when it waits, if that is known."""
        earlier = await tx.one(
            "SELECT not_before FROM inbox WHERE chat_id = ? AND id < ? AND session_key IS NOT NULL "
            "AND state IN ('new', 'parked') AND admitted_at IS NULL ORDER BY id LIMIT 1",
            row.message.chat_id,
            row.id,
        )
        until = from_text(earlier["not_before"]) if earlier is not None and earlier["not_before"] else None
        return earlier is not None, until

    async def unpark(self, tx: Transaction, session_key: str) -> None:
        """What waited for a person, or for a limit, is in the queue again; ring the journal's bells afterwards."""
        await tx.execute(
            "UPDATE inbox SET state = 'new', not_before = NULL WHERE session_key = ? AND (state = 'parked' "
            "OR (state = 'new' AND not_before IS NOT NULL AND admitted_at IS NULL))",
            session_key,
        )

    async def ready(self, tx: Transaction, row_ids: Iterable[int]) -> set[int]:
        """Which of these are in the queue and need not wait any longer."""
        rows = await tx.all(
            "SELECT inbox.id FROM json_each(?) JOIN inbox ON inbox.id = value "
            "WHERE state = 'new' AND coalesce(not_before, '') <= ?",
            json.dumps(list(row_ids)),
            to_text(self._clock.now()),
        )
        return {int(row["id"]) for row in rows}

    async def reopen_all(self, tx: Transaction) -> int:
        """At start: whatever was in somebody's hands is in the queue again."""
        return await tx.execute(
            "UPDATE inbox SET state = 'new', not_before = NULL WHERE state IN ('submitted', 'parked') "
            "OR (state = 'new' AND not_before IS NOT NULL)"
        )

    async def reconciled(self, tx: Transaction, chat_id: int) -> int | None:
        """The id up to which the chat's history has been compared with the inbox."""
        row = await tx.one("SELECT reconciled_id FROM chats WHERE chat_id = ?", chat_id)
        return int(row["reconciled_id"]) if row else None

    async def set_reconciled(self, tx: Transaction, chat_id: int, message_id: int) -> None:
        """Remember how far the comparison got; it never goes back."""
        await tx.execute(
            "INSERT INTO chats (chat_id, reconciled_id) VALUES (?, ?) "
            "ON CONFLICT (chat_id) DO UPDATE SET reconciled_id = max(reconciled_id, excluded.reconciled_id)",
            chat_id,
            message_id,
        )

    async def open_rows(self, tx: Transaction, session_key: str) -> Sequence[InboxRow]:
        """Everything of a session that has no answer yet, oldest first."""
        rows = await tx.all(
            "SELECT * FROM inbox WHERE session_key = ? AND state IN ('new', 'submitted', 'parked') ORDER BY id",
            session_key,
        )
        return [_parse(row) for row in rows]


def _parse(row: sqlite3.Row) -> InboxRow:
    return InboxRow(
        id=row["id"],
        message=InboundMessage.model_validate_json(row["payload"]),
        attempts=row["attempts"],
        not_before=from_text(row["not_before"]) if row["not_before"] else None,
    )
