"""The heartbeat fires what is due, once, inside the active hours, and never while the last beat is at work."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from heartbeat_desk import Pulse

from jobs.core.database import Database
from jobs.core.setting_values import DayHours
from jobs.triggers.sources.heartbeat import Beat

DAYTIME = DayHours(time(8), time(22))


@pytest.fixture
def pulse(database: Database, tmp_path: Path) -> Pulse:
    return Pulse(database, tmp_path)


async def test_with_nothing_due_nothing_fires(pulse: Pulse) -> None:
    await pulse.errand("lumo", skill="chase", late=False)
    (pulse.workspace / "HEARTBEAT.md").write_text("# Checks\n\n- [x] done\n")
    assert await pulse.beats() == []


async def test_errands_with_a_session_are_resumed_all_at_once_and_the_checklist_runs_apart(pulse: Pulse) -> None:
    for name in ("lumo", "mira"):
        await pulse.errand(name, skill="chase")
    for name in ("nori", "pavo"):
        await pulse.errand(name, skill=None)
    (pulse.workspace / "HEARTBEAT.md").write_text("- [ ] is the disk full?\n")
    events = await pulse.beats()
    assert [(event.session, event.context.about) for event in events] == [
        ("errand", "lumo"), ("errand", "mira"), ("isolated", "heartbeat"), ("isolated", "heartbeat-waiting"),
    ]  # fmt: skip
    assert "ring them" in events[0].prompt
    own, rest = events[2].context, events[3].context
    assert "- is the disk full?" in own.facts
    assert own.quoted == {}, "nothing that anybody else has written stands beside the owner's own words"
    assert rest.facts == ""
    assert sorted(rest.quoted) == ["errand nori, it is overdue", "errand pavo, it is overdue"]


async def test_what_has_been_seen_to_is_silent_until_it_is_due_again(pulse: Pulse) -> None:
    await pulse.errand("lumo", skill="chase")
    await pulse.errand("nori", skill=None)
    assert len(await pulse.beats()) == 2
    for session in ("task:lumo", "trigger:heartbeat-waiting"):
        await pulse.desk.end(session, "")
    pulse.desk.clock.moves(minutes=30)
    assert await pulse.beats() == []
    pulse.desk.clock.moves(hours=24)
    assert len(await pulse.beats()) == 2


async def test_a_beat_does_not_overlap_the_last_one(pulse: Pulse) -> None:
    (pulse.workspace / "HEARTBEAT.md").write_text("- [ ] the mail\n")
    await pulse.errand("lumo", skill="chase")
    assert len(await pulse.beats()) == 2
    pulse.desk.clock.moves(hours=25)
    assert await pulse.beats() == []
    await pulse.desk.end("trigger:heartbeat", "")
    assert [event.session for event in await pulse.beats()] == ["isolated"]
    await pulse.desk.end("task:lumo", "")
    assert [event.session for event in await pulse.beats()] == ["errand"]


async def test_a_restart_within_a_beat_does_not_repeat_it(pulse: Pulse) -> None:
    (pulse.workspace / "HEARTBEAT.md").write_text("- [ ] the mail\n")
    [event] = await pulse.beats()
    await pulse.desk.end("trigger:heartbeat", "")
    pulse.desk.clock.moves(minutes=29)
    [again] = await pulse.source.due()
    assert again.key == event.key
    assert not await pulse.desk.executor.execute(again)


async def test_outside_the_active_hours_it_sleeps(database: Database, tmp_path: Path) -> None:
    pulse = Pulse(database, tmp_path, DayHours(time(8), time(22)))
    (tmp_path / "HEARTBEAT.md").write_text("- [ ] the mail\n")
    pulse.desk.clock.moment = datetime(2026, 3, 2, 6, 59, tzinfo=UTC)  # 07:59 in Berlin
    assert await pulse.source.due() == ()
    pulse.desk.clock.moves(minutes=1)
    assert len(await pulse.source.due()) == 1


async def test_it_looks_at_the_start_and_then_at_every_beat(pulse: Pulse) -> None:
    (pulse.workspace / "HEARTBEAT.md").write_text("- [ ] the mail\n")
    pulse.desk.clock.moves(minutes=10)
    keys: list[str] = []
    async with aclosing(pulse.source.events()) as events:
        async for event in events:
            pulse.alarm.rung.set()
            keys.append(event.key[5:21])
            if len(keys) == 3:
                break
    assert keys == ["2026-03-02T12:00", "2026-03-02T12:30", "2026-03-02T13:00"]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00- [ ] x", b"- [ ] " + b"x" * 100_000])
async def test_a_checklist_that_is_odd_does_no_harm(pulse: Pulse, content: bytes) -> None:
    (pulse.workspace / "HEARTBEAT.md").write_bytes(content)
    assert len(str(await pulse.source.due())) < 40_000
    (pulse.workspace / "HEARTBEAT.md").unlink()
    (pulse.workspace / "HEARTBEAT.md").mkdir()
    assert await pulse.source.due() == []


async def test_what_comes_due_after_a_restart_within_a_beat_is_told_by_the_next_one(pulse: Pulse) -> None:
    await pulse.errand("lumo", skill=None)
    assert len(await pulse.beats()) == 1
    await pulse.desk.end("trigger:heartbeat-waiting", "")
    await pulse.errand("nori", skill=None)
    [again] = await pulse.restarted().due()
    assert not await pulse.desk.executor.execute(again)
    pulse.desk.clock.moves(minutes=30)
    [event] = await pulse.beats()
    assert list(event.context.quoted) == ["errand nori, it is overdue"]


async def test_a_checklist_and_what_waits_do_not_hold_each_other_up(pulse: Pulse) -> None:
    (pulse.workspace / "HEARTBEAT.md").write_text("- [ ] the mail\n")
    assert len(await pulse.beats()) == 1
    pulse.desk.clock.moves(minutes=30)
    await pulse.errand("nori", skill=None)
    assert [event.context.about for event in await pulse.beats()] == ["heartbeat-waiting"]
    await pulse.desk.end("trigger:heartbeat", "")
    pulse.desk.clock.moves(minutes=30)
    assert [event.context.about for event in await pulse.beats()] == ["heartbeat"]


async def test_a_checklist_that_is_a_pipe_holds_nothing_up(pulse: Pulse) -> None:
    os.mkfifo(pulse.workspace / "HEARTBEAT.md")
    async with asyncio.timeout(60):
        assert await pulse.source.due() == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_a_checklist_is_read_as_any_editor_saves_it(pulse: Pulse, encoding: str) -> None:
    (pulse.workspace / "HEARTBEAT.md").write_bytes("- [ ] почта\r\n- [ ] диск\r\n".encode(encoding))
    [event] = await pulse.beats()
    assert event.context.facts.endswith("\n- почта\n- диск")


async def test_a_folder_of_the_checklists_name_costs_no_file_handle(pulse: Pulse) -> None:
    (pulse.workspace / "HEARTBEAT.md").mkdir()
    await pulse.source.due()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        assert await pulse.source.due() == []
    assert len(list(Path("/proc/self/fd").iterdir())) < before + 10


async def test_of_a_checklist_that_is_cut_the_model_is_told(pulse: Pulse) -> None:
    (pulse.workspace / "HEARTBEAT.md").write_text("".join(f"- [ ] {number} {'x' * 500}\n" for number in range(40)))
    [event] = await pulse.beats()
    assert "only its first 16000 characters are looked at" in event.context.facts


async def test_of_a_very_long_checklist_the_model_is_told_how_much_is_left_out(pulse: Pulse) -> None:
    (pulse.workspace / "HEARTBEAT.md").write_text("".join(f"- [ ] item {number}\n" for number in range(140)))
    [event] = await pulse.beats()
    assert "- item 99\n(40 more are not looked at" in event.context.facts


def berlin(*, minutes: int, hours: DayHours = DAYTIME) -> Beat:
    return Beat(timedelta(minutes=minutes), hours, ZoneInfo("Europe/Berlin"))


def beats_of(beat: Beat, moment: datetime, count: int) -> list[str]:
    found: list[str] = []
    for _ in range(count):
        moment = beat.next(moment)
        assert beat.last(moment) == moment
        found.append(f"{moment.astimezone(beat.zone):%a %d.%m. %H:%M}")
    return found


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/Moscow", "Australia/Sydney", "America/New_York"])
@pytest.mark.parametrize(("minutes", "least"), [(720, 2), (1440, 1), (10080, 1)])
def test_long_intervals_begin_with_the_active_hours(zone: str, minutes: int, least: int) -> None:
    beat = Beat(timedelta(minutes=minutes), DAYTIME, ZoneInfo(zone))
    moment = beat.last(datetime(2026, 3, 2, 12, tzinfo=UTC))
    for number in range(14 * least):
        assert DAYTIME.covers(moment.astimezone(beat.zone).time()), moment
        following = beat.next(moment)
        assert following - moment <= timedelta(minutes=minutes, hours=1)
        assert beat.last(following - timedelta(seconds=1)) == moment, number
        moment = following


def test_a_beat_a_day_keeps_its_time_when_the_clocks_change() -> None:
    days = beats_of(berlin(minutes=1440), datetime(2026, 3, 27, 12, tzinfo=UTC), 4)
    assert days == ["Sat 28.03. 08:00", "Sun 29.03. 08:00", "Mon 30.03. 08:00", "Tue 31.03. 08:00"]
    days = beats_of(berlin(minutes=1440), datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert days == ["Sun 25.10. 08:00", "Mon 26.10. 08:00"]


def test_a_beat_a_week_comes_on_mondays() -> None:
    weeks = beats_of(berlin(minutes=10080), datetime(2026, 3, 4, 12, tzinfo=UTC), 2)
    assert weeks == ["Mon 09.03. 08:00", "Mon 16.03. 08:00"]


def test_a_beat_that_does_not_fit_into_the_day_begins_afresh_with_the_active_hours() -> None:
    hours = DayHours(time(20, 30), time(3))
    beats = beats_of(berlin(minutes=420, hours=hours), datetime(2026, 3, 2, 20, tzinfo=UTC), 5)
    assert beats == [
        "Tue 03.03. 03:30", "Tue 03.03. 10:30", "Tue 03.03. 17:30", "Tue 03.03. 20:30", "Wed 04.03. 03:30",
    ]  # fmt: skip
