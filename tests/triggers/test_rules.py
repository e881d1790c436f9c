"""When something happens next, above all when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.core.errors import InvalidSchedule
from jobs.triggers.rules import Cron, Every, Once, parse_cron

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def local_runs(line: str, zone: str, day: str, days: int = 2) -> list[str]:
    """The runs of a cron line from midnight of a day on, as local clocks show them, with their offset."""
    tz = ZoneInfo(zone)
    start = datetime.fromisoformat(day).replace(tzinfo=tz)
    end = (start + timedelta(days=days)).astimezone(UTC)
    rule, runs, moment = Cron(line, tz), list[str](), start.astimezone(UTC) - timedelta(seconds=1)
    while (found := rule.next_after(moment)) is not None and found < end:
        runs.append(f"{found.astimezone(tz):%d %H:%M %z}")
        moment = found
    return runs


SPRING_AND_AUTUMN = [
    # At 02:30 every day: the day of the change, and the day after it.
    ("Europe/Berlin", "2026-03-29", "30 2 * * *", ["29 03:00 +0200", "30 02:30 +0200"]),
    ("Europe/Berlin", "2026-10-25", "30 2 * * *", ["25 02:30 +0200", "26 02:30 +0100"]),
    ("America/New_York", "2026-03-08", "30 2 * * *", ["08 03:00 -0400", "09 02:30 -0400"]),
    ("America/New_York", "2026-11-01", "30 1 * * *", ["01 01:30 -0400", "02 01:30 -0500"]),
    ("Australia/Sydney", "2026-10-04", "30 2 * * *", ["04 03:00 +1100", "05 02:30 +1100"]),
    ("Australia/Sydney", "2026-04-05", "30 2 * * *", ["05 02:30 +1100", "06 02:30 +1000"]),
    ("Europe/Moscow", "2026-03-29", "30 2 * * *", ["29 02:30 +0300", "30 02:30 +0300"]),
    ("Europe/Moscow", "2026-10-25", "30 2 * * *", ["25 02:30 +0300", "26 02:30 +0300"]),
    # A star in the minute or a step in the hour are times of day as well.
    ("Europe/Berlin", "2026-03-29", "*/30 2 * * *", ["29 03:00 +0200", "30 02:00 +0200", "30 02:30 +0200"]),
    ("Europe/Berlin", "2026-10-25", "*/30 2 * * SUN", ["25 02:00 +0200", "25 02:30 +0200"]),
    ("Europe/Berlin", "2026-10-25", "30 */12 * * SUN", ["25 00:30 +0200", "25 12:30 +0100"]),
    # Noon is noon.
    ("Europe/Berlin", "2026-03-28", "0 12 * * *", ["28 12:00 +0100", "29 12:00 +0200"]),
    ("America/New_York", "2026-10-31", "0 12 * * *", ["31 12:00 -0400", "01 12:00 -0500"]),
]


@pytest.mark.parametrize(("zone", "day", "line", "runs"), SPRING_AND_AUTUMN)
def test_a_time_of_day_comes_once_a_day_also_when_the_clocks_change(
    zone: str, day: str, line: str, runs: list[str]
) -> None:
    assert local_runs(line, zone, day) == runs


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Sydney", "2026-10-04", 23),
        ("Australia/Sydney", "2026-04-05", 25),
        ("Europe/Moscow", "2026-03-29", 24),
    ],
)
def test_every_hour_is_every_hour_that_passes(zone: str, day: str, hours: int) -> None:
    assert len(local_runs("0 * * * *", zone, day, 1)) == hours
    assert len(local_runs("*/15 * * * *", zone, day, 1)) == 4 * hours
    assert len(local_runs("0 0-23 * * *", zone, day, 1)) == hours


def test_in_the_hour_that_comes_twice_a_time_that_has_come_does_not_come_again() -> None:
    second_pass = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)  # 02:15 once more
    following = Cron("30 2 * * *", ZoneInfo("Europe/Berlin")).next_after(second_pass)
    assert following == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_every_so_often_goes_by_the_time_that_passes() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    rule = Every(timedelta(days=1), before)
    assert rule.next_after(before) == before + timedelta(days=1)
    assert rule.next_after(before + timedelta(days=2, seconds=1)) == before + timedelta(days=3)
    assert rule.next_after(before - timedelta(days=9)) == before + timedelta(days=1)


def test_what_happens_once_does_not_happen_again() -> None:
    assert Once(NOW).next_after(NOW - timedelta(seconds=1)) == NOW
    assert Once(NOW).next_after(NOW) is None


@pytest.mark.parametrize(
    "line",
    ["0 9 * * MON-FRI", "0 9 1 JAN *", "*/5 8-18 * * 1-5", "0 0 L * *", "0 9 * * mon", "0 9 29 2 *", " 0  9 * * * "],
)
def test_lines_that_can_be_read(line: str) -> None:
    following = parse_cron(line, ZoneInfo("Europe/Berlin"), NOW).next_after(NOW)
    assert following is not None
    assert following > NOW


def test_monday_is_monday() -> None:
    for line in ("0 9 * * 1", "0 9 * * MON"):
        following = Cron(line, ZoneInfo("UTC")).next_after(NOW)
        assert following is not None
        assert f"{following:%A %H}" == "Monday 09"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("0 9 * *", "five fields"),
        ("0 0 9 * * *", "five fields"),
        ("@daily", "five fields"),
        ("61 9 * * *", "Bad minute"),
        ("0 9 * * FUNDAY", "Bad day-of-week"),
        ("0 9 31 2 *", "there is no such date"),
        ("tomorrow at nine or so", "cannot be read"),
        ("0 9 31 4,6 *", "there is no such date"),
        ("0 9 30 FEB *", "there is no such date"),
        ("0 9 32 2 *", "Bad day-of-month"),
        ("0 9 31 13 *", "Bad month"),
    ],
)
def test_lines_that_cannot_are_refused_with_a_reason(line: str, why: str) -> None:
    with pytest.raises(InvalidSchedule, match=why):
        parse_cron(line, ZoneInfo("Europe/Berlin"), NOW)


MINUTES = st.sampled_from(["0", "30", "15,45", "*/20", "*", "7-9", "59", "0,30"])
HOURS = st.sampled_from(["0", "1", "2", "3", "23", "*/2", "*/6", "1-3", "0,12", "2,3", "22-23"])
DAYS = st.sampled_from(["*", "1", "28-31", "15", "L"])
WEEKDAYS = st.sampled_from(["*", "MON-FRI", "SUN", "SAT,SUN", "1#2"])
LINES = st.builds("{} {} {} * {}".format, MINUTES, HOURS, DAYS, WEEKDAYS)
ZONES = st.sampled_from(
    sorted(z for z in available_timezones() if "/" in z and not z.startswith(("Etc/", "posix/", "right/")))
)


def labels(line: str, start: datetime, days: int) -> list[datetime]:
    """What a cron line names on a calendar without zones: every minute is looked at."""
    rule, found = Cron(line, ZoneInfo("UTC")), list[datetime]()
    moment = start.replace(tzinfo=UTC) - timedelta(seconds=1)
    end = start.replace(tzinfo=UTC) + timedelta(days=days)
    while (following := rule.next_after(moment)) is not None and following < end:
        found.append(following.replace(tzinfo=None))
        moment = following
    return found


def first_instant(label: datetime, tz: ZoneInfo) -> datetime:
    """When clocks in a zone show a time, or what they show instead of it once they have jumped over it."""
    for minute in range(48 * 60):
        moment = (label + timedelta(minutes=minute)).replace(tzinfo=tz)
        if moment.astimezone(UTC).astimezone(tz).replace(tzinfo=None) == moment.replace(tzinfo=None):
            return moment.astimezone(UTC)
    raise AssertionError("no such time in two days")


@settings(max_examples=200, deadline=None)
@given(LINES, ZONES, st.dates(date(2024, 1, 1), date(2027, 12, 1)))
def test_in_any_zone_each_time_of_day_comes_once_the_first_time_its_clocks_show_it(
    line: str, zone: str, day: date
) -> None:
    tz, start = ZoneInfo(zone), datetime(day.year, day.month, day.day)
    wanted = sorted({first_instant(label, tz) for label in labels(line, start - timedelta(days=2), 40)})
    begin, end = first_instant(start, tz), first_instant(start + timedelta(days=35), tz)
    wanted = [moment for moment in wanted if begin < moment < end]
    rule, found, moment = Cron(line, tz), list[datetime](), begin
    while (following := rule.next_after(moment)) is not None and following < end:
        found.append(following)
        moment = following
    assert found == wanted


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["0", "*/15", "7", "*"]), ZONES, st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 1)))
def test_in_any_zone_a_line_that_leaves_the_hour_open_counts_every_hour(minute: str, zone: str, at: datetime) -> None:
    tz, moment = ZoneInfo(zone), at.replace(second=0, microsecond=0, tzinfo=UTC)
    rule = Cron(f"{minute} * * * *", tz)
    for _ in range(30):
        following = rule.next_after(moment)
        assert following is not None
        probe = moment + timedelta(minutes=1)
        wanted = set(range(60)) if minute == "*" else set(range(0, 60, 15)) if minute == "*/15" else {int(minute)}
        while probe.astimezone(tz).minute not in wanted:
            probe += timedelta(minutes=1)
        assert following == probe
        moment = following
