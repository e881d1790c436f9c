"""Hands journalled messages to whoever answers them: commands here, everything else to the sessions."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from jobs.core import fence
from jobs.core.errors import JobsError, TelegramError
from jobs.core.i18n import Language
from jobs.core.journal import InboxRow, Journal
from jobs.core.messages import OWNER_SESSION, InboundMessage, RepliedTo
from jobs.core.ports import REDACTED, Admission, Admitted, Compose, Questions, Refused, Secrets, Sessions, Waiting
from jobs.core.rich_text import pieces
from jobs.core.words import chat as words
from jobs.core.words import people as people_words
from jobs.core.words import servers as server_words
from jobs.telegram.arrivals import Arrivals
from jobs.telegram.client import Telegram
from jobs.telegram.commands import help_text, parse_command

log = logging.getLogger(__name__)

_PAUSE_AFTER_FAILURE = 5.0
_LOOK_UP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits: until a moment (UTC), or for the owner."""

    session_key: str
    row: InboxRow
    until: datetime | None
    paused_until: datetime | None = None
    """Set after a failure: the journal says that the message is due, and it is not tried before."""


class Dispatcher:
    """Claims rows in the order of the inbox, each once in the life of the process."""

    def __init__(
        self,
        *,
        telegram: Telegram,
        journal: Journal,
        sessions: Sessions,
        arrivals: Arrivals,
        admission: Admission,
        questions: Questions,
        secrets: Secrets,
        compose: Compose,
        usage_text: Callable[[], Awaitable[str]],
        tasks_text: Callable[[], Awaitable[str]],
        update: Callable[[InboxRow], Awaitable[None]],
        language: Language,
    ) -> None:
        self._telegram = telegram
        self._journal = journal
        self._sessions = sessions
        self._arrivals = arrivals
        self._compose = compose
        self._admission = admission
        self._questions = questions
        self._secrets = secrets
        self._usage_text = usage_text
        self._tasks_text = tasks_text
        self._update = update
        self._language: Language = language
        self._claimed = 0
        self._held: dict[int, Held] = {}
        self._people: dict[str, deque[Held]] = {}
        """The sessions of people whose messages are being received, and what waits behind the first."""
        self._receiving: set[asyncio.Task[None]] = set()
        self._acknowledging: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Dispatch until cancelled; a failure is logged and the row is claimed again."""
        try:
            while True:
                self._journal.received.clear()
                try:
                    await self._dispatch_new()
                except JobsError:
                    log.exception("Dispatching failed; it goes on in %.0f s", _PAUSE_AFTER_FAILURE)
                    await asyncio.sleep(_PAUSE_AFTER_FAILURE)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._until_due()):
                        await self._journal.received.wait()
        finally:
            tasks = [*self._receiving, *self._acknowledging]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._arrivals.close()

    async def _dispatch_new(self) -> None:
        now = datetime.now(UTC)
        due = [row_id for row_id, held in self._held.items() if held.paused_until is None or held.paused_until <= now]
        async with self._journal.database.transaction() as tx:
            rows = await self._journal.inbox.unclaimed(tx, self._claimed)
            again = await self._journal.inbox.ready(tx, due)
        for row_id in sorted(again):
            self._receive(self._held.pop(row_id))
        for session_key, row in rows:
            await self._dispatch(session_key, row)
            self._claimed = row.id

    def _until_due(self) -> float | None:
        """Seconds until a message that was made to wait is due; None when none is."""
        moments = [held.until for held in self._held.values() if held.until is not None]
        return max(0.05, (min(moments) - datetime.now(UTC)).total_seconds()) if moments else None

    async def _dispatch(self, session_key: str, row: InboxRow) -> None:
        if row.message.event is not None:
            self._sessions.submit(session_key, row)
        elif session_key == OWNER_SESSION:
            await self._dispatch_owner(session_key, row)
        else:
            self._receive(Held(session_key, row, None))

    def _receive(self, held: Held) -> None:
        """Who somebody is may have to be asked of Telegram: that keeps nobody waiting but them."""
        if held.session_key in self._people:
            self._people[held.session_key].append(held)
            return
        self._people[held.session_key] = deque([held])
        task = asyncio.create_task(self._receive_all_of(held.session_key), name=f"receiving {held.session_key}")
        self._receiving.add(task)
        task.add_done_callback(self._receiving.discard)

    async def _receive_all_of(self, session_key: str) -> None:
        """What one person writes is received in its order."""
        waiting = self._people[session_key]
        while waiting:
            held = waiting.popleft()
            try:
                await self._receive_person(session_key, held.row)
            except Exception:  # the handling of one person's message ends here
                log.exception("A message of %s could not be handed over; it is tried again", session_key)
                later = datetime.now(UTC) + timedelta(seconds=_PAUSE_AFTER_FAILURE)
                self._hold(replace(held, until=later, paused_until=later))
        del self._people[session_key]

    def _hold(self, held: Held) -> None:
        self._held[held.row.id] = held
        self._journal.received.set()  # the loop has to know until when; or what it waits for has come meanwhile

    async def _receive_person(self, session_key: str, row: InboxRow) -> None:
        match await self._admission.judge(row):
            case Waiting(until):
                self._hold(Held(session_key, row, until))
                return
            case Refused():
                return
            case Admitted():
                pass
        self._acknowledge(row.message)
        match parse_command(row.message.text):
            case "help":
                language = await self._admission.language(row.message.chat_id)
                await self._reply(row, people_words.HELP.say(language))
            case "clear":
                self._arrivals.hand_on(session_key)
                self._sessions.clear(session_key, row)
            case _:
                await self._submit(session_key, row)

    async def _dispatch_owner(self, session_key: str, row: InboxRow) -> None:
        """A message that breaks something must not do so at every start: it is given up, and that is said."""
        try:
            await self._handle_owner(session_key, row)
        except JobsError:
            raise
        except Exception:  # the handling of one message ends here
            log.exception("A message of the owner could not be handled")
            await self._reply(row, words.BROKEN.say(self._language))

    async def _handle_owner(self, session_key: str, row: InboxRow) -> None:
        message = row.message
        if message.sender_id == self._telegram.account.id and await self._settle_ours(row):
            return
        self._acknowledge(message)
        if await self._questions.answered_by_message(row):
            return
        match None if message.forwarded else parse_command(message.text):
            case "stop":
                self._arrivals.hand_on(session_key)
                self._sessions.stop(session_key, row)
            case "clear":
                self._arrivals.hand_on(session_key)
                self._sessions.clear(session_key, row)
            case "help":
                await self._reply(row, help_text(self._language))
            case "usage":
                await self._reply(row, await self._usage_text())
            case "tasks":
                await self._reply(row, await self._tasks_text())
            case "update":
                await self._update(row)
            case "secret":
                await self._answer_secret(row)
            case None:
                await self._hand_over(session_key, row)

    async def _answer_secret(self, row: InboxRow) -> None:
        message, answer = row.message, await self._secrets.answer(row.message)
        if message.text == REDACTED:
            try:
                async with asyncio.timeout(_LOOK_UP_SECONDS):
                    await self._telegram.delete(message.chat_id, message.message_id)
            except (TelegramError, TimeoutError) as error:
                log.warning("A message with a secret could not be deleted: %s", error)
                answer = f"{answer}\n\n{server_words.SECRET_NOT_DELETED.say(self._language)}"
        await self._journal.reply(row.id, message.chat_id, pieces(answer))

    async def _settle_ours(self, row: InboxRow) -> bool:
        """In Saved Messages our own answers may come back as updates: they are not the owner's word."""
        message = row.message
        async with self._journal.database.transaction() as tx:
            ours = await self._journal.outbox.may_be_ours(tx, message.chat_id, message.message_id, message.text)
            if ours:
                await self._journal.inbox.settle(tx, [row.id], "done")
            if ours and fence.BEARER.search(message.text):
                await self._journal.inbox.forget_words(tx, row.id)
        return ours

    async def _hand_over(self, session_key: str, row: InboxRow) -> None:
        message = row.message
        if not message.text and message.attachment is None:
            await self._journal.reply(row.id, message.chat_id, ())  # nothing was said
            return
        await self._submit(session_key, row)

    async def _submit(self, session_key: str, row: InboxRow) -> None:
        message = row.message
        replied = await self._replied_to(message)
        enriched = message.model_copy(update={"reply_to": replied})
        self._arrivals.hand_over(session_key, InboxRow(row.id, enriched, row.attempts, row.not_before))

    async def _reply(self, row: InboxRow, markdown: str) -> None:
        await self._journal.reply(row.id, row.message.chat_id, await self._compose(markdown))

    async def _replied_to(self, message: InboundMessage) -> RepliedTo | None:
        header = message.reply_to
        if header is None or header.message_id is None:
            return header
        async with self._journal.database.transaction() as tx:
            ours = await self._journal.outbox.is_ours(tx, message.chat_id, header.message_id)
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):  # a /stop may wait behind this message
                text = await self._telegram.text_of(message.chat_id, header.message_id)
        except (TelegramError, TimeoutError):
            text = None
        if ours:  # what only the owner may read stands there as well
            return header.model_copy(
                update={"by_assistant": ours, "text": _masked(text), "quote": _masked(header.quote)}
            )
        return header.model_copy(update={"text": text})

    def _acknowledge(self, message: InboundMessage) -> None:
        async def mark_read() -> None:
            try:
                await self._telegram.mark_read(message.chat_id, message.message_id)
            except TelegramError as error:
                log.debug("A message could not be marked as read: %s", error)

        task = asyncio.create_task(mark_read(), name="mark read")
        self._acknowledging.add(task)
        task.add_done_callback(self._acknowledging.discard)


def _masked(text: str | None) -> str | None:
    return fence.masked(text) if text is not None else None


__all__: Sequence[str] = ("Dispatcher",)
