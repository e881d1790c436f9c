"""Fires what the owner has scheduled: on time, late, or not at all, as the contract of missed runs says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import datetime, timedelta

from jobs.core.clock import Clock, from_text, to_text
from jobs.core.database import Transaction
from jobs.core.i18n import Language
from jobs.core.journal import Journal
from jobs.core.rich_text import pieces
from jobs.core.words import triggers as words
from jobs.triggers.alarm_clock import AlarmClock
from jobs.triggers.missed import COUNTED, LATE, Owed, owed
from jobs.triggers.models import Step, TriggerContext, TriggerEvent
from jobs.triggers.repository import TriggerEvents
from jobs.triggers.schedules import Missed, Schedule, Schedules
from jobs.triggers.wording import in_words

log = logging.getLogger(__name__)

NAME = "scheduler"
_AT_ONCE = 200
_SET_BACK = timedelta(minutes=1)
"""A wall clock that goes back by more has been set."""
_NAMED = 10


class Scheduler:
    """The source of schedules."""

    name = NAME

    def __init__(
        self,
        schedules: Schedules,
        fired: TriggerEvents,
        journal: Journal,
        clock: Clock,
        *,
        alarm_clock: Callable[[], AbstractAsyncContextManager[AlarmClock]],
        owner_chat: int,
        language: Language,
    ) -> None:
        self._schedules = schedules
        self._fired = fired
        self._journal = journal
        self._clock = clock
        self._alarm_clock = alarm_clock
        self._owner_chat = owner_chat
        self._language: Language = language
        self._last_seen: datetime | None = None  # the latest that the wall clock has shown

    async def events(self) -> AsyncGenerator[TriggerEvent]:
        """See Source."""
        async with self._alarm_clock() as clock:
            while True:
                self._schedules.changed.clear()
                async with aclosing(self.due()) as events:
                    async for event in events:
                        yield event
                async with self._journal.database.transaction() as tx:
                    moment = await self._schedules.next_moment(tx)
                await clock.wait(moment, self._schedules.changed)

    async def due(self) -> AsyncGenerator[TriggerEvent]:
        """What is due now; what is owed no more is skipped, and the owner is told how much that was."""
        await self._look_at_the_clock()
        while True:
            async with self._journal.database.transaction() as tx:
                schedules = await self._schedules.due(tx, _AT_ONCE)
            if not schedules:
                break
            found = await asyncio.to_thread(_all_owed, schedules, self._clock.now())  # months take seconds to count
            async with self._journal.database.transaction() as tx:
                for schedule, what in found:
                    if what.run is None:
                        await self._schedules.advance(tx, schedule, what.following, ran=False, missed=what.missed)
            for schedule, what in found:
                if what.run is not None:
                    yield self._event(schedule, what, what.run)
        await self._tell_of_missed()

    def _event(self, schedule: Schedule, what: Owed, planned: datetime) -> TriggerEvent:
        now = self._clock.now()

        async def step(tx: Transaction) -> bool:
            return await self._schedules.advance(tx, schedule, what.following, ran=True, missed=what.missed)

        late = now - planned > LATE
        facts = f"Schedule {schedule.id}, “{schedule.title}”, planned for {in_words(planned, schedule.zone)}."
        if late:
            facts += " It comes late, because the program was off."
        notice = self._notice(schedule, planned, late)
        return firing(schedule, f"{schedule.id} {to_text(planned)}", facts, now, notice=notice, step=step)

    def _notice(self, schedule: Schedule, planned: datetime, late: bool) -> str:
        if not late or (schedule.kind == "prompt" and schedule.repeats):
            return ""
        time = f"{planned.astimezone(schedule.zone):%Y-%m-%d %H:%M}"
        if schedule.kind == "reminder":
            return words.LATE_REMINDER.say(self._language, time=time)
        return words.LATE_RUN.say(self._language, time=time, title=schedule.title)

    async def _tell_of_missed(self) -> None:
        async with self._journal.database.transaction() as tx:
            missed = await self._schedules.take_missed(tx)
            for piece in pieces(self._summary(missed)):
                await self._journal.outbox.add(tx, self._owner_chat, piece, "notice")
        if missed:
            self._journal.ring()

    def _summary(self, missed: Sequence[Missed]) -> str:
        if not missed:
            return ""
        counts = [one.count for one in missed]
        going = {one.goes_on for one in missed}
        named = [
            (words.MISSED_ONE if one.goes_on else words.MISSED_LAST).say(
                self._language, title=one.title, count=_in_all([one.count])
            )
            for one in missed[:_NAMED]
        ]
        if len(missed) > _NAMED:
            named.append(words.MISSED_MORE.say(self._language, count=_in_all(counts[_NAMED:])))
        ahead = words.ALL_GO_ON if going == {True} else words.NONE_GOES_ON if going == {False} else words.SOME_GO_ON
        return words.MISSED.say(
            self._language, count=_in_all(counts), which=", ".join(named), ahead=ahead.say(self._language)
        )

    async def _look_at_the_clock(self) -> None:
        """A clock that was ahead and has been set right leaves schedules waiting for moments that are far away now."""
        now = self._clock.now()
        if self._last_seen is None:
            async with self._journal.database.transaction() as tx:
                last = await self._fired.last_moment(tx)
            self._last_seen = from_text(last) if last else now
        if now < self._last_seen - _SET_BACK:
            log.warning("The clock has gone back from %s to %s", self._last_seen, now)
            await self._plan_anew(now)
            self._last_seen = now
        self._last_seen = max(now, self._last_seen)

    async def _plan_anew(self, now: datetime) -> None:
        async with self._journal.database.transaction() as tx:
            for schedule in await self._schedules.list(tx):
                planned = schedule.next_run
                if planned is None or not schedule.repeats:
                    continue
                moment = schedule.rule.next_after(now)
                while moment is not None and moment < planned:
                    if not await self._fired.has_fired(tx, NAME, f"{schedule.id} {to_text(moment)}"):
                        await self._schedules.move(tx, schedule, moment)
                        break
                    moment = schedule.rule.next_after(moment)


def _in_all(counts: Sequence[int]) -> str:
    """A sum; with a plus when one of them was not counted to its end."""
    return f"{sum(counts)}{'+' if any(count >= COUNTED - 1 for count in counts) else ''}"


def _all_owed(schedules: Sequence[Schedule], now: datetime) -> Sequence[tuple[Schedule, Owed]]:
    return [(schedule, owed(schedule, now)) for schedule in schedules]


def firing(
    schedule: Schedule, key: str, facts: str, now: datetime, *, notice: str = "", step: Step | None = None
) -> TriggerEvent:
    """One run of a schedule."""
    reminder = schedule.kind == "reminder"
    prompt = schedule.prompt
    if reminder and schedule.task_id:  # the owner sees whose words they are: others have had a part in them
        prompt = f"📌 {schedule.task_id}, {schedule.title}: {prompt}"
    context = TriggerContext(
        about=schedule.id, title=schedule.title, facts=facts, task_id=schedule.task_id, notice=notice
    )
    return TriggerEvent(NAME, key, prompt, context, None if reminder else schedule.session, now, step)
