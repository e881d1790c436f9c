"""The messages of a session that have no answer yet: those to be sent, and those the model has."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from jobs.core.clock import Clock
from jobs.core.journal import InboxRow

GATHER_SECONDS = 0.7
"""How long an album, forwards or the pieces of a long text are waited for (nanobot and OpenClaw: 0.5 to 1)."""
TYPING_SECONDS = 6.0
TELEGRAM_SPLITS_AT = 4000
"""A text of about this length is probably followed by its rest."""
MOST_OUTSTANDING = 32
"""Of the messages that a turn took in, the CLI names 64 at its end; the others would count as unanswered for good."""
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Gathering:
    """How long messages are waited for, in seconds, before they are handed over together."""

    pause: float = 0.0
    """After each message."""
    while_typing: float = 0.0
    """At most, since the first message, while the other side is typing."""


def is_trigger(row: InboxRow) -> bool:
    """Whether a row is work that has come due by itself."""
    return row.message.event is not None and row.message.event.kind == "trigger"


class Workload:
    """Pending rows wait, some of them for a moment of their own; outstanding ones are with the model."""

    def __init__(self, clock: Clock, gathering: Gathering) -> None:
        self._clock = clock
        self._gathering = gathering
        self._gathering_since = 0.0  # monotonic
        self._pending: dict[int, InboxRow] = {}
        self._outstanding: dict[str, list[InboxRow]] = {}  # by the message id they were sent under
        self._gather_until = 0.0  # monotonic
        self._apart = False

    @property
    def outstanding_ids(self) -> set[str]:
        """The message ids that the model has not answered."""
        return set(self._outstanding)

    def accept(self, row: InboxRow) -> None:
        """A new message. It is also the moment to try what was postponed."""
        now = time.monotonic()
        if not self._pending:
            self._gathering_since = now
        self._pending = {i: replace(r, not_before=None) for i, r in self._pending.items()}
        self._pending[row.id] = row
        message = row.message
        if self._gathering.pause and message.event is None:
            self._gather_until = now + self._gathering.pause
        if message.album_id or message.forwarded or len(message.text) >= TELEGRAM_SPLITS_AT:
            self._gather_until = time.monotonic() + GATHER_SECONDS

    def typing(self) -> None:
        """The other side is writing; Telegram says so every 5 seconds or so."""
        if self._pending:
            latest = self._gathering_since + self._gathering.while_typing
            self._gather_until = max(self._gather_until, min(time.monotonic() + TYPING_SECONDS, latest))

    def put_back(self, rows: Iterable[InboxRow], not_before: datetime | None = None) -> None:
        """Rows to be sent again, at the earliest at `not_before` (UTC)."""
        self._pending.update({row.id: replace(row, not_before=not_before) for row in rows})

    def due_at(self) -> float | None:
        """The monotonic moment at which something is to be sent; None when nothing is, or the model has enough."""
        rows = self.next_rows()
        if not rows or len(self._outstanding) >= (1 if self._apart else MOST_OUTSTANDING):
            return None
        return max(self._gather_until, min(map(self._due, rows)))

    def next_rows(self) -> list[InboxRow]:
        """What is to be sent next, oldest first: what goes out, goes out together.

        A trigger event goes out alone, when everything else is answered.
        """
        rows = [self._pending[i] for i in sorted(self._pending)]
        said = [row for row in rows if not is_trigger(row)]
        return said or ([] if self._outstanding else rows[:1])

    def keep_apart(self) -> None:
        """What the model has not got yet waits until it has answered all that it has."""
        self._apart = True

    def take_next(self) -> list[InboxRow]:
        """What is to be sent next; it is not pending any more."""
        rows = self.next_rows()
        for row in rows:
            del self._pending[row.id]
        return rows

    @property
    def empty(self) -> bool:
        """Whether there is nothing without an answer."""
        return not self._pending and not self._outstanding

    def sent(self, message_id: str, rows: Iterable[InboxRow]) -> None:
        """The rows are with the model."""
        self._apart = self._apart and bool(self._outstanding)
        self._outstanding[message_id] = [replace(row, attempts=row.attempts + 1) for row in rows]

    def answered(self, message_ids: Iterable[str]) -> list[InboxRow]:
        """The rows that were sent under these ids; they are nobody's any more."""
        return [row for message_id in message_ids for row in self._outstanding.pop(message_id, [])]

    def take_outstanding(self) -> list[InboxRow]:
        """All that the model had."""
        return self.answered(list(self._outstanding))

    def take_all(self) -> list[InboxRow]:
        """Everything without an answer, oldest first."""
        pending, self._pending = self._pending, {}
        return sorted([*self.take_outstanding(), *pending.values()], key=lambda row: row.id)

    def _due(self, row: InboxRow) -> float:
        if row.not_before is None:
            return 0.0
        return time.monotonic() + (row.not_before - self._clock.now()).total_seconds()
