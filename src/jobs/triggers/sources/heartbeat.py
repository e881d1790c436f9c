"""Looks now and then whether something is due. When nothing is, which is the rule, nobody is asked anything."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from jobs.core.clock import Clock, to_text
from jobs.core.database import Transaction
from jobs.core.setting_values import DayHours
from jobs.tools.approvals import Approvals
from jobs.triggers.alarm_clock import AlarmClock
from jobs.triggers.due import Due, due_errand, due_question, unchecked
from jobs.triggers.models import TriggerContext, TriggerEvent
from jobs.triggers.repository import TriggerEvents
from jobs.users.errand_view import brief
from jobs.users.models import ConversationTask
from jobs.users.repository import UsersRepository

log = logging.getLogger(__name__)

NAME = "heartbeat"
CHECKLIST = "HEARTBEAT.md"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 16_000
_MOST = 30
_MOST_ITEMS = 100
_ERRAND = (
    "Errand {id} is looked after because {why}. Its next step: {step}. Do now what it needs, if anything: take the "
    "step, write to its people, set the next step with its time (ISO 8601), or tell the owner when it is stuck."
)
_PROMPT = (
    "Look through what is due below and see to it, as far as you can. Tell the owner only what they have to know or "
    "decide now; what has not changed is not worth a message."
)


@dataclass(frozen=True, slots=True)
class Beat:
    """How often it looks, and in which part of the owner's day; `interval` is not zero."""

    interval: timedelta
    hours: DayHours
    zone: ZoneInfo


class Heartbeat:
    """The source of what is due without anybody having set a time for it."""

    name = NAME

    def __init__(
        self,
        beat: Beat,
        repository: UsersRepository,
        approvals: Approvals,
        fired: TriggerEvents,
        workspace: Path,
        *,
        alarm_clock: Callable[[], AbstractAsyncContextManager[AlarmClock]],
    ) -> None:
        self._beat = beat
        self._repository = repository
        self._approvals = approvals
        self._fired = fired
        self._checklist = workspace / CHECKLIST
        self._alarm_clock = alarm_clock
        self._nothing_changed = asyncio.Event()

    @property
    def _clock(self) -> Clock:
        return self._repository.clock

    async def events(self) -> AsyncGenerator[TriggerEvent]:
        """See Source. The first look is at the start: much may have come due while the program was off."""
        async with self._alarm_clock() as clock:
            while True:
                for event in await self.due():
                    yield event
                beat = self._number(self._clock.now())
                while self._number(self._clock.now()) == beat:  # a clock that was set is noticed on the way
                    self._nothing_changed.clear()
                    await clock.wait(_EPOCH + (beat + 1) * self._beat.interval, self._nothing_changed)

    async def due(self) -> Sequence[TriggerEvent]:
        """What this beat fires: nothing outside the active hours, and nothing where the last beat is still at work."""
        now = self._clock.now()
        if not self._beat.hours.covers(now.astimezone(self._beat.zone).time()):
            return ()
        items = unchecked(await asyncio.to_thread(self._read_checklist))
        async with self._repository.journal.database.transaction() as tx:
            errands = await self._due_errands(tx, now)
            busy = await self._fired.waiting(tx, NAME)
        questions = [due for q in await self._approvals.waiting() if (due := due_question(q, now)) is not None]
        async with self._repository.journal.database.transaction() as tx:
            questions = [due for due in questions if await self._is_new(tx, due)]
        own = [due for due in errands if due.errand is not None and due.errand.context.skill is not None]
        rest = [due for due in errands if due not in own] + questions
        events = [self._resume(due, due.errand, now) for due in own if due.errand and due.errand.id not in busy]
        if (rest or items) and NAME not in busy:
            events.append(self._look_through(rest[:_MOST], items, now))
        if not events:
            log.info("heartbeat: nothing is due")
        return events

    async def _due_errands(self, tx: Transaction, now: datetime) -> Sequence[Due]:
        """The first new reason of each errand that has any."""
        found: list[Due] = []
        for errand in await self._repository.errands.list(tx):
            reasons = [due for due in due_errand(errand, now, self._beat.zone) if await self._is_new(tx, due)]
            found += reasons[:1]
        return found

    async def _is_new(self, tx: Transaction, due: Due) -> bool:
        return not await self._fired.has_fired(tx, NAME, due.occasion)

    def _resume(self, due: Due, errand: ConversationTask, now: datetime) -> TriggerEvent:
        prompt = _ERRAND.format(id=errand.id, why=due.why, step=errand.next_step or "(none is set)")
        context = TriggerContext(about=errand.id, title=errand.title, task_id=errand.id)
        return TriggerEvent(NAME, due.occasion, prompt, context, "errand", now)

    def _look_through(self, rest: Sequence[Due], items: Sequence[str], now: datetime) -> TriggerEvent:
        checklist = "\n".join(f"- {item}" for item in items[:_MOST_ITEMS])
        if len(items) > _MOST_ITEMS:
            checklist += f"\n({len(items) - _MOST_ITEMS} more are not looked at: tell the owner to shorten the list.)"
        key = f"beat {to_text(_EPOCH + self._number(now) * self._beat.interval)}"
        facts = f"The owner's list of what is to be looked at ({CHECKLIST}):\n{checklist}" if items else ""
        quoted = {
            f"errand {due.errand.id}, {due.why}" if due.errand else due.occasion: (
                brief(due.errand, self._beat.zone, now) if due.errand else due.why
            )
            for due in rest
        }

        async def step(tx: Transaction) -> bool:
            """What is told now is not told by the next beat; a beat that was told before tells nothing."""
            if await self._fired.has_fired(tx, NAME, key):
                return False
            for due in rest:
                context = TriggerContext(about=NAME, title=due.why)
                await self._fired.add(tx, TriggerEvent(NAME, due.occasion, "", context, None, now), "")
            return True

        context = TriggerContext(about=NAME, title=NAME, facts=facts, quoted=quoted)
        return TriggerEvent(NAME, key, _PROMPT, context, "isolated", now, step)

    def _number(self, moment: datetime) -> int:
        """Which beat a moment belongs to, counted from the epoch, so that a restart does not shift them."""
        return (moment - _EPOCH) // self._beat.interval

    def _read_checklist(self) -> str:
        try:
            # What is no file (a pipe) would keep its reader waiting for ever.
            handle = os.open(self._checklist, os.O_RDONLY | os.O_NONBLOCK)
            with open(handle, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - there is no path any more
                return file.read(_LONGEST) if stat.S_ISREG(os.fstat(handle).st_mode) else ""
        except FileNotFoundError:
            return ""
        except OSError as error:
            log.warning("%s cannot be read: %s", CHECKLIST, error.strerror)
            return ""
