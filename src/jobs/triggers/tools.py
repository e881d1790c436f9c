"""What the owner's, the errands' and the self-started sessions do about schedules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from jobs.core.clock import Clock
from jobs.core.database import Database, Transaction
from jobs.core.errors import InvalidSchedule, NotFound, ToolRetry
from jobs.core.fence import fenced
from jobs.core.i18n import Words
from jobs.core.messages import errand_of
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import Change, ToolContext, tool
from jobs.triggers.errand_bounds import bound_an_errand
from jobs.triggers.executor import TriggerExecutor
from jobs.triggers.models import SessionChoice
from jobs.triggers.repository import free_id
from jobs.triggers.rules import Cron, Every, Once, Rule, parse_cron
from jobs.triggers.schedules import Kind, Schedule, Schedules
from jobs.triggers.sources.scheduler import firing
from jobs.triggers.wording import (
    Seen,
    in_words,
    next_runs,
    parse_moment,
    parse_span,
    rule_in_words,
    runs_in_words,
)
from jobs.triggers.zones import parse_zone

P = ParamSpec("P")
T = TypeVar("T")
Shown = Literal["active", "all"]
_LISTED = 100
_GIST = 160
_MOST_RUNS = 1_000_000


@dataclass(frozen=True, slots=True)
class Planning:
    """What the tools of schedules work with."""

    database: Database
    clock: Clock
    schedules: Schedules
    executor: TriggerExecutor
    zone: ZoneInfo
    """The owner's."""


class _When(BaseModel):
    time: str | None = Field(
        default=None, description="Once: ISO 8601, such as 2026-03-01T18:00; without an offset it is in `timezone`"
    )
    cron: str | None = Field(
        default=None, description="Again and again: five cron fields with names, such as `0 9 * * MON-FRI`"
    )
    every: str | None = Field(
        default=None, description="Again and again: a duration such as `30m`, `2h`; for a time of day use `cron`"
    )
    timezone: str | None = Field(default=None, description="IANA name; omit for the owner's")
    session: Literal["owner", "isolated"] | None = Field(
        default=None,
        description="owner (default): runs in the conversation with the owner, knowing it. isolated: in one of its "
        "own that knows nothing but the prompt; for what is long or frequent",
    )
    until: str | None = Field(default=None, description="No run after this (ISO 8601)")
    max_runs: int | None = Field(default=None, description="No more runs than this", ge=1, le=_MOST_RUNS)


class ScheduleTask(_When):
    """Parameters of schedule_task: exactly one of time, cron and every."""

    title: Seen = Field(description="A few words that name it", min_length=1, max_length=200)
    prompt: Seen = Field(
        description="What is to be done then, with all that has to be known; for a reminder, the exact words to the "
        "owner",
        min_length=1,
        max_length=8000,
    )
    kind: Kind = Field(
        default="prompt",
        description="reminder: the words are sent as they are, to the second and at no cost; prompt: you do it then",
    )


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="⏰ scheduling: {title}", ru="⏰ планирую: {title}"),
    always_loaded=True,
)
async def schedule_task(ctx: ToolContext, params: ScheduleTask) -> str:
    """Have something said or done at a time, once or again and again.

    Check the moments that come back against what the owner said, and tell them the first.
    """
    planning, now = ctx.use(Planning), ctx.use(Planning).clock.now()
    zone = _mended(parse_zone, params.timezone) if params.timezone else planning.zone
    rule = _rule(params, zone, now)
    if rule is None:
        raise ToolRetry("Say when: one of `time`, `cron` and `every`.")
    until = _mended(parse_moment, params.until, zone, now, "until") if params.until else None
    async with planning.database.transaction() as tx:
        schedule_id = await free_id(tx)
    schedule = Schedule(
        id=schedule_id, title=" ".join(params.title.split()), prompt=params.prompt, kind=params.kind,
        session=_session(ctx, None, params.session, params.kind, rule), task_id=errand_of(ctx.session_key), rule=rule,
        zone=zone, until=until, max_runs=params.max_runs, next_run=None, created_by=ctx.session_key, created_at=now,
        updated_at=now,
    )  # fmt: skip
    schedule = _planned(schedule, now)
    await _bound_an_errand(ctx, schedule, None)

    async def add(tx: Transaction) -> None:
        await planning.schedules.add(tx, schedule)

    _change(ctx, add)
    return f"Schedule {schedule.id} “{schedule.title}”, {rule_in_words(rule)}. {runs_in_words(schedule)}"


class ListSchedules(BaseModel):
    """Parameters of list_schedules."""

    which: Shown = Field(default="active", description="active, or all (also those that are over)")


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.READ,
    status=Words(en="⏰ looking at the schedules", ru="⏰ смотрю расписания"),
)
async def list_schedules(ctx: ToolContext, params: ListSchedules) -> str:
    """List what is scheduled, with the next run of each."""
    planning = ctx.use(Planning)
    async with planning.database.transaction() as tx:
        found = await planning.schedules.list(
            tx, state="active" if params.which == "active" else None, task_id=errand_of(ctx.session_key)
        )
    more = f"\n…and {len(found) - _LISTED} more." if len(found) > _LISTED else ""
    return "\n".join(_line(ctx, schedule) for schedule in found[:_LISTED]) + more or "Nothing is scheduled."


