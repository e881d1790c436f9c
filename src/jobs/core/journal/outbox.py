"""Outgoing messages: each has its Telegram `random_id` before the first attempt, so that a second is harmless.

draft → ready → sent, or failed. A draft is the one message in which a session's answer grows; it is on the screen
already, and becoming `ready` means that its final text stands. With no text it is withdrawn: its message goes.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jobs.core.clock import Clock, from_text, to_text
from jobs.core.database import Transaction
from jobs.core.rich_text import RichText, dump_entities, load_entities

Origin = Literal["answer", "notice", "tool"]
State = Literal["draft", "ready", "sent", "failed"]
WITHDRAWN = "withdrawn"
"""The `error` of what was taken back before it was tried."""
UNKEPT = "unkept "
"""Begins the `once` of a notice that holds a secret: its words are forgotten when it has been sent, or cannot be."""
FORGOTTEN = "…"
"""Stands in place of words that are not kept; an empty text would mean that the message was withdrawn."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a message is sent, beyond what it says."""

    silent: bool = False
    at: datetime | None = None
    """Telegram keeps it until then, so that its message has no id of the chat's."""
    forward_from: int | None = None
    """The chat of the message that is forwarded; the text is what it said."""
    forward_id: int | None = None


PLAINLY = Manner()


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One outgoing message; `message_id` is set once Telegram acknowledged it."""

    id: int
    chat_id: int
    random_id: int
    content: RichText
    reply_to: int | None
    origin: Origin
    state: State
    attempted: bool
    attempted_text: str | None
    message_id: int | None
    created_at: datetime
    was_draft: bool
    """Its text has grown on the screen, so what Telegram has may be an earlier state of it."""
    file: str = ""
    """The path of the file that it carries; the text is its caption."""
    manner: Manner = PLAINLY

    @property
    def withdrawn(self) -> bool:
        """Nothing came of it: its message is to be deleted."""
        return self.was_draft and not self.content.text

    @property
    def gives_way(self) -> bool:
        """Words of the program's own (questions, news) let the answers to what somebody wrote go first."""
        return self.origin == "notice" and not self.attempted


