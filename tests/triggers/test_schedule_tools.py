"""What the model can do about schedules, and what it is told."""

from __future__ import annotations

from typing import Any

import pytest
from schedule_desk import ScheduleDesk, berlin

from jobs.core.errors import ToolRetry
from jobs.core.messages import OWNER_SESSION
from jobs.tools.roles import Role
from jobs.triggers.tools import (
    cancel_schedule,
    list_schedules,
    run_schedule_now,
    schedule_task,
    update_schedule,
)

WORK = {"title": "Brief", "prompt": "Look at the weather"}


@pytest.fixture(autouse=True)
def monday(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 13:00")


async def only(planner: ScheduleDesk) -> str:
    """The id of the one schedule there is."""
    async with planner.database.transaction() as tx:
        [schedule] = await planner.schedules.list(tx, state=None)
    return schedule.id


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ({"time": "2026-03-03T09:00"}, "once. Next: Tuesday 3 March 2026, 09:00 (Europe/Berlin)."),
        (
            {"cron": "0 9 * * MON-FRI"},
            "cron `0 9 * * MON-FRI`. Next: Tuesday 3 March 2026, 09:00; then Wednesday 4 March 2026, 09:00; "
            "Thursday 5 March 2026, 09:00 (Europe/Berlin).",
        ),
        (
            {"every": "2h"},
            "every 2 hours. Next: Monday 2 March 2026, 15:00; then Monday 2 March 2026, 17:00; "
            "Monday 2 March 2026, 19:00 (Europe/Berlin).",
        ),
        (
            {"cron": "0 9 * * *", "timezone": "America/New_York", "max_runs": 2},
            "Next: Monday 2 March 2026, 09:00; then Tuesday 3 March 2026, 09:00 (America/New_York).",
        ),
        (
            {"cron": "0 9 * * *", "until": "2026-03-03T12:00"},
            "Next: Tuesday 3 March 2026, 09:00 (Europe/Berlin).",
        ),
    ],
)
async def test_the_next_runs_are_told_back_in_words(planner: ScheduleDesk, when: dict[str, Any], told: str) -> None:
    answer = await planner.call(schedule_task, **WORK, **when)
    assert answer == f"Schedule {await only(planner)} “Brief”, {answer.partition('“Brief”, ')[2]}"
    assert answer.endswith(told)
    assert planner.schedules.changed.is_set(), "whoever waits for the next moment hears of it"


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ({}, "one of `time`, `cron` and `every`"),
        ({"time": "2026-03-03T09:00", "every": "2h"}, "only one of"),
        ({"time": "2026-03-02T09:00"}, "has passed already: it is Monday 2 March 2026, 13:00 now"),
        ({"time": "at nine"}, "no ISO 8601 time"),
        ({"cron": "0 9 31 2 *"}, "there is no such date"),
        ({"every": "5s"}, "shortest"),
        ({"cron": "0 9 * * *", "timezone": "Berlin"}, "Is Europe/Berlin meant?"),
        ({"cron": "0 9 * * *", "until": "2026-03-03T08:00"}, "its first run would be Tuesday 3 March 2026, 09:00"),
        ({"cron": "0 9 * * *", "max_runs": 0}, "max_runs"),
        ({"cron": "0 9 * * *", "max_runs": 2**63}, "max_runs"),
        ({"every": f"{'9' * 5000}m"}, "too long to read"),
        ({"cron": f"{'9' * 5000} * * * *"}, "too long"),
        ({"time": "2026-03-03T09:00", "kind": "alarm"}, "kind"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_reason(planner: ScheduleDesk, when: dict[str, Any], why: str) -> None:
    with pytest.raises(ToolRetry, match=why):
        await planner.call(schedule_task, **WORK, **when)
    assert await planner.call(list_schedules, which="all") == "Nothing is scheduled."


@pytest.mark.parametrize("blank", [" ", "\n\t ", "\u200b\u2060", "\u3164\u2800", "\u202e \ufe0f"])
async def test_a_reminder_that_nobody_could_see_is_refused(planner: ScheduleDesk, blank: str) -> None:
    at = {"title": "Pills", "time": "2026-03-02T20:00"}
    for kind in ("reminder", "prompt"):
        with pytest.raises(ToolRetry, match=r"prompt: .*no words that can be seen"):
            await planner.call(schedule_task, **at, prompt=blank, kind=kind)
    assert await planner.call(list_schedules, which="all") == "Nothing is scheduled."
    await planner.call(schedule_task, **at, prompt="Take them", kind="reminder")
    with pytest.raises(ToolRetry, match=r"prompt: .*no words that can be seen"):
        await planner.call(update_schedule, id=await only(planner), prompt=blank)
    with pytest.raises(ToolRetry, match=r"title: .*no words that can be seen"):
        await planner.call(update_schedule, id=await only(planner), title=blank)
    await planner.looks_at("2026-03-02 20:00")
    assert await planner.told() == ["Take them"]


async def test_nothing_that_controls_or_turns_text_around_is_kept(planner: ScheduleDesk) -> None:
    said = {"title": "Pi\0lls\u202e\u2066\x1b", "prompt": "Take\0 them:\n\t\u202etwo\x1b[2J 👨\u200d👩\u200d👧\x85"}
    await planner.call(schedule_task, **said, kind="reminder", time="2026-03-02T20:00")
    schedule = await planner.get(await only(planner))
    assert (schedule.title, schedule.prompt) == ("Pills", "Take them:\n\ttwo[2J 👨\u200d👩\u200d👧")
    await planner.call(update_schedule, id=schedule.id, title="\u202dOther\x07")
    assert (await planner.get(schedule.id)).title == "Other"


async def test_schedules_are_listed_with_what_comes_next(planner: ScheduleDesk) -> None:
    await planner.call(schedule_task, **WORK, cron="0 9 * * *", session="isolated", max_runs=3)
    await planner.call(schedule_task, title="Pills", prompt="Take them", kind="reminder", time="2026-03-02T20:00")
    first, second = (await planner.call(list_schedules)).splitlines()
    assert "“Pills”: once; next Monday 2 March 2026, 20:00 (Europe/Berlin); reminder; Take them" in first
    assert "“Brief”: cron `0 9 * * *`; next Tuesday" in second
    assert "0 of 3 runs made; prompt, session isolated; Look at the weather" in second


async def test_a_schedule_is_changed_in_part(planner: ScheduleDesk) -> None:
    await planner.call(schedule_task, **WORK, cron="0 9 * * *")
    schedule_id = await only(planner)
    answer = await planner.call(update_schedule, id=schedule_id.upper(), cron="0 10 * * *", title="Later")
    assert "“Later”, cron `0 10 * * *`. Next: Tuesday 3 March 2026, 10:00" in answer
    assert (await planner.get(schedule_id)).prompt == "Look at the weather"
    answer = await planner.call(update_schedule, id=schedule_id, timezone="America/New_York")
    assert "Next: Monday 2 March 2026, 10:00" in answer
    assert await planner.looks_at("2026-03-02 16:00") == [f"{schedule_id} 03-02 16:00"]
    await planner.call(update_schedule, id=schedule_id, prompt="Something else")
    assert (await planner.get(schedule_id)).next_run == berlin("2026-03-03 16:00"), "a new text moves nothing"


async def test_a_schedule_that_is_over_lives_again_when_it_gets_a_time(planner: ScheduleDesk) -> None:
    await planner.call(schedule_task, **WORK, time="2026-03-02T14:00", kind="reminder")
    schedule_id = await only(planner)
    await planner.looks_at("2026-03-02 14:00")
    with pytest.raises(ToolRetry, match="its time has passed"):
        await planner.call(update_schedule, id=schedule_id, title="Again")
    await planner.call(update_schedule, id=schedule_id, time="2026-03-02T15:00")
    assert await planner.looks_at("2026-03-02 15:00") == [f"{schedule_id} 03-02 15:00"]


async def test_more_runs_are_counted_from_now(planner: ScheduleDesk) -> None:
    await planner.call(schedule_task, **WORK, every="1h", max_runs=1, kind="reminder")
    schedule_id = await only(planner)
    assert len(await planner.looks_at("2026-03-02 14:00")) == 1
    await planner.call(update_schedule, id=schedule_id, max_runs=1)
    assert len(await planner.looks_at("2026-03-02 15:00")) == 1
    assert await planner.looks_at("2026-03-02 16:00") == []
    await planner.call(update_schedule, id=schedule_id, max_runs=0, until="2026-03-02T18:30")
    await planner.call(update_schedule, id=schedule_id, until="never")
    assert (await planner.get(schedule_id)).until is None


async def test_what_is_cancelled_does_not_run(planner: ScheduleDesk) -> None:
    await planner.call(schedule_task, **WORK, cron="0 14 * * *")
    schedule_id = await only(planner)
    assert "is cancelled" in await planner.call(cancel_schedule, id=f"#{schedule_id}")
    assert await planner.looks_at("2026-03-02 14:00") == []
    with pytest.raises(ToolRetry, match="over already"):
        await planner.call(cancel_schedule, id=schedule_id)
    with pytest.raises(ToolRetry, match="list_schedules tells"):
        await planner.call(cancel_schedule, id="nope")


async def test_a_run_now_leaves_the_plan_as_it_is(planner: ScheduleDesk) -> None:
    await planner.call(schedule_task, **WORK, cron="0 14 * * *", session="isolated", max_runs=1)
    schedule_id = await only(planner)
    assert "runs now, by itself" in await planner.call(run_schedule_now, id=schedule_id)
    assert "runs now" in await planner.call(run_schedule_now, id=schedule_id)
    assert len(await planner.waiting(f"trigger:{schedule_id}")) == 2
    assert await planner.looks_at("2026-03-02 14:00") == [f"{schedule_id} 03-02 14:00"]


ERRAND: dict[str, Any] = {"role": Role.TASK, "by": "task:kiva"}


async def test_what_an_errands_session_plans_runs_nowhere_but_in_itself(planner: ScheduleDesk) -> None:
    async with planner.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO tasks (id, title, status, created_by, created_at, updated_at) "
            "VALUES ('kiva', 'Report', 'waiting', 'owner', '2026', '2026')"
        )
    await planner.call(schedule_task, **ERRAND, title="Nudge", prompt="Ask again", time="2026-03-02T14:00")
    await planner.looks_at("2026-03-02 14:00")
    assert len(await planner.waiting("task:kiva")) == 1
    assert await planner.waiting(OWNER_SESSION) == []
    with pytest.raises(ToolRetry, match="reminds the owner once"):
        await planner.call(schedule_task, **ERRAND, **WORK, every="1h", kind="reminder")


