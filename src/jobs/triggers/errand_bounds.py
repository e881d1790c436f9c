"""How much an errand's session may plan: whoever talks it into planning can cost the owner only so much."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice, pairwise

from jobs.core.database import Transaction
from jobs.core.errors import ToolRetry
from jobs.core.messages import errand_session
from jobs.triggers.repository import TriggerEvents
from jobs.triggers.schedules import Schedule, Schedules
from jobs.triggers.wording import in_words

_MOST = 10
_LEAST = timedelta(minutes=15)
_LOOKED_AT = 200
"""Runs of a rule: those of a cron line need not be evenly spread."""


async def bound_an_errand(
    tx: Transaction, schedules: Schedules, fired: TriggerEvents, schedule: Schedule, old: Schedule | None
) -> None:
    """Check what an errand's session plans anew, or makes of its schedule `old`. Raises ToolRetry when it is too much.

    An errand has ten schedules, each runs every 15 minutes at most, and none comes sooner after the last run of its
    kind: else runs that each plan the next would come without a pause.
    """
    assert schedule.task_id is not None  # noqa: S101 - whoever calls has looked
    others = [one for one in await schedules.list(tx, task_id=schedule.task_id) if one.id != schedule.id]
    if len(others) >= _MOST and (old is None or old.state != "active"):
        raise ToolRetry(f"This errand has {_MOST} schedules already: cancel one, or change one.")
    first = schedule.next_run
    if first is None or (old is not None and old.next_run == first and old.rule == schedule.rule):
        return
    runs = [first, *islice(schedule.rule.after(first), _LOOKED_AT)]
    if any(later - earlier < _LEAST for earlier, later in pairwise(runs)):
        raise ToolRetry("An errand's schedule runs at most every 15 minutes.")
    target = "" if schedule.kind == "reminder" else errand_session(schedule.task_id)
    latest = await fired.latest_of_errand(tx, schedule.task_id, target)
    earliest = latest.replace(second=0, microsecond=0) + _LEAST if latest is not None else first
    if first < earliest:
        raise ToolRetry(
            "A run for an errand comes 15 minutes after its last one at the soonest: not before "
            f"{in_words(earliest, schedule.zone)} ({schedule.zone.key})."
        )