class Outbox:
    """The outbox table."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def add(
        self,
        tx: Transaction,
        chat_id: int,
        content: RichText,
        origin: Origin,
        *,
        reply_to: int | None = None,
        task_id: str | None = None,
        file: str = "",
        manner: Manner = PLAINLY,
    ) -> int:
        """Queue a message, for the errand `task_id` if any, with a file if any; returns its row id."""
        row_id = await self._insert(tx, chat_id, content, origin, reply_to, state="ready", draft_of=None)
        if task_id is not None or file:
            await tx.execute("UPDATE outbox SET task_id = ?, file = ? WHERE id = ?", task_id, file, row_id)
        if manner != PLAINLY:
            await tx.execute(
                "UPDATE outbox SET silent = ?, send_at = ?, forward_from = ?, forward_id = ? WHERE id = ?",
                manner.silent,
                to_text(manner.at) if manner.at is not None else None,
                manner.forward_from,
                manner.forward_id,
                row_id,
            )
        return row_id

    async def note_edit(self, tx: Transaction, chat_id: int, content: RichText, message_id: int) -> None:
        """Write down that a message in a chat reads so from now on: somebody has been told it."""
        row_id = await self._insert(tx, chat_id, content, "tool", None, state="ready", draft_of=None)
        await tx.execute("UPDATE outbox SET attempted = 1, message_id = ? WHERE id = ?", message_id, row_id)
        await self.sent(tx, row_id)

    async def add_once(
        self, tx: Transaction, chat_id: int, content: RichText, once: str, *, reply_to: int | None = None
    ) -> bool:
        """Queue a notice, unless one under the same name was queued before; whether it was."""
        if await tx.one("SELECT 1 FROM outbox WHERE once = ?", once) is not None:
            return False
        row_id = await self.add(tx, chat_id, content, "notice", reply_to=reply_to)
        await tx.execute("UPDATE outbox SET once = ? WHERE id = ?", once, row_id)
        return True

    async def draft(self, tx: Transaction, chat_id: int, content: RichText, session_key: str) -> OutboxRow:
        """The session's unfinished answer: the one that is there already (after a restart), else a new one."""
        found = await tx.one("SELECT * FROM outbox WHERE draft_of = ? AND state = 'draft'", session_key)
        if found is None:
            row_id = await self._insert(tx, chat_id, content, "answer", None, state="draft", draft_of=session_key)
            found = await tx.one("SELECT * FROM outbox WHERE id = ?", row_id)
        assert found is not None  # noqa: S101 - inserted in this very transaction
        return _parse(found)

    async def finish_draft(self, tx: Transaction, session_key: str, content: RichText) -> bool:
        """Give the session's draft its final text; False when there is no draft."""
        changed = await tx.execute(
            "UPDATE outbox SET text = ?, entities = ?, state = 'ready' WHERE draft_of = ? AND state = 'draft'",
            content.text,
            dump_entities(content.entities),
            session_key,
        )
        return changed == 1

    async def withdraw_draft(self, tx: Transaction, session_key: str) -> bool:
        """The session's draft comes to nothing: what is on the screen of it is to be deleted. Whether there was one."""
        return await self.finish_draft(tx, session_key, RichText(""))

    async def has_draft(self, tx: Transaction, session_key: str) -> bool:
        """Whether a session has an unfinished answer on the screen (or on its way there)."""
        row = await tx.one("SELECT 1 FROM outbox WHERE draft_of = ? AND state = 'draft'", session_key)
        return row is not None

    async def finish_orphans(self, tx: Transaction) -> None:
        """At start: a draft whose messages are all settled (work nobody waits for) stays as it stands."""
        await tx.execute(
            "UPDATE outbox SET state = 'ready' WHERE state = 'draft' AND NOT EXISTS (SELECT 1 FROM inbox "
            "WHERE session_key = draft_of AND inbox.state IN ('new', 'submitted', 'parked'))"
        )

    async def pending(self, tx: Transaction) -> list[OutboxRow]:
        """What has to be sent, oldest first; behind it what gives way."""
        rows = [_parse(row) for row in await tx.all("SELECT * FROM outbox WHERE state = 'ready' ORDER BY id")]
        return sorted(rows, key=lambda row: row.gives_way)

    async def unacknowledged(self, tx: Transaction) -> list[OutboxRow]:
        """What Telegram may have, without our knowing the message id."""
        rows = await tx.all(
            "SELECT * FROM outbox WHERE attempted = 1 AND message_id IS NULL AND state IN ('draft', 'ready') "
            "ORDER BY id"
        )
        return [_parse(row) for row in rows]

    async def withdraw(
        self, tx: Transaction, *, chat_id: int | None = None, task_id: str | None = None
    ) -> list[OutboxRow]:
        """Take back what waits for a chat, or for an errand, unless Telegram may have it; returns what that was."""
        rows = await tx.all(
            "SELECT * FROM outbox WHERE state = 'ready' AND attempted = 0 AND (chat_id = ? OR task_id = ?) ORDER BY id",
            chat_id,
            task_id,
        )
        for row in rows:
            await self.failed(tx, row["id"], WITHDRAWN)
        return [_parse(row) for row in rows]

    async def attempting(self, tx: Transaction, row_id: int, content: RichText) -> bool:
        """From here on Telegram may have this message, with this text; later attempts must send the same.

        False when it was withdrawn meanwhile: it must not be sent.
        """
        changed = await tx.execute(
            "UPDATE outbox SET attempted = 1, attempted_text = ?, text = ?, entities = ? "
            "WHERE id = ? AND state IN ('draft', 'ready')",
            content.text,
            content.text,
            dump_entities(content.entities),
            row_id,
        )
        return changed == 1

    async def acknowledged(self, tx: Transaction, row_id: int, message_id: int) -> None:
        """Telegram named the message's id (a draft stays a draft)."""
        await tx.execute("UPDATE outbox SET message_id = ? WHERE id = ?", message_id, row_id)

    async def forget_message(self, tx: Transaction, row_id: int) -> None:
        """Its message was deleted from the chat, or refused: the row is sent anew, under a new random_id."""
        await tx.execute(
            "UPDATE outbox SET message_id = NULL, attempted = 0, attempted_text = NULL, random_id = ? WHERE id = ?",
            new_random_id(),
            row_id,
        )

    async def drop_formatting(self, tx: Transaction, row_id: int) -> None:
        """Telegram refuses its formatting: from here on it is plain text."""
        await tx.execute("UPDATE outbox SET entities = '[]' WHERE id = ?", row_id)

    async def sent(self, tx: Transaction, row_id: int) -> None:
        """The final text is in the chat."""
        await tx.execute(
            "UPDATE outbox SET state = 'sent', sent_at = ?, draft_of = NULL WHERE id = ? AND state = 'ready'",
            to_text(self._clock.now()),
            row_id,
        )
        await self._forget_unkept(tx, row_id)

    async def failed(self, tx: Transaction, row_id: int, error: str) -> None:
        """It can never be delivered; it is kept, with the moment when that was known in `sent_at`."""
        await tx.execute(
            "UPDATE outbox SET state = 'failed', error = ?, sent_at = ?, draft_of = NULL WHERE id = ?",
            error,
            to_text(self._clock.now()),
            row_id,
        )
        await self._forget_unkept(tx, row_id)

    async def _forget_unkept(self, tx: Transaction, row_id: int) -> None:
        await tx.execute(
            "UPDATE outbox SET text = ?, entities = '[]', attempted_text = NULL "
            "WHERE id = ? AND state IN ('sent', 'failed') AND substr(once, 1, ?) = ?",
            FORGOTTEN,
            row_id,
            len(UNKEPT),
            UNKEPT,
        )

    async def is_ours(self, tx: Transaction, chat_id: int, message_id: int) -> bool:
        """Whether a message in a chat is one that we sent."""
        row = await tx.one("SELECT 1 FROM outbox WHERE chat_id = ? AND message_id = ?", chat_id, message_id)
        return row is not None

    async def may_be_ours(self, tx: Transaction, chat_id: int, message_id: int, text: str) -> bool:
        """Whether a message in a chat is one that we sent, or could be one whose id we have not learned yet."""
        row = await tx.one(
            "SELECT 1 FROM outbox WHERE chat_id = ? AND (message_id = ? OR (attempted = 1 AND message_id IS NULL "
            "AND state IN ('draft', 'ready') AND attempted_text = ?))",
            chat_id,
            message_id,
            text,
        )
        return row is not None

    async def known_ids(self, tx: Transaction, chat_id: int) -> set[int]:
        """The ids of our own messages in a chat."""
        rows = await tx.all("SELECT message_id FROM outbox WHERE chat_id = ? AND message_id IS NOT NULL", chat_id)
        return {int(row["message_id"]) for row in rows}

    async def _insert(
        self,
        tx: Transaction,
        chat_id: int,
        content: RichText,
        origin: Origin,
        reply_to: int | None,
        *,
        state: State,
        draft_of: str | None,
    ) -> int:
        return await tx.insert(
            "INSERT INTO outbox (chat_id, random_id, text, entities, reply_to, origin, draft_of, state, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            chat_id,
            new_random_id(),
            content.text,
            dump_entities(content.entities),
            reply_to,
            origin,
            draft_of,
            state,
            to_text(self._clock.now()),
        )


def new_random_id() -> int:
    """A random_id as Telegram takes it: a signed 64-bit number, never 0."""
    return (secrets.randbits(63) or 1) * secrets.choice((1, -1))


def _parse(row: sqlite3.Row) -> OutboxRow:
    return OutboxRow(
        id=row["id"],
        chat_id=row["chat_id"],
        random_id=row["random_id"],
        content=RichText(text=row["text"], entities=load_entities(row["entities"])),
        reply_to=row["reply_to"],
        origin=row["origin"],
        state=row["state"],
        attempted=bool(row["attempted"]),
        attempted_text=row["attempted_text"],
        message_id=row["message_id"],
        created_at=from_text(row["created_at"]),
        was_draft=row["draft_of"] is not None,
        file=row["file"],
        manner=Manner(
            silent=bool(row["silent"]),
            at=from_text(row["send_at"]) if row["send_at"] is not None else None,
            forward_from=row["forward_from"],
            forward_id=row["forward_id"],
        ),
    )


__all__: Sequence[str] = ("Manner", "Origin", "Outbox", "OutboxRow", "State", "new_random_id")
