"""The clock wakes at its moment, early when something has changed, and soon enough to see that it was set."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from jobs.triggers import alarm_clock
from jobs.triggers.alarm_clock import SchedulerClock


async def test_it_wakes_at_a_moment_of_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    changed, moment = asyncio.Event(), datetime.now(UTC) + timedelta(seconds=0.3)
    async with SchedulerClock.running() as clock, asyncio.timeout(60):
        await clock.wait(moment, changed)
    assert timedelta() <= datetime.now(UTC) - moment < timedelta(seconds=1)


async def test_a_moment_that_has_passed_is_now() -> None:
    async with SchedulerClock.running() as clock, asyncio.timeout(60):
        await clock.wait(datetime.now(UTC) - timedelta(days=400), asyncio.Event())


async def test_it_wakes_early_for_what_has_changed_and_is_set_anew() -> None:
    changed = asyncio.Event()
    async with SchedulerClock.running() as clock, asyncio.timeout(60):
        asyncio.get_running_loop().call_soon(changed.set)
        await clock.wait(datetime.now(UTC) + timedelta(hours=1), changed)
        changed.clear()
        await clock.wait(datetime.now(UTC) + timedelta(seconds=0.1), changed)


@pytest.mark.parametrize("ahead", [timedelta(days=9999), None])
async def test_it_never_sleeps_long_without_a_look_at_the_clock(
    ahead: timedelta | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timedelta(seconds=60) >= alarm_clock.LONGEST
    monkeypatch.setattr(alarm_clock, "LONGEST", timedelta(seconds=0.2))
    async with SchedulerClock.running() as clock, asyncio.timeout(60):
        await clock.wait(datetime.now(UTC) + ahead if ahead else None, asyncio.Event())
