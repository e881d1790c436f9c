"""The external_users table."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from jobs.core.clock import Clock, from_text, to_text
from jobs.core.database import Transaction
from jobs.core.errors import NotFound
from jobs.core.people import PersonCard
from jobs.users.models import ExternalUser, Standing


class People:
    """Everybody but the owner."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def meet(self, tx: Transaction, card: PersonCard, *, checked: bool = False) -> ExternalUser:
        """Write down what Telegram says of somebody; what it no longer tells (a phone) stays as it was known.

        `checked`: it has just said so. Of somebody new nobody else can have told.
        """
        now = to_text(self._clock.now())
        await tx.execute(
            "INSERT INTO external_users (id, username, first_name, last_name, phone, language, kind, is_contact, "
            "first_contact, last_contact, checked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET username = excluded.username, first_name = excluded.first_name, "
            "last_name = excluded.last_name, phone = coalesce(excluded.phone, phone), "
            "language = coalesce(excluded.language, language), kind = excluded.kind, "
            "is_contact = excluded.is_contact, last_contact = excluded.last_contact, "
            "checked_at = CASE WHEN ? THEN excluded.checked_at ELSE checked_at END",
            card.id,
            card.username,
            card.first_name,
            card.last_name,
            card.phone,
            card.language,
            card.kind,
            card.is_contact,
            now,
            now,
            now,
            checked,
        )
        return await self.get(tx, card.id)

    async def get(self, tx: Transaction, user_id: int) -> ExternalUser:
        """Somebody whom we have met. Raises NotFound."""
        user = await self.find(tx, user_id)
        if user is None:
            raise NotFound(f"Nobody with the id {user_id} has been met yet.")
        return user

    async def find(self, tx: Transaction, user_id: int) -> ExternalUser | None:
        """Somebody, if we have met them."""
        row = await tx.one("SELECT * FROM external_users WHERE id = ?", user_id)
        return _parse(row) if row is not None else None

    async def all(self, tx: Transaction) -> Sequence[ExternalUser]:
        """Everybody, the latest contact first."""
        return [_parse(row) for row in await tx.all("SELECT * FROM external_users ORDER BY last_contact DESC, id")]

    async def set_banned(self, tx: Transaction, user_id: int, banned: bool) -> None:
        """A banned person is never answered nor written to. A ban that is lifted leaves them as strangers."""
        await tx.execute(
            "UPDATE external_users SET banned = ?, standing = CASE WHEN standing = 'refused' THEN 'unknown' "
            "ELSE standing END WHERE id = ?",
            banned,
            user_id,
        )

    async def set_notes(self, tx: Transaction, user_id: int, notes: str) -> None:
        """Replace what the owner wants remembered of somebody."""
        await tx.execute("UPDATE external_users SET notes = ? WHERE id = ?", notes, user_id)

    async def set_limits(self, tx: Transaction, user_id: int, per_hour: int | None, daily_usd: float | None) -> None:
        """Limits of their own; None is what the settings say."""
        await tx.execute(
            "UPDATE external_users SET messages_per_hour = ?, daily_usd = ? WHERE id = ?", per_hour, daily_usd, user_id
        )

    async def set_standing(self, tx: Transaction, user_id: int, standing: Standing) -> None:
        """What the owner said of answering them."""
        await tx.execute("UPDATE external_users SET standing = ? WHERE id = ?", standing, user_id)

    async def approached(self, tx: Transaction, user_id: int) -> None:
        """We have written to somebody of our own accord, and they had never written to us."""
        now = to_text(self._clock.now())
        await tx.execute(
            "INSERT INTO external_users (id, first_contact, last_contact, approached_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET approached_at = coalesce(approached_at, excluded.approached_at)",
            user_id,
            now,
            now,
            now,
        )

    async def approached_since(self, tx: Transaction, moment: datetime) -> Sequence[datetime]:
        """When first contacts were made since a moment, the oldest first."""
        rows = await tx.all(
            "SELECT approached_at FROM external_users WHERE approached_at >= ? ORDER BY approached_at",
            to_text(moment),
        )
        return [from_text(row["approached_at"]) for row in rows]

    async def is_known_to_us(self, tx: Transaction, user_id: int) -> bool:
        """Whether there has been any message between them and us, in either direction."""
        row = await tx.one(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM inbox WHERE chat_id = ?) OR EXISTS (SELECT 1 FROM outbox "
            "WHERE chat_id = ? AND (state = 'sent' OR attempted = 1))",
            user_id,
            user_id,
        )
        return row is not None


def _parse(row: sqlite3.Row) -> ExternalUser:
    return ExternalUser(
        card=PersonCard(
            id=row["id"],
            first_name=row["first_name"],
            last_name=row["last_name"],
            username=row["username"],
            phone=row["phone"],
            language=row["language"],
            kind=row["kind"],
            is_contact=bool(row["is_contact"]),
        ),
        notes=row["notes"],
        standing=row["standing"],
        banned=bool(row["banned"]),
        messages_per_hour=row["messages_per_hour"],
        daily_usd=row["daily_usd"],
        first_contact=from_text(row["first_contact"]),
        last_contact=from_text(row["last_contact"]),
        checked_at=from_text(row["checked_at"]) if row["checked_at"] else None,
    )