class UpdateSchedule(_When):
    """Parameters of update_schedule; what is left out stays."""

    id: str = Field(description="The schedule's id")
    title: Seen | None = Field(default=None, description="A few words that name it", min_length=1, max_length=200)
    prompt: Seen | None = Field(default=None, description="What is to be done or said", min_length=1, max_length=8000)
    kind: Kind | None = Field(default=None, description="reminder or prompt")
    until: str | None = Field(default=None, description="No run after this (ISO 8601); `never` lifts it")
    max_runs: int | None = Field(
        default=None, description="No more runs than this, counted from now; 0 lifts it", ge=0, le=_MOST_RUNS
    )


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="⏰ changing schedule {id}", ru="⏰ меняю расписание {id}"),
)
async def update_schedule(ctx: ToolContext, params: UpdateSchedule) -> str:
    """Change a schedule: when, what, or for how long; one that was cancelled or is over lives again."""
    planning, now = ctx.use(Planning), ctx.use(Planning).clock.now()
    old = await _get(ctx, params.id)
    edited = _edited(ctx, old, params, now)
    await _refuse_for_errand_that_is_over(ctx, edited)
    await _bound_an_errand(ctx, edited, old)

    async def change(tx: Transaction) -> None:
        await planning.schedules.replace(tx, edited)

    _change(ctx, change)
    return f"Schedule {edited.id} {_title(ctx, edited)}, {rule_in_words(edited.rule)}. {runs_in_words(edited)}"


class ScheduleId(BaseModel):
    """Parameters of cancel_schedule and run_schedule_now."""

    id: str = Field(description="The schedule's id")


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="⏰ cancelling schedule {id}", ru="⏰ отменяю расписание {id}"),
)
async def cancel_schedule(ctx: ToolContext, params: ScheduleId) -> str:
    """Cancel a schedule: nothing of it happens any more."""
    planning, now = ctx.use(Planning), ctx.use(Planning).clock.now()
    old = await _get(ctx, params.id)
    if old.state != "active":
        raise ToolRetry(f"Schedule {old.id} {_title(ctx, old)} is over already.")

    async def cancel(tx: Transaction) -> None:
        await planning.schedules.replace(tx, replace(old, state="cancelled", next_run=None, updated_at=now))
        await planning.executor.fired.take_back(tx, old.id)

    _change(ctx, cancel)
    return f"Schedule {old.id} {_title(ctx, old)} is cancelled."


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="⏰ running {id} now", ru="⏰ запускаю {id} сейчас"),
)
async def run_schedule_now(ctx: ToolContext, params: ScheduleId) -> str:
    """Run a schedule once now; its planned runs stay as they are."""
    planning, now = ctx.use(Planning), ctx.use(Planning).clock.now()
    schedule = await _get(ctx, params.id)
    if errand_of(ctx.session_key) is not None:
        raise ToolRetry("An errand's session runs no schedule now: give it a `time` with update_schedule.")
    await _refuse_for_errand_that_is_over(ctx, schedule)
    facts = f"Schedule {schedule.id}, “{schedule.title}”: it was asked to be run now."

    async def run(tx: Transaction) -> None:
        await planning.executor.fire(tx, firing(schedule, f"{schedule.id} now {ctx.tool_use_id}", facts, now))

    ctx.change(run)
    where = {"owner": "in the conversation with the owner, after this turn", "isolated": "by itself",
             "errand": "in the errand's session, after this turn"}[schedule.session]  # fmt: skip
    return f"Schedule {schedule.id} runs now, " + ("as a message." if schedule.kind == "reminder" else f"{where}.")


async def _get(ctx: ToolContext, schedule_id: str) -> Schedule:
    """A schedule that the session may touch: that of an errand has none but its own."""
    planning = ctx.use(Planning)
    async with planning.database.transaction() as tx:
        try:
            return await planning.schedules.get(tx, schedule_id, task_id=errand_of(ctx.session_key))
        except NotFound as error:
            raise ToolRetry(str(error)) from None


def _change(ctx: ToolContext, change: Change) -> None:
    """Change the table, and have whoever waits for the next moment look at it."""
    schedules = ctx.use(Planning).schedules

    async def and_ring(tx: Transaction) -> None:
        await change(tx)
        schedules.changed.set()

    ctx.change(and_ring)


