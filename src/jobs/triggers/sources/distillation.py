"""Every night the days' notes are distilled into MEMORY.md; in the morning the owner is told what has changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jobs.core.clock import Clock
from jobs.core.database import Transaction
from jobs.core.errors import AgentError, StorageError
from jobs.core.i18n import Language
from jobs.core.words import diary as words
from jobs.triggers.alarm_clock import AlarmClock
from jobs.triggers.models import Step, TriggerContext, TriggerEvent
from jobs.users.distillation import Distiller
from jobs.users.notebook import MemoryChange

log = logging.getLogger(__name__)

NAME = "distillation"
_AGAIN = timedelta(hours=1)
_MOST_TOLD, _LONGEST_TOLD = 20, 300


@dataclass(frozen=True, slots=True)
class Night:
    """When it is done, and when it is told, in the owner's zone."""

    at: time
    told_from: time
    zone: ZoneInfo

    def ended_before(self, moment: datetime) -> date:
        """The last day whose notes are to be gone through by now."""
        return (moment.astimezone(self.zone) - _since_midnight(self.at)).date() - timedelta(days=1)

    def next_after(self, moment: datetime) -> datetime:
        """When there is something to be done or told next, at the latest."""
        local = moment.astimezone(self.zone)
        days = [local.date(), local.date() + timedelta(days=1)]
        moments = [datetime.combine(day, at, self.zone) for day in days for at in (self.at, self.told_from)]
        return min(found for found in moments if found > local).astimezone(moment.tzinfo)


class Distillation:
    """The source of what the owner is told of it; without notes there is nothing to do, and no model is asked."""

    name = NAME

    def __init__(
        self,
        distiller: Distiller,
        night: Night,
        clock: Clock,
        *,
        alarm_clock: Callable[[], AbstractAsyncContextManager[AlarmClock]],
        language: Language,
    ) -> None:
        self._distiller = distiller
        self._night = night
        self._clock = clock
        self._alarm_clock = alarm_clock
        self._language: Language = language
        self._nothing_changed = asyncio.Event()

    async def events(self) -> AsyncGenerator[TriggerEvent]:
        """See Source."""
        async with self._alarm_clock() as clock:
            while True:
                now = self._clock.now()
                failed = await self._distill(now)
                for event in filter(None, (await self.due(), self._failure(failed) if failed else None)):
                    yield event
                moment = min(self._night.next_after(now), now + _AGAIN if failed else datetime.max.replace(tzinfo=UTC))
                while self._clock.now() < moment:  # it wakes up early, to notice that the clock was set
                    self._nothing_changed.clear()
                    await clock.wait(moment, self._nothing_changed)

    async def _distill(self, now: datetime) -> date | None:
        """Do what is to be done by now; the day whose notes could not be gone through."""
        day = self._night.ended_before(now)
        if not await self._distiller.is_due(day):
            return None
        try:
            await self._distiller.distill(day, self._in_words)
        except (AgentError, StorageError) as error:
            log.warning("The notes up to %s could not be distilled; it is tried again in an hour: %s", day, error)
            return day
        return None

    async def due(self) -> TriggerEvent | None:
        """What the owner is told now, if it is day."""
        day, text = await self._distiller.to_tell()
        if not text or not self._is_day:
            return None

        async def step(tx: Transaction) -> bool:
            return await self._distiller.told(tx, text)

        return self._event(day, text, step)

    def _failure(self, day: date) -> TriggerEvent | None:
        if not self._is_day:
            return None
        return self._event(f"failed {day}", words.NOT_DISTILLED.say(self._language, day=day.isoformat()))

    def _event(self, key: str, text: str, step: Step | None = None) -> TriggerEvent:
        context = TriggerContext(about=NAME, title=NAME)
        return TriggerEvent(NAME, key, text, context, None, self._clock.now(), step)

    @property
    def _is_day(self) -> bool:
        return self._clock.now().astimezone(self._night.zone).time() >= self._night.told_from

    def _in_words(self, changes: Sequence[MemoryChange]) -> str:
        lines = [f"+ {line}" for change in changes for line in change.added]
        lines += [f"− {line}" for change in changes for line in change.removed]
        if not lines:
            return ""
        more = words.DIFF_MORE.say(self._language, count=len(lines) - _MOST_TOLD) if len(lines) > _MOST_TOLD else ""
        shown = [line[:_LONGEST_TOLD] for line in lines[:_MOST_TOLD]]
        ids = ", ".join(change.id for change in changes if change.id)
        return words.DISTILLED.say(
            self._language, lines="\n".join(filter(None, (*shown, more))), changes=f" ({ids})" if ids else ""
        )


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)
