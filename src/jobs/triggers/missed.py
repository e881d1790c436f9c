"""What is owed when a schedule's time has come, or has passed while nobody looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.triggers.schedules import Schedule

LEAST_TOLERANCE = timedelta(minutes=2)
MOST_TOLERANCE = timedelta(hours=2)
LATE = timedelta(minutes=1)
"""From here on it is said that something comes late."""
COUNTED = 200
"""So many runs of one schedule are counted; of more it is said that they are at least as many."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What is to be done about a schedule now."""

    run: datetime | None
    """The run that is made now, by the moment it was planned for."""
    missed: int
    """How many are skipped."""
    following: datetime | None
    """The next run after now."""


def owed(schedule: Schedule, now: datetime) -> Owed:
    """By the contract: what happens once comes late rather than never. Of what repeats, the latest run is made if it

    is late by less than half the time to the next, at least 2 minutes and at most 2 hours; all others are skipped.
    """
    first = schedule.next_run
    if first is None or first > now:
        return Owed(None, 0, first)
    if not schedule.repeats:
        return Owed(first, 0, None)
    latest, count = _latest(schedule, first, now)
    if schedule.max_runs is not None:  # those beyond would never have been
        count = min(count, max(schedule.max_runs - schedule.runs, 1))
    runs = now - latest < tolerance(schedule, latest)
    missed = count - 1 if runs else count
    return Owed(latest if runs else None, missed, schedule.following(now, schedule.runs + runs))


def tolerance(schedule: Schedule, planned: datetime) -> timedelta:
    """How late a repeating run may be."""
    following = schedule.rule.next_after(planned)
    period = following - planned if following is not None else MOST_TOLERANCE * 2
    return min(max(period / 2, LEAST_TOLERANCE), MOST_TOLERANCE)


def _latest(schedule: Schedule, first: datetime, now: datetime) -> tuple[datetime, int]:
    """The last run that was planned up to now, and how many there were from the first on."""
    end = now if schedule.until is None else min(now, schedule.until)
    latest, count = first, 1
    for following in schedule.rule.after(first):
        if following > end:
            break
        latest, count = following, count + 1
        if count >= COUNTED:
            return _last_before(schedule, latest, end), count
    return latest, count


def _last_before(schedule: Schedule, known: datetime, end: datetime) -> datetime:
    """The last run up to `end`, found from there backwards: there may be a million since `known`."""
    span = timedelta(minutes=1)
    while (start := end - span) > known:
        found = schedule.rule.next_after(start)
        if found is not None and found <= end:
            known = found
            break
        span *= 2
    for following in schedule.rule.after(known):
        if following > end:
            break
        known = following
    return known