def _session(
    ctx: ToolContext, old: Schedule | None, wanted: Literal["owner", "isolated"] | None, kind: Kind, rule: Rule
) -> SessionChoice:
    """An errand's session has outsiders' words in it: what it has planned runs nowhere but in itself, where it is

    guarded, whoever changes it.
    """
    by_errand = errand_of(ctx.session_key) is not None
    if by_errand and kind == "reminder" and not isinstance(rule, Once):
        raise ToolRetry("An errand reminds the owner once: give `time`, or leave `kind` out to wake its own session.")
    if by_errand:
        return "errand"
    if old is None:
        return wanted or "owner"
    if old.task_id is None:
        return wanted or old.session
    if wanted is not None:
        raise ToolRetry(
            f"Schedule {old.id} belongs to the errand {old.task_id} and runs in its session alone: leave `session` "
            "out, or make a schedule of your own."
        )
    return "errand"


async def _bound_an_errand(ctx: ToolContext, schedule: Schedule, old: Schedule | None) -> None:
    if errand_of(ctx.session_key) is not None:
        planning = ctx.use(Planning)
        async with planning.database.transaction() as tx:
            await bound_an_errand(tx, planning.schedules, planning.executor.fired, schedule, old)


async def _refuse_for_errand_that_is_over(ctx: ToolContext, schedule: Schedule) -> None:
    planning = ctx.use(Planning)
    async with planning.database.transaction() as tx:
        if not await planning.schedules.is_wanted(tx, schedule):
            raise ToolRetry(f"The errand {schedule.task_id} is over, and schedule {schedule.id} with it.")


def _rule(when: _When, zone: ZoneInfo, now: datetime) -> Rule | None:
    given = [value for value in (when.time, when.cron, when.every) if value]
    if len(given) > 1:
        raise ToolRetry("Give only one of `time`, `cron` and `every`.")
    if when.time:
        return Once(_mended(parse_moment, when.time, zone, now))
    if when.cron:
        return _mended(parse_cron, when.cron, zone, now)
    if when.every:
        return Every(_mended(parse_span, when.every), now)
    return None


def _planned(schedule: Schedule, now: datetime) -> Schedule:
    """With its first run. Raises ToolRetry when there is none."""
    planned = replace(schedule, next_run=schedule.following(now, schedule.runs), state="active")
    if planned.next_run is None:
        first = schedule.rule.next_after(now)
        why = f"its first run would be {in_words(first, schedule.zone)}" if first else "its time has passed"
        raise ToolRetry(f"Nothing would ever happen: {why}. Change `until`, or the time.")
    return planned


def _edited(ctx: ToolContext, old: Schedule, params: UpdateSchedule, now: datetime) -> Schedule:
    zone = _mended(parse_zone, params.timezone) if params.timezone else old.zone
    rule = _rule(params, zone, now)
    if rule is None:
        rule = replace(old.rule, zone=zone) if isinstance(old.rule, Cron) else old.rule
    kind = params.kind or old.kind
    until = old.until
    if params.until:
        never = params.until.strip().lower() == "never"
        until = None if never else _mended(parse_moment, params.until, zone, now, "until")
    most = old.max_runs
    if params.max_runs is not None:
        most = old.runs + params.max_runs if params.max_runs else None
    edited = replace(
        old, title=" ".join((params.title or old.title).split()), prompt=params.prompt or old.prompt, kind=kind,
        session=_session(ctx, old, params.session, kind, rule), rule=rule, zone=zone, until=until,
        max_runs=most, updated_at=now,
    )  # fmt: skip
    untouched = old.state == "active" and rule == old.rule and until == old.until and most == old.max_runs
    return edited if untouched else _planned(edited, now)


def _theirs(ctx: ToolContext, schedule: Schedule) -> bool:
    """Whether an errand has planned it, and another session looks: outsiders may have had a part in the words."""
    return schedule.task_id is not None and errand_of(ctx.session_key) is None


def _title(ctx: ToolContext, schedule: Schedule) -> str:
    return fenced(schedule.title, "title") if _theirs(ctx, schedule) else f"“{schedule.title}”"


def _line(ctx: ToolContext, schedule: Schedule) -> str:
    following = next_runs(schedule, 1)
    when = f"next {in_words(following[0], schedule.zone)} ({schedule.zone.key})" if following else schedule.state
    gist = " ".join(schedule.prompt.split())
    gist = gist if len(gist) <= _GIST else gist[: _GIST - 1] + "…"
    gist = fenced(gist) if _theirs(ctx, schedule) else gist
    limits = [f"until {in_words(schedule.until, schedule.zone)}"] if schedule.until else []
    limits += [f"{schedule.runs} of {schedule.max_runs} runs made"] if schedule.max_runs else []
    what = schedule.kind if schedule.kind == "reminder" else f"{schedule.kind}, session {schedule.session}"
    whose = [f"of errand {schedule.task_id}"] if schedule.task_id else []
    named = f"- {schedule.id} {_title(ctx, schedule)}: {rule_in_words(schedule.rule)}"
    return "; ".join([named, when, *limits, what, *whose, gist])


def _mended(parse: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What is wrong with a time is told to the model, which can mend it."""
    try:
        return parse(*args, **kwargs)
    except InvalidSchedule as error:
        raise ToolRetry(str(error)) from None


TOOLS = (schedule_task, list_schedules, update_schedule, cancel_schedule, run_schedule_now)
