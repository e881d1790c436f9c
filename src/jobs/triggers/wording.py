"""What the model gives about a plan, and how it is told back: words, moments, spans, zones, rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from jobs.core.errors import InvalidSchedule
from jobs.core.rich_text import has_visible
from jobs.triggers.rules import Cron, Every, Once, Rule
from jobs.triggers.schedules import Schedule
from jobs.triggers.zones import in_utc

_FARTHEST_YEARS = 20
_SHORTEST = timedelta(minutes=1)
_LONGEST = timedelta(days=366)
_LONGEST_SPAN = 100
"""Characters."""
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PART = re.compile(
    r"(\d+)\s*(?:(w)(?:eeks?)?|(d)(?:ays?)?|(h)(?:ours?|rs?)?|(m)(?:in(?:ute)?s?)?|(s)(?:ec(?:ond)?s?)?)(?![a-z])",
    re.IGNORECASE,
)
_ISO = re.compile(r"P(?:\d+W)?(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?", re.IGNORECASE)

_UNWANTED = dict.fromkeys(
    [*({*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A}), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def _seen(text: str) -> str:
    text = text.translate(_UNWANTED)
    if not has_visible(text):
        raise ValueError("it has no words that can be seen; say what is meant")
    return text


Seen = Annotated[str, AfterValidator(_seen)]
"""A parameter that somebody is to read, or to work by: blanks and invisible characters alone are refused.

What controls a terminal or turns the direction of the text around is left out; lines and tabs stay.
"""


def parse_moment(text: str, zone: ZoneInfo, now: datetime, what: str = "time") -> datetime:
    """An ISO 8601 moment that is still to come, in UTC; without a zone it is local. Raises InvalidSchedule."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidSchedule(f"The {what} {text!r} is no ISO 8601 time, such as 2026-03-01T18:00.") from None
    if "T" not in text.strip().upper() and " " not in text.strip():
        raise InvalidSchedule(f"The {what} {text!r} has no time of day: say which, such as {text.strip()}T09:00.")
    if moment.year > now.year + _FARTHEST_YEARS:
        raise InvalidSchedule(f"The {what} {text!r} is too far away.")
    if moment.tzinfo is None:  # in the year 1 there is no earlier time to convert to
        moment = moment.replace(tzinfo=zone) if moment.year < now.year - 1 else in_utc(moment, zone)
    if moment <= now:
        raise InvalidSchedule(f"The {what} {text!r} has passed already: it is {in_words(now, zone)} now ({zone.key}).")
    return moment.astimezone(UTC)


def parse_span(text: str) -> timedelta:
    """A duration: `90m`, `1h 30m`, `2 days`, `PT15M`. Raises InvalidSchedule."""
    plain = text.strip()
    if len(plain) > _LONGEST_SPAN:
        raise InvalidSchedule("The duration is too long to read: say `30m`, `2h`, `1h 30m` or `3d`.")
    if _ISO.fullmatch(plain):
        plain = plain[1:].upper().replace("T", " ")
    whole = re.fullmatch(rf"\s*(?:{_PART.pattern}[\s,]*(?:and\s+)?)+", plain, re.IGNORECASE)
    if not whole:
        raise InvalidSchedule(f"The duration {text!r} cannot be read: say `30m`, `2h`, `1h 30m` or `3d`.")
    span = timedelta()
    for number, *units in _PART.findall(plain):
        try:
            span += timedelta(**{_UNITS["".join(units).lower()]: int(number)})
        except OverflowError:
            span = _LONGEST * 2
            break
    if span < _SHORTEST:
        raise InvalidSchedule("The shortest duration is a minute.")
    if span > _LONGEST:
        raise InvalidSchedule("The longest duration is a year: use `time` for something that happens once.")
    return span


def in_words(moment: datetime, zone: ZoneInfo) -> str:
    """A moment in local time: `Tuesday 3 March 2026, 09:00`; with seconds where there are any."""
    local = moment.astimezone(zone)
    seconds = f":{local:%S}" if local.second else ""
    return f"{local:%A} {local.day} {local:%B} {local.year}, {local:%H:%M}{seconds}"


def rule_in_words(rule: Rule) -> str:
    """A rule in a few words."""
    match rule:
        case Cron(line, _):
            return f"cron `{line}`"
        case Every(span, _):
            return f"every {_span(span)}"
        case Once() | _:
            return "once"


def next_runs(schedule: Schedule, count: int = 3) -> Sequence[datetime]:
    """Its next moments."""
    found: list[datetime] = []
    moment = schedule.next_run
    while moment is not None and len(found) < count:
        found.append(moment)
        moment = schedule.following(moment, schedule.runs + len(found))
    return found


def runs_in_words(schedule: Schedule) -> str:
    """The next three moments, in local time."""
    moments = [in_words(moment, schedule.zone) for moment in next_runs(schedule)]
    if not moments:
        return "No run is left."
    then = f"; then {'; '.join(moments[1:])}" if moments[1:] else ""
    return f"Next: {moments[0]}{then} ({schedule.zone.key})."


def _span(span: timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute"), (seconds, "second")]
    return " ".join(f"{number} {name}{'s' if number > 1 else ''}" for number, name in parts if number)
