"""Looks now and then whether something is due. When nothing is, which is the rule, nobody is asked anything."""

from __future__ import annotations

import asyncio
import codecs
import logging
import os
import stat
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
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
WAITING = f"{NAME}-waiting"
"""What the runs are about that look at what waits: they read words from outside, the checklist's do not."""
_DAY = timedelta(days=1)
_LONGEST = 16_000
_MOST = 30
_MOST_ITEMS = 100
_ERRAND = (
    "Errand {id} is looked after because {why}. Its next step: {step}. Do now what it needs, if anything: take the "
    "step, write to its people, set the next step with its time (ISO 8601), or tell the owner when it is stuck."
)
_TOO_LONG = f"(The file is too long: only its first {_LONGEST} characters are looked at. Tell the owner to shorten it.)"
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

    def last(self, moment: datetime) -> datetime:
        """The beat that a moment belongs to. It follows from the clock alone, so that a restart does not shift it."""
        first = self._first(moment)
        return first if self.interval >= _DAY else first + (moment - first) // self.interval * self.interval

    def next(self, moment: datetime) -> datetime:
        """The first beat after a moment."""
        first = self._first(moment)
        begins = self._begins(self._day_of(first) + self._days * _DAY)
        return begins if self.interval >= _DAY else min(self.last(moment) + self.interval, begins)

    @property
    def _days(self) -> int:
        """Beats are counted afresh on every so manieth day."""
        return max(1, round(self.interval / _DAY))

    def _first(self, moment: datetime) -> datetime:
        """The beat at the beginning of the active hours that a moment's beats are counted from."""
        day = self._day_of(moment)
        first = self._begins(day - (day.toordinal() - 1) % self._days * _DAY)  # of weeks, on Mondays
        return first if first <= moment else self._begins(self._day_of(first) - self._days * _DAY)

    def _day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _begins(self, day: date) -> datetime:
        return datetime.combine(day, self.hours.start, self.zone).astimezone(UTC)


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
                beat = self._beat.last(self._clock.now())
                while self._beat.last(now := self._clock.now()) == beat:  # a clock that was set is noticed on the way
                    self._nothing_changed.clear()
                    await clock.wait(self._beat.next(now), self._nothing_changed)

    async def due(self) -> Sequence[TriggerEvent]:
        """What this beat fires: nothing outside the active hours, and nothing where the last beat is still at work."""
        now = self._clock.now()
        if not self._beat.hours.covers(now.astimezone(self._beat.zone).time()):
            return ()
        items = await asyncio.to_thread(self._items)
        async with self._repository.journal.database.transaction() as tx:
            errands = await self._due_errands(tx, now)
            busy = await self._fired.waiting(tx, NAME)
        questions = [due for q in await self._approvals.waiting() if (due := due_question(q, now)) is not None]
        async with self._repository.journal.database.transaction() as tx:
            questions = [due for due in questions if await self._is_new(tx, due)]
        own = [due for due in errands if due.errand is not None and due.errand.context.skill is not None]
        rest = [due for due in errands if due not in own] + questions
        events = [self._resume(due, due.errand, now) for due in own if due.errand and due.errand.id not in busy]
        if items and NAME not in busy:
            events.append(self._look_through(items, now))
        if rest and WAITING not in busy:
            events.append(self._look_after(rest[:_MOST], now))
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

    def _look_through(self, items: Sequence[str], now: datetime) -> TriggerEvent:
        """The owner's own words, and nothing beside them that anybody else has written."""
        checklist = "\n".join(items)
        facts = f"The owner's list of what is to be looked at ({CHECKLIST}):\n{checklist}"
        context = TriggerContext(about=NAME, title=NAME, facts=facts)
        return TriggerEvent(NAME, self._key(now), _PROMPT, context, "isolated", now)

    def _look_after(self, rest: Sequence[Due], now: datetime) -> TriggerEvent:
        key = f"{self._key(now)} waiting"
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
                context = TriggerContext(about=WAITING, title=due.why)
                await self._fired.add(tx, TriggerEvent(NAME, due.occasion, "", context, None, now), "")
            return True

        context = TriggerContext(about=WAITING, title=NAME, quoted=quoted)
        return TriggerEvent(NAME, key, _PROMPT, context, "isolated", now, step)

    def _key(self, now: datetime) -> str:
        return f"beat {to_text(self._beat.last(now))}"

    def _items(self) -> Sequence[str]:
        """The items of the checklist, as lines of a list, and what the model has to know of it."""
        text = self._read_checklist()
        items = unchecked(text[:_LONGEST])
        lines = [f"- {item}" for item in items[:_MOST_ITEMS]]
        if len(items) > _MOST_ITEMS:
            left = len(items) - _MOST_ITEMS
            lines.append(f"({left} more are not looked at: tell the owner to shorten the list.)")
        if len(text) > _LONGEST:
            log.warning("%s is longer than %d characters", CHECKLIST, _LONGEST)
            lines += [_TOO_LONG] if lines else []
        return lines

    def _read_checklist(self) -> str:
        """The file's beginning, more than which is not looked at."""
        try:
            # What is no file (a pipe) would keep its reader waiting for ever.
            handle = os.open(self._checklist, os.O_RDONLY | os.O_NONBLOCK)
            try:
                content = os.read(handle, 4 * _LONGEST + 4) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
            finally:
                os.close(handle)
        except FileNotFoundError:
            return ""
        except OSError as error:
            log.warning("%s cannot be read: %s", CHECKLIST, error.strerror)
            return ""
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if wide else "utf-8-sig", errors="replace")
        if "\0" in text:
            log.warning("%s is no text: save it as UTF-8", CHECKLIST)
        return text
