"""The scheduler fires what is due by the clock in the hand, whatever that clock does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from schedule_desk import ONCE, ScheduleDesk, berlin

from jobs.core.messages import OWNER_SESSION
from jobs.triggers.rules import Every, Once


async def test_each_run_is_made_at_its_time_and_once(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:00")
    await planner.plan("0 9 * * *")
    assert await planner.looks_at("2026-03-02 08:59:59") == []
    assert await planner.looks_at("2026-03-02 09:00") == ["lumo 03-02 09:00"]
    assert await planner.looks_at("2026-03-02 09:00") == []
    assert await planner.looks_at("2026-03-03 09:00:01") == ["lumo 03-03 09:00"]
    assert await planner.told() == ["do lumo"] * 2


async def test_what_is_due_first_fires_first(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:00")
    for schedule_id, minute in (("kiva", 59), ("lumo", 58), ("zola", 57)):
        await planner.plan(Once(berlin(f"2026-03-02 08:{minute}")), schedule_id)
    assert [key.split()[0] for key in await planner.looks_at("2026-03-02 09:00")] == ["zola", "lumo", "kiva"]


async def test_once_comes_late_and_says_so(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 14:00")
    await planner.plan(ONCE)
    await planner.plan(ONCE, "kiva", kind="prompt")
    assert sorted(await planner.looks_at("2026-03-05 10:00")) == ["kiva 03-02 15:00", "lumo 03-02 15:00"]
    told = await planner.told()
    assert "do lumo\n\n(⏰ This was due on 2026-03-02 15:00; I was off then.)" in told
    assert "⏰ “Title kiva” was due on 2026-03-02 15:00, while I was off. I do it now." in told
    [row] = await planner.waiting(OWNER_SESSION)
    assert row.message.event is not None
    assert "planned for Monday 2 March 2026, 15:00. It comes late" in row.message.event.facts


async def test_a_little_late_is_not_worth_a_word(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 14:00")
    await planner.plan(ONCE)
    await planner.looks_at("2026-03-02 15:00:59")
    assert await planner.told() == ["do lumo"]


async def test_a_run_of_every_minute_that_a_hiccup_swallows_is_not_worth_a_word(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:00")
    await planner.plan("* * * * *")
    assert await planner.looks_at("2026-03-02 08:01") == ["lumo 03-02 08:01"]
    assert await planner.looks_at("2026-03-02 08:03:10") == ["lumo 03-02 08:03"]
    assert await planner.told() == ["do lumo"] * 2
    assert await planner.looks_at("2026-03-02 08:05:10") == ["lumo 03-02 08:05"]
    assert len(await planner.told()) == 3, "nor do such add up"
    assert await planner.looks_at("2026-03-02 08:08:10") == ["lumo 03-02 08:08"]
    assert "⏰ 2 missed while I was off" in (await planner.told())[-1]


@pytest.mark.parametrize(
    ("line", "changes"),
    [("* 8 * * *", {}), ("* * * * *", {"until": berlin("2026-03-02 08:59:30")}), ("*/2 * * * *", {})],
)
async def test_what_was_missed_for_longer_is_told_though_it_is_one_run(
    planner: ScheduleDesk, line: str, changes: dict[str, Any]
) -> None:
    planner.at("2026-03-02 08:57")
    await planner.plan(line, **changes)
    await planner.looks_at("2026-03-02 08:58")
    later = "2026-03-02 09:02:10" if line.startswith("*/2") else "2026-03-02 12:00"
    await planner.looks_at(later)
    assert "⏰ 1 missed while I was off" in (await planner.told())[-1]


async def test_what_was_missed_is_told_in_one_sentence(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:00")
    await planner.plan("0 9 * * *")
    await planner.plan("0 * * * *", "kiva")
    await planner.plan("0 11 * * SUN", "zola")
    assert await planner.looks_at("2026-03-04 10:10") == ["kiva 03-04 10:00", "lumo 03-04 09:00"]
    notice = (await planner.told())[-1]
    assert notice.startswith("⏰ 51 missed while I was off: “Title kiva” (49), “Title lumo” (2).")
    told = await planner.told()
    assert await planner.looks_at("2026-03-04 10:11") == []
    assert await planner.told() == told


async def test_what_is_too_much_to_count_is_said_to_be_more(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:00")
    await planner.plan("* * * * *")
    await planner.plan("0 9 * * *", "kiva")
    await planner.looks_at("2026-03-04 10:00")
    notice = (await planner.told())[-1]
    assert notice.startswith("⏰ 201+ missed while I was off: “Title lumo” (199+), “Title kiva” (2).")


async def test_a_kill_between_skipping_and_telling_costs_no_word(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:00")
    await planner.plan("0 9 * * *")
    await planner.plan(Once(berlin("2026-03-02 09:00")), "kiva")
    planner.at("2026-03-02 18:00")
    looking = planner.scheduler.due()
    async for event in looking:
        assert event.context.about == "kiva"
        break  # the other is skipped by now, and nobody has been told
    await looking.aclose()
    planner.restarted()
    await planner.look()
    assert "⏰ 1 missed while I was off: “Title lumo” (1)." in (await planner.told())[-1]


async def test_the_last_run_ends_it(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:00")
    await planner.plan("0 9 * * *", max_runs=2)
    await planner.plan("0 9 * * *", "kiva", until=berlin("2026-03-03 09:00"))
    for day in (2, 3, 4, 5):
        runs = await planner.looks_at(f"2026-03-0{day} 09:00")
        assert len(runs) == (2 if day < 4 else 0)
    for schedule_id in ("lumo", "kiva"):
        schedule = await planner.get(schedule_id)
        assert (schedule.state, schedule.next_run, schedule.runs) == ("done", None, 2)


async def test_a_schedule_that_is_changed_while_it_comes_due_does_not_run_as_it_was(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:00")
    schedule = await planner.plan("0 9 * * *")
    planner.at("2026-03-02 09:00")
    async for event in planner.scheduler.due():
        async with planner.database.transaction() as tx:
            cancelled = replace(schedule, state="cancelled", next_run=None, updated_at=planner.clock.now())
            await planner.schedules.replace(tx, cancelled)
        assert not await planner.executor.execute(event)
    assert await planner.told() == []


@pytest.mark.parametrize("change", [{"prompt": "Something else"}, {"next_run": berlin("2026-03-02 10:00")}])
async def test_one_that_is_edited_at_that_moment_is_looked_at_anew(
    planner: ScheduleDesk, change: dict[str, Any]
) -> None:
    planner.at("2026-03-02 08:00")
    schedule = await planner.plan("0 9 * * *")
    planner.at("2026-03-02 09:00")
    events = planner.scheduler.due()
    stale = await anext(events)
    async with planner.database.transaction() as tx:
        await planner.schedules.replace(tx, replace(schedule, updated_at=planner.clock.now(), **change))
    assert not await planner.executor.execute(stale)
    fresh = [event.prompt async for event in events if await planner.executor.execute(event)]
    assert fresh == (["Something else"] if "prompt" in change else [])


async def test_a_suspended_machine_is_one_that_was_off(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:00")
    await planner.plan("0 * * * *")
    await planner.look()
    assert await planner.looks_at("2026-03-02 11:10") == ["lumo 03-02 11:00"]
    assert "2 missed while" in (await planner.told())[-1]


async def test_a_clock_that_is_set_back_repeats_nothing(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:30")
    await planner.plan("0 * * * *")
    assert await planner.looks_at("2026-03-02 09:00") == ["lumo 03-02 09:00"]
    assert await planner.looks_at("2026-03-02 08:50") == []
    assert await planner.looks_at("2026-03-02 09:00") == []
    assert await planner.looks_at("2026-03-02 10:00") == ["lumo 03-02 10:00"]
    assert (await planner.get()).runs == 2


async def test_a_clock_that_was_years_ahead_does_not_silence_what_repeats(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:30")
    await planner.plan("0 * * * *")
    await planner.plan(Every(timedelta(hours=1), berlin("2026-03-02 08:15")), "kiva")
    assert len(await planner.looks_at("2031-03-02 09:16")) == 2
    planner.restarted()  # a new start learns of it from what was written
    assert await planner.looks_at("2026-03-02 08:40") == []
    assert await planner.looks_at("2026-03-02 09:00") == ["lumo 03-02 09:00"]
    assert await planner.looks_at("2026-03-02 09:15") == ["kiva 03-02 09:15"]


async def test_the_schedules_of_an_errand_end_with_it(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:30")
    async with planner.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO tasks (id, title, status, created_by, created_at, updated_at) "
            "VALUES ('kiva', 'Report', 'waiting', 'owner', '2026', '2026')"
        )
    await planner.plan("0 * * * *", session="errand", task_id="kiva", kind="prompt")
    assert await planner.looks_at("2026-03-02 09:00") == ["lumo 03-02 09:00"]
    assert len(await planner.waiting("task:kiva")) == 1
    async with planner.database.transaction() as tx:
        await tx.execute("UPDATE tasks SET status = 'done'")
    assert await planner.looks_at("2026-03-02 10:00") == []
    assert (await planner.get()).state == "done"


async def test_it_waits_for_the_next_moment_and_hears_of_a_nearer_one(planner: ScheduleDesk) -> None:
    planner.at("2026-03-02 08:00")
    await planner.plan("0 9 * * *")
    events = planner.scheduler.events()
    firing = asyncio.ensure_future(anext(events))
    await asyncio.wait_for(planner.alarm.waiting.wait(), 10)
    assert planner.alarm.asked == [berlin("2026-03-02 09:00")]
    planner.alarm.waiting.clear()
    await planner.plan("30 8 * * *", "kiva")
    planner.schedules.changed.set()
    await asyncio.wait_for(planner.alarm.waiting.wait(), 10)
    assert planner.alarm.asked[-1] == berlin("2026-03-02 08:30")
    planner.at("2026-03-02 08:30")
    planner.schedules.changed.set()
    event = await asyncio.wait_for(firing, 10)
    assert (event.source, event.context.about) == ("scheduler", "kiva")
    await events.aclose()


@pytest.mark.parametrize(
    ("over", "on", "told"),
    [
        (True, False, "“Title lumo” (2; it is over). No run is planned any more; to"),
        (False, True, "“Title kiva” (2). They go on as planned; to"),
        (True, True, "“Title lumo” (2; it is over), “Title kiva” (2). What is not over goes on as planned; to"),
    ],
)
async def test_what_was_missed_goes_on_only_where_it_does(
    planner: ScheduleDesk, over: bool, on: bool, told: str
) -> None:
    planner.at("2026-03-02 13:00")
    if over:
        await planner.plan("0 9 * * *", until=berlin("2026-03-04 10:00"))
    if on:
        await planner.plan("0 10 * * *", "kiva", created_at=berlin("2026-03-02 14:00"))
    await planner.looks_at("2026-03-04 15:00")
    assert told in (await planner.told())[-1]
