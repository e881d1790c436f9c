"""When something happens next: at a moment, by a cron line in a zone, or every so often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from jobs.core.errors import InvalidSchedule

_FIELDS = "five fields: minute, hour, day of month, month, day of week; for example `0 9 * * MON-FRI`"
_NO_SUCH_DATE = (
    "The cron line {line!r} never comes: there is no such date. For a month's last day, whatever its number, the day "
    "of month is L, as in `0 9 L * *`."
)
_LONGEST_LINE = 500
"""Characters: sixty minutes and all the rest, one by one."""
_MOST_REPEATS = 24 * 60
"""A clock that is set back lets a cron line name a moment again; so often at most."""


class Rule(Protocol):
    """The moments of a schedule, in UTC."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first one after a moment (UTC); None when there is none."""
        ...

    def after(self, moment: datetime) -> Iterator[datetime]:
        """All after a moment (UTC), in order; there may be no end of them. Cheaper than to ask for each."""
        ...


@dataclass(frozen=True, slots=True)
class Once:
    """At one moment."""

    at: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """See Rule."""
        return self.at if self.at > moment else None

    def after(self, moment: datetime) -> Iterator[datetime]:
        """See Rule."""
        if self.at > moment:
            yield self.at


@dataclass(frozen=True, slots=True)
class Every:
    """Every so often, counted from `anchor`; time that has passed, whatever the clocks show."""

    span: timedelta
    anchor: datetime

    def next_after(self, moment: datetime) -> datetime:
        """See Rule."""
        passed = max(0, (moment - self.anchor) // self.span)
        return self.anchor + self.span * (passed + 1)

    def after(self, moment: datetime) -> Iterator[datetime]:
        """See Rule."""
        while True:
            moment = self.next_after(moment)
            yield moment


@dataclass(frozen=True, slots=True)
class Cron:
    """By a cron line, in local time.

    A line that leaves the hour open (`*/15 * * * *`) goes by time that passes, and each hour of a day counts. Any
    other names times of day: one that a change of the clocks leaves out comes when the clocks have changed, one that
    it brings twice comes the first time.
    """

    line: str
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        """See Rule."""
        return next(self.after(moment), None)

    def after(self, moment: datetime) -> Iterator[datetime]:
        """See Rule."""
        repeats = 0
        for local in CronSim(_normal(self.line), moment.astimezone(self.zone)):
            found = local.astimezone(UTC)
            if found > moment:
                moment, repeats = found, 0
                yield found
            elif (repeats := repeats + 1) > _MOST_REPEATS:
                return


def parse_cron(line: str, zone: ZoneInfo, now: datetime) -> Cron:
    """A cron line with names. Raises InvalidSchedule when it cannot be read, or never comes."""
    if len(line) > _LONGEST_LINE:
        raise InvalidSchedule(f"The cron line is too long. It has {_FIELDS}.")
    if len(line.split()) != 5:
        raise InvalidSchedule(f"The cron line {line!r} must have {_FIELDS}.")
    rule = Cron(" ".join(line.split()), zone)
    try:
        following = rule.next_after(now)
    except CronSimError as error:
        if _is_good_in_other_months(line):
            raise InvalidSchedule(_NO_SUCH_DATE.format(line=line)) from None
        raise InvalidSchedule(f"The cron line {line!r} cannot be read: {error}. It has {_FIELDS}.") from None
    if following is None:
        raise InvalidSchedule(_NO_SUCH_DATE.format(line=line))
    return rule


def _is_good_in_other_months(line: str) -> bool:
    """Whether nothing is wrong with a line but that its months are too short for its days."""
    minute, hour, day, month, weekday = line.split()
    try:
        for other in (f"{minute} {hour} {day} * {weekday}", f"{minute} {hour} 1 {month} {weekday}"):
            CronSim(other, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return True


@lru_cache(maxsize=1024)
def _normal(line: str) -> str:
    """The line as cronsim treats it rightly when the clocks change.

    It goes by times of day only where neither the minute nor the hour begins with a star. So a star is spelled out
    where the hour is given, and the hour is a star where every hour is meant.
    """
    minute, hour, *days = line.split()
    if CronSim(f"0 {hour} * * *", datetime(2000, 1, 1, tzinfo=UTC)).hours == set(range(24)):
        return " ".join((minute, "*", *days))
    return " ".join((_spelled_out(minute, "0-59"), _spelled_out(hour, "0-23"), *days))


def _spelled_out(field: str, whole: str) -> str:
    return re.sub(r"\*", whole, field)
