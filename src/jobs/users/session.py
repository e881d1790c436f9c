"""A live conversation with the model: one turn at a time, nothing lost, nothing answered twice.

The session is an actor. Whatever happens (a message, an event of the Claude process, a command, a deadline) is one
item of its mailbox, and only its own loop changes its state.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from jobs.core.clock import Clock
from jobs.core.errors import AgentUnavailable, StorageError, TurnFailed
from jobs.core.journal import InboxRow, Journal
from jobs.core.ports import Compose, OpenLiveReply, ShowFile, SoundAlarm
from jobs.core.words import chat as words
from jobs.tools.execution import ToolRunner
from jobs.tools.spec import ToolSpec
from jobs.users import agent_events as ev
from jobs.users.agent import Content
from jobs.users.composition import text_block
from jobs.users.conversation import Conversation, NewAgent
from jobs.users.corrections import Corrections
from jobs.users.endings import Cut, Endings
from jobs.users.handover import Handover
from jobs.users.interruption import cut_short
from jobs.users.open_rows import read_open_rows
from jobs.users.pool import Pool
from jobs.users.session_file import SessionFile
from jobs.users.session_items import Command, GiveUp, Halt, Item, Mailbox, Manner, SessionConfig, Typing, Warm
from jobs.users.turn import Turn
from jobs.users.unless import unless
from jobs.users.workload import NEVER, Workload, is_trigger

log = logging.getLogger(__name__)

BUSY_TOOL_SECONDS = 3600
MOST_CRASHES = 3
TELL_AFTER = 3  # failures of our own in a row


class UserSession:
    """One conversation. `run` until cancelled; `put`, `command` and `warm` from anywhere."""

    def __init__(
        self,
        config: SessionConfig,
        *,
        journal: Journal,
        clock: Clock,
        session_file: SessionFile,
        new_agent: NewAgent,
        runner: ToolRunner,
        tools: Mapping[str, ToolSpec],
        compose_text: Compose,
        show_file: ShowFile,
        open_live: OpenLiveReply,
        alarm: SoundAlarm,
        pool: Pool,
        manner: Manner,
    ) -> None:
        self._config = config
        self._journal = journal
        self._clock = clock
        self._runner = runner
        self._tools = tools
        self._open_live = open_live
        self._alarm = alarm

        self._mailbox = Mailbox()
        self._endings = Endings(
            config, journal=journal, clock=clock, runner=runner, compose_text=compose_text, manner=manner
        )
        self._conversation = Conversation(
            session_file=session_file,
            new_agent=new_agent,
            runner=runner,
            on_event=self._mailbox.put_nowait,
            on_end=self._mailbox.forget_events,
            on_lost=self._endings.lost,
            recall=manner.recall,
            equipment=manner.equipment,
            pool=pool,
            seat=pool.seat(first=config.to_owner, give_up=lambda: self._mailbox.put_nowait(GiveUp())),
        )
        self._manner = manner
        self._handover = Handover(config, manner, show_file, lambda: self._conversation.fresh)
        self._corrections = Corrections(manner.objection)
        self._work = Workload(clock, config.gathering)
        self._turn: Turn | None = None
        self._cut_off: Turn | None = None  # by a /stop that the journal has not taken yet
        self._last_sign = 0.0  # monotonic
        self._accepted: set[int] = set()  # rows handed over; those settled since do no harm
        self._failures = 0  # in a row, of our own
        self._failed_starts = 0  # in a row, of the Claude process
        self._deaths = 0  # in a row, of Claude processes that were at work: a restart of ours is no fault of a message
        self._over = False
        self.plan_windows: dict[str, ev.PlanWindow] = {}

    # ---- from outside ----

    def put(self, row: InboxRow) -> None:
        """Hand a message over."""
        self._mailbox.put_nowait(row)

    def command(
        self, kind: Literal["stop", "clear"], row: InboxRow | None, elsewhere: Sequence[asyncio.Future[bool]] = ()
    ) -> None:
        """Stop, or stop and begin afresh; to be repeated with its row when there was none."""
        self._mailbox.put_nowait(Command(kind, row, elsewhere))

    def halt(self) -> asyncio.Future[bool]:
        """End what was begun, for a /stop in the owner's conversation; tells whether there was anything."""
        halt = Halt()
        self._mailbox.put_nowait(halt)
        return halt.ended

    def warm(self) -> None:
        """Start the Claude process now, so that the first message does not wait for it."""
        self._mailbox.put_nowait(Warm())

    def adopt(self, session_id: str) -> None:
        """Go on with this conversation, if there is none yet."""
        self._conversation.adopt(session_id)

    def typing(self) -> None:
        """The other side is writing."""
        self._mailbox.put_nowait(Typing())

    async def run(self) -> Sequence[InboxRow]:
        """The session's life; on cancellation the process is ended and unanswered messages stay journalled.

        A passing session ends by itself; returns the messages that came too late for it.
        """
        try:
            while not self._over:
                item = await self._next()
                try:
                    await self._handle(item)
                    self._failures = 0
                except StorageError:
                    log.exception("Session %s could not write its journal", self._config.key)
                    await self._alarm(words.DISK_REFUSES)
                    await self._recover()
                except Exception:  # the handling of one item ends here
                    log.exception("Session %s failed on %s", self._config.key, type(item).__name__)
                    await self._recover()
                    if self._failures == TELL_AFTER:
                        with contextlib.suppress(StorageError):
                            await self._endings.broken()
        finally:
            if self._turn is not None:
                await self._turn.live.settle()
            if self._working:
                with contextlib.suppress(AgentUnavailable):  # a turn that is interrupted first ends at once
                    await self._conversation.interrupt()
            await self._conversation.retire()
        return self._mailbox.close()

    # ---- the loop ----

    async def _next(self) -> Item:
        deadline = self._next_deadline()
        try:
            async with asyncio.timeout(None if deadline is None else max(0.0, deadline - time.monotonic())):
                return await self._mailbox.get()
        except TimeoutError:
            return None

    def _next_deadline(self) -> float | None:
        """The monotonic moment at which something is due by itself."""
        moments = [self._work.due_at()]
        if self._working:
            moments.append(self._last_sign + self._patience)
        elif self._config.hibernate_after is not None and self._conversation.running:
            moments.append(self._last_sign + self._config.hibernate_after)
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def _working(self) -> bool:
        return bool(self._work.outstanding_ids) or self._turn is not None

    @property
    def _patience(self) -> float:
        busy = self._turn is not None and self._turn.busy
        return BUSY_TOOL_SECONDS if busy else self._config.query_timeout

    async def _handle(self, item: Item) -> None:
        match item:
            case InboxRow():
                self._accepted.add(item.id)
                self._work.accept(item)
            case Command("stop"):
                await self._stop(item)
            case Command():
                await self._clear(item)
            case Halt(ended):
                ended.set_result(await self._endings.stopped(await self._interrupt(), None))
            case Warm():
                with contextlib.suppress(AgentUnavailable):  # the first message will try again, and tell
                    await self._conversation.start(urgent=self._mailbox.commanded)
            case Typing():
                self._work.typing()
            case GiveUp():
                if not self._working:
                    await self._conversation.end()
            case None:
                await self._hibernate_if_due()
            case _:
                await self._on_event(item)
        now = time.monotonic()
        if self._working and now >= self._last_sign + self._patience:
            await self._give_up_waiting()
        elif (due := self._work.due_at()) is not None and now >= due and self._mailbox.empty():
            await self._send_pending()
        await self._conversation.set_busy(self._working)

    async def _send_pending(self) -> None:
        if self._config.passing and any(is_trigger(row) and not row.attempts for row in self._work.next_rows()):
            await self._begin_afresh()
        if not self._working:
            await self._conversation.renew()
        elif self._work.outstanding_ids and await self._conversation.outdated():
            self._work.keep_apart()  # it may well be about what was just installed
            return
        try:
            if not await self._conversation.start(urgent=self._mailbox.commanded):
                return  # the command says what becomes of the messages
        except AgentUnavailable as error:
            rows = self._work.take_next()
            self._failed_starts += 1
            await self._postpone(rows, TurnFailed("unavailable", str(error)), self._failed_starts)
            return
        self._failed_starts = 0
        rows = self._work.take_next()
        if not self._work.outstanding_ids:
            self._runner.attempt = str(uuid.uuid4())
        rows, effects = await self._journal.begin_attempt(self._config.key, rows)
        if not rows:
            return  # taken back. Else pictures are made fit now, which takes a moment:
        composing = self._handover.compose(rows, effects, joins=bool(self._work.outstanding_ids))
        content = await unless(self._mailbox.commanded, composing)
        if content is None:
            self._work.put_back(rows)  # the command says what becomes of them
        else:
            await self._hand_over(rows, content)

    async def _hand_over(self, rows: list[InboxRow], content: Content) -> None:
        message_id = str(uuid.uuid4())
        # Known to be underway before it is sent: the answer may be quicker than this coroutine.
        self._work.sent(message_id, rows)
        self._last_sign = time.monotonic()
        self._current_turn().hears(rows)
        try:
            await self._conversation.send(message_id, content)
        except AgentUnavailable as error:
            await self._on_death(str(error))

    def _current_turn(self) -> Turn:
        if self._turn is None:
            live = self._open_live(self._config.chat_id or 0, self._config.key)
            self._turn = Turn(live, self._tools, self._config.language)
        return self._turn

    async def _hibernate_if_due(self) -> None:
        after = self._config.hibernate_after
        if after is not None and not self._working and time.monotonic() >= self._last_sign + after:
            await self._conversation.end()
            self._over = self._config.passing and self._work.empty

    # ---- the Claude process ----

    async def _on_event(self, event: ev.AgentEvent) -> None:
        self._last_sign = time.monotonic()
        match event:
            case ev.TextDelta() | ev.TextWritten() | ev.ToolStarted() | ev.ToolEnded():
                self._current_turn().take(event)
            case ev.SignOfLife():
                pass
            case ev.PlanWindow():
                self.plan_windows[event.name] = event
            case ev.TurnEnded():
                await self._on_turn_end(event)
            case ev.Died(reason):
                await self._on_death(reason)

    async def _on_turn_end(self, event: ev.TurnEnded) -> None:
        if self._conversation.remember(event.session_id) and self._manner.remember is not None:
            await self._manner.remember(event.session_id)
        unnamed = not event.message_ids and not event.unsolicited
        rows = self._work.take_outstanding() if unnamed else self._work.answered(event.message_ids)
        turn, self._turn = self._turn, None
        if turn is not None:
            await turn.live.settle()
        if event.interrupted:
            # Nobody of ours asked: it is tried again like after a death of the process.
            await self._retry(rows, turn, "interrupted")
        elif event.failure is not None:
            self._deaths = 0
            self._handover.forget()
            await self._postpone(rows, event.failure, min((row.attempts for row in rows), default=1), event)
        else:
            self._deaths = 0
            await self._answer(rows, event, turn.texts if turn else ())
        if self._work.outstanding_ids:
            self._current_turn()

    async def _answer(self, rows: list[InboxRow], event: ev.TurnEnded, texts: Sequence[str]) -> None:
        correction = await self._corrections.demanded(texts)
        if correction is None:
            await self._endings.answer(rows, event, texts)
        elif correction.text:
            await self._endings.record(event, "corrected")
            await self._hand_over(rows, [text_block(correction.text)])
        else:
            await self._endings.withhold(rows, event, correction.objection)

    async def _on_death(self, reason: str) -> None:
        log.warning("The Claude process of %s ended: %s", self._config.key, reason)
        await self._conversation.end()
        rows = self._work.take_outstanding()
        turn, self._turn = self._turn, None
        if turn is not None:
            await turn.live.settle()
        await self._retry(rows, turn, reason)

    async def _retry(self, rows: list[InboxRow], turn: Turn | None, reason: str) -> None:
        self._handover.forget()
        self._deaths += bool(rows)
        if rows and self._deaths >= MOST_CRASHES:
            self._deaths = 0
            await self._postpone(rows, TurnFailed("crashed", reason), MOST_CRASHES)
        elif rows:
            self._work.put_back(rows)
        elif turn is not None and self._manner.objection is None:  # what nobody waits for is not checked either
            await self._endings.answer([], None, turn.texts)

    async def _postpone(
        self, rows: list[InboxRow], failure: TurnFailed, attempts: int, event: ev.TurnEnded | None = None
    ) -> None:
        until = await self._endings.postpone(rows, failure, attempts=attempts, event=event)
        if until is not None:
            self._work.put_back(rows, until)

    async def _recover(self) -> None:
        """After a failure of our own: the journal knows what is open; it is tried again, ever more seldom."""
        self._failures += 1
        turn, self._turn = self._turn, None
        self._handover.forget()
        self._work.take_all()
        if turn is not None:
            await turn.live.settle()
        await self._conversation.end()
        pause = min(3600, 5 * 2 ** min(self._failures, 10))
        rows = await read_open_rows(self._journal, self._config.key)
        until = self._clock.now() + timedelta(seconds=pause)
        self._work.put_back((row for row in rows if row.id in self._accepted), until)

    async def _give_up_waiting(self) -> None:
        seconds, cut = int(self._patience), await self._interrupt()
        until = await self._endings.silent(cut, seconds)
        if until is not None:
            self._work.put_back(cut.rows, until)

    async def _stop(self, command: Command) -> None:
        cut = await self._interrupt()
        cut = replace(cut, turn=cut.turn or self._cut_off)
        self._cut_off = None
        if command.row is not None:
            await self._endings.stopped(cut, command)
            return
        # What it ends is settled when the command comes once more.
        self._work.put_back([*cut.rows, *cut.waiting], NEVER)
        self._cut_off = cut.turn
        if cut.rows or cut.turn:
            await self._alarm(words.STOPPED_UNWRITTEN)

    async def _clear(self, command: Command) -> None:
        cut = await self._interrupt()
        await self._begin_afresh()
        await self._endings.cleared(cut, command)
        self.warm()

    async def _begin_afresh(self) -> None:
        await self._conversation.end()
        self._conversation.forget()
        await self._manner.begin_afresh()

    async def _interrupt(self) -> Cut:
        """End what is underway."""
        self._handover.forget()
        turn, self._turn = self._turn, None
        return await cut_short(self._conversation, self._mailbox, self._work, turn)
