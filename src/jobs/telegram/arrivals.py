"""Files on their way in: a message is handed on when its own is there, and nothing overtakes it meanwhile."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from jobs.core.database import Transaction
from jobs.core.errors import StorageError, TelegramError
from jobs.core.i18n import Language
from jobs.core.journal import InboxRow, Journal
from jobs.core.messages import FILES, OWNER_SESSION, SPOKEN, InboundMessage, Taken
from jobs.core.ports import TakeIn
from jobs.core.rich_text import Entity, RichText
from jobs.core.usage import TurnUsage
from jobs.core.words import media as words
from jobs.telegram.attachments import pieces
from jobs.telegram.client import Telegram
from jobs.telegram.render import split, utf16_length
from jobs.telegram.typing import TypingReply

log = logging.getLogger(__name__)

_AT_ONCE = 3
"""Files of the owner, and as many of everybody else together."""
_ALBUM_SECONDS = 0.7
"""Telegram delivers an album message by message: after so long without another it is complete."""
_PAUSE_AFTER_FAILURE = 5.0
_LONG_SPEECH = 60
"""Seconds: what is heard in a longer one, the owner is shown."""


@dataclass(eq=False)
class _Arrival:
    row: InboxRow
    taking: asyncio.Task[InboxRow] | None
    came: float = field(default_factory=time.monotonic)  # monotonic


class Arrivals:
    """Between the dispatcher and the sessions; `price` is what a minute of listening costs in dollars."""

    def __init__(
        self,
        *,
        telegram: Telegram,
        journal: Journal,
        take_in: TakeIn,
        submit: Callable[[str, InboxRow], None],
        language: Language,
        price: float,
    ) -> None:
        self._telegram = telegram
        self._journal = journal
        self._take_in = take_in
        self._submit = submit
        self._language: Language = language
        self._price = price
        self._queues: dict[str, deque[_Arrival]] = {}
        self._draining: dict[str, asyncio.Task[None]] = {}
        self._places = {True: asyncio.Semaphore(_AT_ONCE), False: asyncio.Semaphore(_AT_ONCE)}

    def hand_over(self, session_key: str, row: InboxRow) -> None:
        """Hand a message to its session, once its file and all before it are there."""
        queue, fetch = self._queues.get(session_key), _has_file_to_fetch(row.message)
        if queue is None and not fetch:
            self._submit(session_key, row)
            return
        taking = asyncio.create_task(self._take(session_key, row), name="taking a file in") if fetch else None
        arrival = _Arrival(row, taking)
        if queue is not None:
            queue.append(arrival)
            return
        self._queues[session_key] = queue = deque([arrival])
        self._draining[session_key] = asyncio.create_task(
            self._drain(session_key, queue), name=f"arrivals of {session_key}"
        )

    def hand_on(self, session_key: str) -> None:
        """Wait no longer: hand over what is there, as it is."""
        for arrival in self._give_up(session_key):
            done = arrival.taking is not None and arrival.taking.done() and not arrival.taking.cancelled()
            row = arrival.taking.result() if arrival.taking is not None and done else arrival.row
            if row.message.taken is None and _has_file_to_fetch(row.message):
                row = _with(row, Taken(trouble="stopped"))
            self._submit(session_key, row)

    async def close(self) -> None:
        """Give everything up; what is not handed over stays journalled."""
        tasks: list[asyncio.Task[InboxRow] | asyncio.Task[None]] = [*self._draining.values()]
        tasks += [a.taking for queue in self._queues.values() for a in queue if a.taking is not None]
        for key in list(self._queues):
            self._give_up(key)
        if tasks:
            await asyncio.wait(tasks)

    def _give_up(self, session_key: str) -> list[_Arrival]:
        waiting = list(self._queues.pop(session_key, ()))
        if (draining := self._draining.pop(session_key, None)) is not None:
            draining.cancel()
        for arrival in waiting:
            if arrival.taking is not None:
                arrival.taking.cancel()
        return waiting

    async def _drain(self, session_key: str, queue: deque[_Arrival]) -> None:
        typing = TypingReply(self._telegram, queue[0].row.message.chat_id)
        try:
            while queue:
                ready = await self._next(queue)
                for arrival in ready:
                    row = arrival.taking.result() if arrival.taking is not None else arrival.row
                    queue.popleft()
                    self._submit(session_key, row)
            del self._queues[session_key], self._draining[session_key]
        finally:
            await typing.settle()

    async def _next(self, queue: deque[_Arrival]) -> list[_Arrival]:
        """The first message, or the whole of its album, once all of its files are there."""
        while True:
            album = queue[0].row.message.album_id
            together = [a for a in queue if a.row.message.album_id == album] if album else [queue[0]]
            waiting = [arrival.taking for arrival in together if arrival.taking is not None]
            if waiting:
                await asyncio.wait(waiting)
            left = max(a.came for a in together) + _ALBUM_SECONDS - time.monotonic() if album else 0.0
            if left > 0:
                await asyncio.sleep(left)
            elif len(together) == 1 or together == [a for a in queue if a.row.message.album_id == album]:
                return self._in_a_row(queue, together)

    @staticmethod
    def _in_a_row(queue: deque[_Arrival], together: list[_Arrival]) -> list[_Arrival]:
        """Nothing may be overtaken: those at the head, up to the first that is not among them."""
        ready: list[_Arrival] = []
        for arrival in queue:
            if arrival not in together:
                break
            ready.append(arrival)
        return ready

    async def _take(self, session_key: str, row: InboxRow) -> InboxRow:
        """Never fails: what could not be had is told of."""
        of_owner = session_key == OWNER_SESSION
        async with self._places[of_owner]:
            while True:
                try:
                    async with self._journal.database.transaction() as tx:
                        known = await self._journal.inbox.taken_before(tx, row.message)
                    taken = known or await self._fetch(row.message, of_owner=of_owner)
                    await self._note(session_key, row, taken, known is not None)
                    return _with(row, taken)
                except StorageError as error:
                    log.error("What became of a file could not be noted; it is tried again: %s", error)
                    await asyncio.sleep(_PAUSE_AFTER_FAILURE)

    async def _fetch(self, message: InboundMessage, *, of_owner: bool) -> Taken:
        try:
            async with aclosing(pieces(self._telegram, message.chat_id, message.message_id)) as coming:
                return await self._take_in.take(message, coming, of_owner=of_owner)
        except TelegramError as error:
            log.warning("The file of message %d could not be had: %s", message.message_id, error)
        except StorageError:
            raise
        except Exception:  # the handling of one file ends here
            log.exception("The file of message %d could not be taken in", message.message_id)
        return Taken(trouble="gone")

    async def _note(self, session_key: str, row: InboxRow, taken: Taken, known: bool) -> None:
        message, notices = row.message, []
        if session_key == OWNER_SESSION and not known:
            notices = self._notices(message, taken)

        async def tell(tx: Transaction) -> None:
            for number, notice in enumerate(notices):
                once = f"file {row.id}/{number}"
                await self._journal.outbox.add_once(tx, message.chat_id, notice, once, reply_to=message.message_id)

        usage = None
        if session_key != OWNER_SESSION and taken.speech and message.carried is not None and not known:
            usage = TurnUsage(model="speech", cost_usd=max(1.0, message.carried.seconds / 60) * self._price)
        await self._journal.took(row, taken, session_key, usage=usage, also=tell)

    def _notices(self, message: InboundMessage, taken: Taken) -> list[RichText]:
        """What the owner has to know at once, as replies to their message."""
        kind = words.KINDS.get(message.attachment) if message.attachment is not None else None
        if taken.trouble in words.NOT_TAKEN:
            what = kind.say(self._language) if kind is not None else ""
            return [RichText(words.NOT_TAKEN[taken.trouble].say(self._language, what=what))]
        if taken.unheard is not None:
            return [RichText(words.NOT_HEARD[taken.unheard].say(self._language))]
        long = message.carried is not None and message.carried.seconds > _LONG_SPEECH
        if not (taken.speech and long and message.attachment in SPOKEN):
            return []
        heading = words.HEARD.say(self._language)
        start, length = utf16_length(heading) + 1, utf16_length(taken.speech)
        return list(split(RichText(f"{heading}\n{taken.speech}", (Entity("quote", start, length),))))


def _has_file_to_fetch(message: InboundMessage) -> bool:
    return message.attachment in FILES and message.taken is None


def _with(row: InboxRow, taken: Taken) -> InboxRow:
    return replace(row, message=row.message.model_copy(update={"taken": taken}))


__all__ = ["Arrivals"]
