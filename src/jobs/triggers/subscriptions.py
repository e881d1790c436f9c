"""The table trigger_subscriptions: what the owner wants to hear of, and how far each has got."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from jobs.core.clock import Clock, from_text, to_text
from jobs.core.database import Transaction
from jobs.core.errors import NotFound
from jobs.core.messages import OWNER_SESSION, trigger_session
from jobs.triggers.filters import Filter
from jobs.triggers.models import Subscription


class Subscriptions:
    """Every change by a person sets `updated_at`, so that what was read before it can be told."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def add(self, tx: Transaction, subscription: Subscription) -> None:
        """Write a new one down."""
        values = {
            "id": subscription.id,
            "type": subscription.type,
            "source": subscription.source,
            "title": subscription.title,
            "prompt": subscription.prompt,
            "filter": subscription.filter.model_dump_json(exclude_defaults=True),
            "session": subscription.session,
            "batch_minutes": subscription.batch_minutes,
            "position": subscription.position,
            "secret": subscription.secret,
            "state": subscription.state,
            "reason": subscription.reason,
            "created_by": subscription.created_by,
            "created_at": to_text(subscription.created_at),
            "updated_at": to_text(subscription.updated_at),
        }
        places = ", ".join("?" * len(values))
        await tx.execute(
            f"INSERT INTO trigger_subscriptions ({', '.join(values)}) VALUES ({places})",  # noqa: S608
            *values.values(),
        )

    async def get(self, tx: Transaction, subscription_id: str) -> Subscription:
        """A live one by its id. Raises NotFound."""
        wanted = subscription_id.strip().lstrip("#").lower()
        row = await tx.one("SELECT * FROM trigger_subscriptions WHERE id = ? AND state <> 'cancelled'", wanted)
        if row is None:
            raise NotFound(f"There is no subscription {subscription_id!r}: list_triggers tells which there are.")
        return _parse(row)

    async def list(self, tx: Transaction, *, type_: str | None = None) -> Sequence[Subscription]:
        """The live ones (of one source), the oldest first."""
        rows = await tx.all(
            "SELECT * FROM trigger_subscriptions WHERE state <> 'cancelled' AND (?1 IS NULL OR type = ?1) "
            "ORDER BY created_at, id",
            type_,
        )
        return [_parse(row) for row in rows]

    async def set_state(self, tx: Transaction, subscription: Subscription) -> None:
        """Write down whether it is heard, where from, and why not."""
        await tx.execute(
            "UPDATE trigger_subscriptions SET state = ?, reason = ?, source = ?, position = ?, updated_at = ? "
            "WHERE id = ?",
            subscription.state,
            subscription.reason,
            subscription.source,
            subscription.position,
            to_text(self._clock.now()),
            subscription.id,
        )

    async def edit(self, tx: Transaction, subscription: Subscription) -> None:
        """Write down what is to be done with what comes, and what that is."""
        await tx.execute(
            "UPDATE trigger_subscriptions SET prompt = ?, filter = ?, session = ?, batch_minutes = ?, updated_at = ? "
            "WHERE id = ?",
            subscription.prompt,
            subscription.filter.model_dump_json(exclude_defaults=True),
            subscription.session,
            subscription.batch_minutes,
            to_text(self._clock.now()),
            subscription.id,
        )

    async def advance(self, tx: Transaction, subscription: Subscription, position: str, source: str = "") -> bool:
        """It has got on to a position (in another source, if one is given); False when it has changed meanwhile."""
        changed = await tx.execute(
            "UPDATE trigger_subscriptions SET position = ?, source = ? "
            "WHERE id = ? AND state = 'active' AND position = ? AND updated_at = ?",
            position,
            source or subscription.source,
            subscription.id,
            subscription.position,
            to_text(subscription.updated_at),
        )
        return changed == 1

    async def pause(self, tx: Transaction, subscription: Subscription, reason: str) -> bool:
        """Hear no more of it, because that cannot be; False when it has changed meanwhile."""
        changed = await tx.execute(
            "UPDATE trigger_subscriptions SET state = 'paused', reason = ? "
            "WHERE id = ? AND state = 'active' AND updated_at = ?",
            reason,
            subscription.id,
            to_text(subscription.updated_at),
        )
        return changed == 1

    async def waiting(self, tx: Transaction, subscription: Subscription) -> int:
        """How many of its events have not been dealt with yet."""
        target = OWNER_SESSION if subscription.session == "owner" else trigger_session(subscription.id)
        row = await tx.one(
            "SELECT count(*) AS number FROM inbox JOIN trigger_events ON inbox_id = inbox.id AND about = ? "
            "WHERE session_key = ? AND state IN ('new', 'submitted', 'parked')",
            subscription.id,
            target,
        )
        return int(row["number"]) if row else 0


def _parse(row: sqlite3.Row) -> Subscription:
    return Subscription(
        id=row["id"],
        type=row["type"],
        source=row["source"],
        title=row["title"],
        prompt=row["prompt"],
        filter=Filter.model_validate_json(row["filter"]),
        session=row["session"],
        batch_minutes=row["batch_minutes"],
        created_by=row["created_by"],
        created_at=from_text(row["created_at"]),
        updated_at=from_text(row["updated_at"]),
        position=row["position"],
        secret=row["secret"],
        state=row["state"],
        reason=row["reason"],
    )