@pytest.mark.parametrize(("status", "told"), [("done", True), ("cancelled", False), ("failed", False)])
async def test_an_errand_reminds_the_owner_of_what_was_settled(planner: ScheduleDesk, status: str, told: bool) -> None:
    async with planner.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO tasks (id, title, status, created_by, created_at, updated_at) "
            "VALUES ('kiva', 'Call', ?, 'owner', '2026', '2026')",
            status,
        )
    words = {"title": "The call", "prompt": "Call with Masha at 16:00"}
    await planner.call(schedule_task, **ERRAND, **words, kind="reminder", time="2026-03-02T15:00")
    await planner.looks_at("2026-03-02 15:00")
    assert [text for text in await planner.told() if "Call with Masha" in text] == (
        ["📌 kiva, The call: Call with Masha at 16:00"] if told else []
    )


async def test_an_errands_session_sees_and_touches_no_schedule_but_its_own(planner: ScheduleDesk) -> None:
    await planner.call(schedule_task, **WORK, time="2026-03-02T15:00")
    schedule_id = await only(planner)
    assert await planner.call(list_schedules, **ERRAND) == "Nothing is scheduled."
    for tool, more in ((update_schedule, {"title": "Mine"}), (cancel_schedule, {}), (run_schedule_now, {})):
        with pytest.raises(ToolRetry, match="no schedule"):
            await planner.call(tool, **ERRAND, id=schedule_id, **more)
    assert (await planner.get(schedule_id)).title == "Brief"


