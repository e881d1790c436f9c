"""Forgets what is over for good and that nobody looks at any more, so that the database of years stays small.

What stays, and why:
- whatever is not settled, not sent, or was told to the owner but not to their session yet;
- all that was said between people and the assistant: the tools page back through it, and it tells who is a stranger;
- the newest row of each table: the next one is numbered after it, and numbers name occasions;
- what the comparison with Telegram's history has not reached yet, and every edit of a message while one is young;
- of the owner's chat, that a message was sent and under which id: what is known of a message that somebody replies to
  hangs on it. Its words go;
- what an open errand was looked after for, however long ago: else it would come up again;
- notices that are said once in a lifetime, questions, the books of what was paid, and how errands went: small, or asked
  for.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from jobs.core.clock import Clock, to_text
from jobs.core.database import Database
from jobs.core.errors import StorageError
from jobs.core.journal.outbox import FORGOTTEN
from jobs.core.messages import EVENTS

log = logging.getLogger(__name__)

KEPT = timedelta(days=90)
"""So long a late redelivery is known: a web hook's delivery id, a moment of a schedule, a message of Telegram."""
_AT_ONCE = 200
_PAUSE = 0.05
_FIRST = timedelta(minutes=10)
"""After the start, when everything else is under way and the machine's clock is likely to be right."""
_AGAIN = timedelta(days=1)

_EVENTS = """
DELETE FROM trigger_events WHERE rowid > ?1 AND rowid <= ?2 AND created_at < ?3 AND unheard = 0
AND id < (SELECT max(id) FROM trigger_events)
AND (inbox_id IS NULL OR EXISTS (SELECT 1 FROM inbox WHERE inbox.id = inbox_id AND settled_at < ?3))
AND substr(key, 1, instr(key || ' ', ' ') - 1)
    NOT IN (SELECT id FROM tasks WHERE status IN ('pending', 'in_progress', 'waiting'))
"""
_INBOX = f"""
DELETE FROM inbox WHERE rowid > ?1 AND rowid <= ?2
AND (chat_id = {EVENTS} OR (chat_id = ?4
    AND message_id <= (SELECT reconciled_id FROM chats WHERE chats.chat_id = inbox.chat_id)))
AND id < (SELECT max(id) FROM inbox)
AND NOT EXISTS (SELECT 1 FROM trigger_events WHERE inbox_id = inbox.id)
AND NOT EXISTS (SELECT 1 FROM inbox AS edit  -- itself, too
    WHERE edit.chat_id = inbox.chat_id AND edit.message_id = inbox.message_id AND coalesce(edit.settled_at, ?3) >= ?3)
"""  # noqa: S608
_OUTBOX = f"""
UPDATE outbox SET text = '{FORGOTTEN}', entities = '[]', attempted_text = NULL
WHERE rowid > ?1 AND rowid <= ?2 AND sent_at < ?3 AND chat_id = ?4
AND text NOT IN ('', '{FORGOTTEN}')
"""  # noqa: S608
_EFFECTS = "DELETE FROM tool_effects WHERE rowid > ?1 AND rowid <= ?2 AND settled = 1 AND created_at < ?3"
_STEPS = (("trigger_events", _EVENTS), ("inbox", _INBOX), ("outbox", _OUTBOX), ("tool_effects", _EFFECTS))
"""In this order: a run's row of the inbox goes after its event, which points there."""


class Retention:
    """Looks through the tables once a day, a few rows at a time: nobody waits for it."""

    def __init__(self, database: Database, clock: Clock, owner_chat: int) -> None:
        self._database = database
        self._clock = clock
        self._owner_chat = owner_chat

    async def run(self, first: timedelta = _FIRST, again: timedelta = _AGAIN) -> None:
        """Run until cancelled; what fails is tried again the next time."""
        await asyncio.sleep(first.total_seconds())
        while True:
            try:
                forgotten = await self.sweep()
            except StorageError:
                log.exception("What is over could not be cleared away; it is tried again in %s", again)
            else:
                log.info("Cleared away what is over: %d rows", forgotten)
            await asyncio.sleep(again.total_seconds())

    async def sweep(self) -> int:
        """Forget what is older than KEPT; returns how many rows that were. Raises StorageError."""
        before = to_text(self._clock.now() - KEPT)
        return sum([await self._sweep_table(table, statement, before) for table, statement in _STEPS])

    async def _sweep_table(self, table: str, statement: str, before: str) -> int:
        of_owner = (self._owner_chat,) if "?4" in statement else ()
        after, forgotten = 0, 0
        while True:
            async with self._database.transaction() as tx:
                row = await tx.one(
                    f"SELECT max(number) AS last FROM (SELECT rowid AS number FROM {table} WHERE rowid > ? "  # noqa: S608
                    "ORDER BY rowid LIMIT ?)",
                    after,
                    _AT_ONCE,
                )
                if row is None or row["last"] is None:
                    return forgotten
                forgotten += await tx.execute(statement, after, row["last"], before, *of_owner)
                after = int(row["last"])
            await asyncio.sleep(_PAUSE)
