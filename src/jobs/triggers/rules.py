"""When something happens next: at a moment, by a cron line in a zone, or every so often."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from jobs.core.errors import InvalidSchedule

_FIELDS = "five fields: minute, hour, day of month, month, day of week; for example `0 9 * * MON-FRI`"
_MOST_REPEATS = 24 * 60
"""A clock that is set back lets a cron line name a moment again; so often at most."""


class Rule(Protocol):
    """The moments of a schedule, in UTC."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first one after a moment (UTC); None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Once:
    """At one moment."""

    at: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """See Rule."""
        return self.at if self.at > moment else None


@dataclass(frozen=True, slots=True)
class Every:
    """Every so often, counted from `anchor`; time that has passed, whatever the clocks show."""

    span: timedelta
    anchor: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """See Rule."""
        passed = max(0, (moment - self.anchor) // self.span)
        return self.anchor + self.span * (passed + 1)


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
        times = CronSim(_normal(self.line), moment.astimezone(self.zone))
        for _ in range(_MOST_REPEATS):
            found = next(times, None)
            if found is None or found.astimezone(UTC) > moment:
                return found.astimezone(UTC) if found is not None else None
        return None


def parse_cron(line: str, zone: ZoneInfo, now: datetime) -> Cron:
    """A cron line with names. Raises InvalidSchedule when it cannot be read, or never comes."""
    if len(line.split()) != 5:
        raise InvalidSchedule(f"The cron line {line!r} must have {_FIELDS}.")
    rule = Cron(" ".join(line.split()), zone)
    try:
        following = rule.next_after(now)
    except CronSimError as error:
        raise InvalidSchedule(f"The cron line {line!r} cannot be read: {error}. It has {_FIELDS}.") from None
    if following is None:
        raise InvalidSchedule(f"The cron line {line!r} never comes: there is no such date.")
    return rule


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