async def test_an_errands_session_cannot_fill_the_days_with_runs(planner: ScheduleDesk) -> None:
    async with planner.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO tasks (id, title, status, created_by, created_at, updated_at) "
            "VALUES ('kiva', 'Report', 'waiting', 'owner', '2026', '2026')"
        )
    for _ in range(10):
        await planner.call(schedule_task, **ERRAND, **WORK, time="2026-03-02T15:00")
    with pytest.raises(ToolRetry, match="10 schedules already"):
        await planner.call(schedule_task, **ERRAND, **WORK, time="2026-03-02T15:00")
    with pytest.raises(ToolRetry, match="at most every 15 minutes"):
        await planner.call(schedule_task, role=Role.TASK, by="task:lumo", **WORK, every="5m")


async def test_what_has_come_due_and_was_not_begun_is_cancelled_with_its_schedule(planner: ScheduleDesk) -> None:
    await planner.call(schedule_task, **WORK, time="2026-03-02T15:00")
    schedule_id = await only(planner)
    await planner.looks_at("2026-03-02 15:00")
    [row] = await planner.waiting(OWNER_SESSION)
    await planner.call(update_schedule, id=schedule_id, time="2026-03-02T16:00")
    await planner.call(cancel_schedule, id=schedule_id)
    assert await planner.waiting(OWNER_SESSION) == []
    assert (await planner.journal.begin_attempt(OWNER_SESSION, [row]))[0] == []
