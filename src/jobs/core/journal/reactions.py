"""The owner's reactions to messages of ours: new → told, or removed before anybody was told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from jobs.core.clock import Clock, from_text, to_text
from jobs.core.database import Transaction

LATELY = timedelta(days=7)
"""What is older is no news; nor is what stood in the chat before the program looked for reactions."""
CUSTOM = ""
"""A custom emoji: it is a picture, and has no name."""


class Reaction(NamedTuple):
    """One reaction, as it stands at a message; `at` is the moment (UTC) that Telegram names."""

    emoji: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UntoldReaction:
    """One of which the owner's session does not know; `text` is what the message says, "" if that is not known."""

    id: int
    emoji: str
    at: datetime
    text: str


class Reactions:
    """The reactions table."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def note(self, tx: Transaction, chat_id: int, message_id: int, standing: Sequence[Reaction]) -> None:
        """These are the reactions to a message now; what is not among them any more need not be told."""
        stand = [(reaction.emoji, to_text(reaction.at)) for reaction in standing]
        rows = await tx.all(
            "SELECT * FROM reactions WHERE chat_id = ? AND message_id = ? AND state = 'new'", chat_id, message_id
        )
        for row in rows:
            if (row["emoji"], row["reacted_at"]) not in stand:
                await tx.execute("UPDATE reactions SET state = 'removed' WHERE id = ?", row["id"])
        since = to_text(self._clock.now() - LATELY)
        for emoji, moment in stand:
            if moment >= since:
                await tx.execute(
                    "INSERT INTO reactions (chat_id, message_id, emoji, reacted_at, state) VALUES (?, ?, ?, ?, 'new') "
                    "ON CONFLICT DO UPDATE SET state = 'new' WHERE state = 'removed'",
                    chat_id,
                    message_id,
                    emoji,
                    moment,
                )

    async def untold_at(self, tx: Transaction, chat_id: int) -> set[int]:
        """The messages of a chat with reactions that were not told yet."""
        rows = await tx.all("SELECT DISTINCT message_id FROM reactions WHERE chat_id = ? AND state = 'new'", chat_id)
        return {int(row["message_id"]) for row in rows}

    async def untold(self, tx: Transaction) -> list[UntoldReaction]:
        """All that were not told yet, the oldest first."""
        rows = await tx.all(
            "SELECT id, emoji, reacted_at, coalesce((SELECT text FROM outbox WHERE outbox.chat_id = reactions.chat_id "
            "AND outbox.message_id = reactions.message_id ORDER BY id DESC LIMIT 1), '') AS text "
            "FROM reactions WHERE state = 'new' ORDER BY reacted_at, id"
        )
        return [UntoldReaction(r["id"], r["emoji"], from_text(r["reacted_at"]), r["text"]) for r in rows]

    async def told(self, tx: Transaction, ids: Collection[int]) -> None:
        """The owner's session knows of these."""
        for row_id in ids:
            await tx.execute("UPDATE reactions SET state = 'told' WHERE id = ?", row_id)
