"""Sends what the outbox holds: in its order in each chat, different chats at once, each message once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from jobs.core.clock import Clock
from jobs.core.errors import AlreadySent, MessageGone, RetryLater, StorageError, Undeliverable
from jobs.core.journal import Journal, OutboxRow
from jobs.core.rich_text import RichText
from jobs.telegram.client import Telegram

log = logging.getLogger(__name__)

_PAUSE_AFTER_FAILURE = 5.0
_ASK_AGAIN = 60.0

ReportUndelivered = Callable[[OutboxRow, Undeliverable], Awaitable[None]]
MaySend = Callable[[OutboxRow], Awaitable[None]]
"""Asked before a message is first tried; raises RetryLater when it has to wait, Undeliverable when it must not go."""


async def send_once(telegram: Telegram, journal: Journal, row: OutboxRow) -> int | None:
    """Send a row under its random_id, and note the id of its message.

    A row that was tried before is sent as it was then, so that it is known by its text when Telegram has it already:
    the caller changes it to what it reads now. Returns None when Telegram had it and it was deleted since, when it is
    to keep it for later, and when it was withdrawn before it was tried.
    Raises RetryLater, Undeliverable, SignedOut.
    """
    outbox, database = journal.outbox, journal.database
    content = row.content
    if row.attempted_text is None:
        async with database.transaction() as tx:
            if not await outbox.attempting(tx, row.id, content):
                return None
    elif row.attempted_text != content.text:
        content = RichText(row.attempted_text)
    try:
        if row.file:
            message_id = await telegram.send_file(row.chat_id, Path(row.file), content, row.random_id)
        elif row.manner.forward_id is not None:
            message_id = await telegram.forward(row.chat_id, row.random_id, row.manner)
        else:
            message_id = await telegram.send(row.chat_id, content, row.random_id, row.reply_to, row.manner)
    except AlreadySent:
        if row.manner.at is not None:
            return None
        async with database.transaction() as tx:
            ours = await outbox.known_ids(tx, row.chat_id)
        found = await telegram.find_sent(row.chat_id, content, row.created_at, ours)
        if found is None:
            return None
        message_id = found
    if row.manner.at is not None:
        return None  # what it has now is an id among the scheduled ones
    async with database.transaction() as tx:
        await outbox.acknowledged(tx, row.id, message_id)
    return message_id


class OutboxSender:
    """One worker for each chat that has something to send; `SignedOut` ends them all."""

    def __init__(
        self, telegram: Telegram, journal: Journal, clock: Clock, report: ReportUndelivered, may_send: MaySend
    ) -> None:
        self._telegram = telegram
        self._journal = journal
        self._clock = clock
        self._report = report
        self._may_send = may_send
        self._busy: dict[int, asyncio.Event] = {}  # the chats that have a worker; rings when it may have more to do
        self._doubtful: set[int] = set()  # rows that are on the screen, where a late preview may still overwrite them
        self._workers = asyncio.TaskGroup()

    async def resolve_unacknowledged(self) -> None:
        """After a crash: learn the ids of messages that Telegram may have taken without our knowing.

        Until then one of them, read back from Saved Messages, could pass for a message of the owner: there, a
        Telegram that says "not now" is waited for. Elsewhere the sending itself finds out later.
        """
        async with self._journal.database.transaction() as tx:
            rows = await self._journal.outbox.unacknowledged(tx)
        for row in rows:
            while True:
                try:
                    await self._send_new(row)
                except RetryLater as error:
                    if row.chat_id == self._telegram.account.id:
                        await asyncio.sleep(error.after)
                        continue
                except MessageGone:
                    async with self._journal.database.transaction() as tx:
                        await self._journal.outbox.forget_message(tx, row.id)
                except Undeliverable as error:
                    await self._refused(row, error)
                break

    async def run(self) -> None:
        """Send until cancelled. Raises SignedOut (in a group) when Telegram has ended the sign-in."""
        async with asyncio.TaskGroup() as self._workers:
            while True:
                self._journal.queued.clear()
                try:
                    chats = dict.fromkeys(row.chat_id for row in await self._pending())
                except StorageError as error:
                    await _pause(error)
                    continue
                for chat_id in chats:
                    if chat_id in self._busy:
                        self._busy[chat_id].set()
                    else:
                        self._busy[chat_id] = asyncio.Event()
                        self._workers.create_task(self._work(chat_id), name=f"outbox {chat_id}")
                await self._journal.queued.wait()

    async def _pending(self) -> list[OutboxRow]:
        async with self._journal.database.transaction() as tx:
            rows = await self._journal.outbox.pending(tx)
        return [row for row in rows if row.id not in self._doubtful]

    async def _work(self, chat_id: int) -> None:
        more = self._busy[chat_id]
        try:
            while True:
                more.clear()
                try:
                    rows = [row for row in await self._pending() if row.chat_id == chat_id]
                    if not rows and not more.is_set():
                        return
                    for row in rows:
                        if not await (self._withdraw(row) if row.withdrawn else self._deliver(row)) or more.is_set():
                            break  # what came meanwhile may go first
                except StorageError as error:
                    # What was sent without being noted is sent again under its random_id, which Telegram knows.
                    await _pause(error)
        finally:
            del self._busy[chat_id]

    async def _deliver(self, row: OutboxRow) -> bool:
        """Whether the row is out of the way; after False the chat's rows are read anew."""
        try:
            if row.message_id is None:
                if not (row.attempted or await self._let_out(row)) or not await self._send_new(row):
                    return False
            else:
                await self._telegram.edit(row.chat_id, row.message_id, row.content)
        except RetryLater as error:
            log.info("Sending to %d waits %.0f s: %s", row.chat_id, error.after, error)
            await asyncio.sleep(error.after)
            return False
        except MessageGone:
            # The draft was deleted from the chat; the answer is sent as a message of its own.
            async with self._journal.database.transaction() as tx:
                await self._journal.outbox.forget_message(tx, row.id)
            return False
        except Undeliverable as error:
            return await self._refused(row, error)
        if row.message_id is not None and self._telegram.previews.may_land(row.chat_id, row.message_id):
            self._doubtful.add(row.id)
            self._workers.create_task(self._repeat(row, row.message_id), name=f"outbox row {row.id}")
            return True
        await self._note_sent(row)
        return True

    async def _let_out(self, row: OutboxRow) -> bool:
        """Whether a message may be sent now; else return when that may have changed: they may have written since."""
        try:
            await self._may_send(row)
        except RetryLater as error:
            log.debug("Sending to %d waits up to %.0f s: %s", row.chat_id, error.after, error)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(error.after, _ASK_AGAIN)):
                    await self._busy[row.chat_id].wait()
            return False
        return True

    async def _withdraw(self, row: OutboxRow) -> bool:
        """Delete what is on the screen of an answer that came to nothing; if Telegram refuses, it stays."""
        try:
            message_id = row.message_id
            if message_id is None and row.attempted:
                message_id = await send_once(self._telegram, self._journal, row)
            if message_id is not None:
                await self._telegram.delete(row.chat_id, message_id)
        except RetryLater as error:
            log.info("Deleting message %d to %d waits %.0f s: %s", row.id, row.chat_id, error.after, error)
            await asyncio.sleep(error.after)
            return False
        except (MessageGone, Undeliverable) as error:
            log.warning("Message %d to %d cannot be deleted: %s", row.id, row.chat_id, error)
        await self._note_sent(row)
        return True

    async def _refused(self, row: OutboxRow, error: Undeliverable) -> bool:
        """Try what may still go: the text without its formatting, then a message of its own in place of a change."""
        plain = row.content.entities and error.reason == "other"
        if not plain and row.message_id is None:
            await self._fail(row, error)
            return True
        log.warning("Message %d to %d is tried in another way: %s", row.id, row.chat_id, error)
        async with self._journal.database.transaction() as tx:
            if plain:
                await self._journal.outbox.drop_formatting(tx, row.id)
            if row.message_id is None or not plain:
                await self._journal.outbox.forget_message(tx, row.id)
        return False

    async def _repeat(self, row: OutboxRow, message_id: int) -> None:
        """Show a final text once more when no preview can overwrite it any longer; until then it counts as unsent."""
        await self._telegram.previews.over(row.chat_id, message_id)
        while True:
            try:
                with suppress(MessageGone, Undeliverable):  # it was there, and was deleted since
                    await self._telegram.edit(row.chat_id, message_id, row.content)
                await self._note_sent(row)
                self._doubtful.discard(row.id)
                return
            except (RetryLater, StorageError) as error:
                log.info("Message %d is shown once more later: %s", row.id, error)
                await asyncio.sleep(error.after if isinstance(error, RetryLater) else _PAUSE_AFTER_FAILURE)

    async def _note_sent(self, row: OutboxRow) -> None:
        async with self._journal.database.transaction() as tx:
            await self._journal.outbox.sent(tx, row.id)

    async def _send_new(self, row: OutboxRow) -> bool:
        """Whether its text stands in the chat now; otherwise a message does that may hold an earlier state of it."""
        message_id = await send_once(self._telegram, self._journal, row)
        if message_id is None and row.was_draft:
            raise MessageGone("The draft was deleted from the chat.")
        return message_id is None or not row.attempted

    async def _fail(self, row: OutboxRow, error: Undeliverable) -> None:
        log.error("Message %d to %d cannot be delivered: %s", row.id, row.chat_id, error)
        if not row.withdrawn:
            await self._report(row, error)
        async with self._journal.database.transaction() as tx:
            await self._journal.outbox.failed(tx, row.id, str(error))


async def _pause(error: StorageError) -> None:
    log.error("The outbox could not be read or written; sending goes on in %.0f s: %s", _PAUSE_AFTER_FAILURE, error)
    await asyncio.sleep(_PAUSE_AFTER_FAILURE)
