"""The steps that must happen together or not at all, and the bells that ring after they did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jobs.core.clock import Clock
from jobs.core.database import Database, Transaction
from jobs.core.journal.effects import Effects, RecordedEffect
from jobs.core.journal.inbox import Inbox, InboxRow, Settled
from jobs.core.journal.outbox import Origin, Outbox
from jobs.core.journal.reactions import Reaction, Reactions
from jobs.core.messages import EVENTS, InboundMessage, SessionEvent, Taken
from jobs.core.rich_text import RichText
from jobs.core.usage import TurnUsage, Usage

Also = Callable[[Transaction], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a turn ends: for which messages, in which attempt, at what price."""

    session_key: str
    chat_id: int
    row_ids: Sequence[int]
    attempt: str
    turn: int
    outcome: Settled = "done"
    commands: Sequence[int] = ()
    """Inbox rows of the commands that caused it; they are done whatever the outcome."""
    origin: Origin = "answer"
    usage: TurnUsage | None = None
    started_by: str = "owner"


class Journal:
    """Inbox, outbox, effects and usage over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock
        self.inbox = Inbox(clock)
        self.outbox = Outbox(clock)
        self.effects = Effects(clock)
        self.reactions = Reactions(clock)
        self.usage = Usage(database, clock)
        self.received = asyncio.Event()
        """Rings when there may be rows to claim; the dispatcher clears it."""
        self.queued = asyncio.Event()
        """Rings when there may be messages to send; the sender clears it."""

    async def receive(self, message: InboundMessage, session_key: str | None) -> bool:
        """Journal an incoming message; False when it was there already."""
        async with self.database.transaction() as tx:
            added = await self.inbox.add(tx, message, session_key)
        if added and session_key:
            self.received.set()
        return added

    async def receive_edit(self, message: InboundMessage, session_key: str | None) -> bool:
        """Journal an edit: it changes a message that still waits, and is a message of its own after that.

        False when it says nothing new. An edit of a message that was never seen is that message.
        """
        async with self.database.transaction() as tx:
            revisions = await self.inbox.revisions(tx, message.chat_id, message.message_id)
            if not revisions:
                added = await self.inbox.add(tx, message, session_key)
            elif not _is_news(message, revisions):
                return False
            else:
                newest = revisions[0][1]
                kept = {"revision": newest.message.revision, "taken": newest.message.taken}
                if await self.inbox.amend(tx, newest.id, message.model_copy(update=kept)):
                    return True
                # Telegram counts edits in seconds, and there may be several in one.
                revision = max(message.edited_at, newest.message.revision + 1)
                added = await self.inbox.add(tx, message.model_copy(update={"revision": revision}), session_key)
        if added and session_key:
            self.received.set()
        return added

    async def took(
        self, row: InboxRow, taken: Taken, session_key: str, *, usage: TurnUsage | None, also: Also | None
    ) -> None:
        """Note what has become of a message's file, and what that cost.

        `also` is done in the same transaction, unless the message was taken back meanwhile.
        """
        async with self.database.transaction() as tx:
            await self.inbox.take(tx, row.id, taken)
            if usage is not None:
                await self.usage.record(tx, usage, session_key=session_key, started_by="file", outcome="done")
            if also is not None and await self.inbox.is_open(tx, row.id):
                await also(tx)
        self.queued.set()

    async def withdraw(self, message_ids: Sequence[int], *, unless: str) -> int:
        """Messages of private chats were deleted: what is still in the queue of them is not answered.

        See `Inbox.withdraw`. Returns how many that were.
        """
        async with self.database.transaction() as tx:
            withdrawn = await self.inbox.withdraw(tx, message_ids, unless=unless)
            for session_key in {key for key, row in withdrawn if row.attempts}:
                # An attempt came to nothing: unless others are still to be answered, so does what it had written.
                await self.effects.settle(tx, session_key, "", 0)
                if not await self.inbox.open_rows(tx, session_key):
                    await self.outbox.withdraw_draft(tx, session_key)
        if withdrawn:
            self.ring()
        return len(withdrawn)

    async def note_reactions(self, chat_id: int, message_id: int, standing: Sequence[Reaction]) -> None:
        """These reactions of the owner stand at a message now; nothing happens where it is not one of ours."""
        async with self.database.transaction() as tx:
            if await self.outbox.is_ours(tx, chat_id, message_id):
                await self.reactions.note(tx, chat_id, message_id, standing)

    async def begin_attempt(
        self, session_key: str, rows: Sequence[InboxRow]
    ) -> tuple[list[InboxRow], list[RecordedEffect]]:
        """Count an attempt for the rows.

        Returns those that were not taken back, as they stand now (an edit may have come in since), and what earlier
        attempts of the session did already.
        """
        async with self.database.transaction() as tx:
            texts = await self.inbox.submit(tx, [row.id for row in rows])
            effects = await self.effects.unsettled(tx, session_key)
        fresh = [
            replace(row, message=row.message.model_copy(update={"text": texts[row.id]}))
            for row in rows
            if row.id in texts
        ]
        return fresh, effects

    async def answer(self, ending: Ending, parts: Sequence[RichText], also: Also | None = None) -> None:
        """End a turn: its messages are settled, its answer is queued and `also` is done, in one transaction."""
        async with self.database.transaction() as tx:
            if also is not None:
                await also(tx)
            await self.inbox.settle(tx, ending.row_ids, ending.outcome)
            await self.inbox.settle(tx, ending.commands, "done")
            await self.effects.settle(tx, ending.session_key, ending.attempt, ending.turn)
            await self._say(tx, ending.session_key, ending.chat_id, parts, ending.origin)
            if ending.usage is not None:
                await self.usage.record(
                    tx,
                    ending.usage,
                    session_key=ending.session_key,
                    started_by=ending.started_by,
                    outcome=ending.outcome,
                )
        self.queued.set()

    async def postpone(
        self,
        session_key: str,
        chat_id: int,
        *,
        row_ids: Sequence[int],
        until: datetime | None,
        notice: Sequence[RichText],
    ) -> None:
        """Put messages back into the queue (parked when `until` is None) and say why, if anything is to be said."""
        async with self.database.transaction() as tx:
            await self.inbox.postpone(tx, row_ids, until)
            await self._say(tx, session_key, chat_id, notice, "notice")
        self.queued.set()

    async def say_nothing(self, session_key: str) -> None:
        """A turn that nobody waits for has ended without a word."""
        async with self.database.transaction() as tx:
            withdrawn = await self.outbox.withdraw_draft(tx, session_key)
        if withdrawn:
            self.queued.set()

    async def reply(self, row_id: int, chat_id: int, parts: Sequence[RichText]) -> None:
        """Answer one message without the model (a command): settle it and queue the words."""
        async with self.database.transaction() as tx:
            if not await self.inbox.settle(tx, [row_id], "done"):
                return
            for part in parts:
                await self.outbox.add(tx, chat_id, part, "answer")
        self.queued.set()

    async def notify(self, chat_id: int, parts: Sequence[RichText], once: str) -> None:
        """Queue words of the program's own; `once` names the occasion, and a second time for it is ignored."""
        async with self.database.transaction() as tx:
            for number, part in enumerate(parts):
                await self.outbox.add_once(tx, chat_id, part, f"{once}/{number}")
        self.queued.set()

    async def tell(self, tx: Transaction, session_key: str, event: SessionEvent) -> int:
        """Journal an event for a session; ring the bells once the transaction has ended. Returns its inbox row."""
        now = self._clock.now()
        number = await self.inbox.next_event(tx)
        message = InboundMessage(chat_id=EVENTS, message_id=number, sender_id=EVENTS, sent_at=now, event=event)
        await self.inbox.add(tx, message, session_key)
        row = await tx.one("SELECT id FROM inbox WHERE chat_id = ? AND message_id = ?", EVENTS, number)
        assert row is not None  # noqa: S101 - inserted in this very transaction
        return int(row["id"])

    def ring(self) -> None:
        """Ring both bells: there may be something to do."""
        self.received.set()
        self.queued.set()

    async def reopen(self) -> int:
        """At start: every message that has no answer is in the queue again. Returns how many were underway."""
        async with self.database.transaction() as tx:
            reopened = await self.inbox.reopen_all(tx)
            await self.outbox.finish_orphans(tx)
        self.ring()
        return reopened

    async def _say(
        self, tx: Transaction, session_key: str, chat_id: int, parts: Sequence[RichText], origin: Origin
    ) -> None:
        rest = list(parts)
        if not rest:
            await self.outbox.withdraw_draft(tx, session_key)
        elif await self.outbox.finish_draft(tx, session_key, rest[0]):
            rest = rest[1:]
        for part in rest:
            await self.outbox.add(tx, chat_id, part, origin)


def _is_news(edit: InboundMessage, revisions: Sequence[tuple[str, InboxRow]]) -> bool:
    """Whether an edit says what its message's revisions (the newest first) do not, and is not told late."""
    state, newest = revisions[0]
    told = {row.message.text for _, row in revisions if row.message.edited_at == edit.edited_at}
    return (
        state != "held" and edit.text not in {newest.message.text, *told} and edit.edited_at >= newest.message.edited_at
    )
