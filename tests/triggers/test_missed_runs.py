"""The contract of runs that were missed: once comes late, what repeats comes once if it is not too late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_desk import EVERY_5, ONCE, berlin

from jobs.triggers.missed import COUNTED, owed
from jobs.triggers.rules import Cron, Every, Once, Rule
from jobs.triggers.schedules import Schedule

BERLIN = ZoneInfo("Europe/Berlin")
HOURLY, DAILY = Cron("0 * * * *", BERLIN), Cron("0 9 * * *", BERLIN)


def schedule(rule: Rule, since: datetime, *, until: datetime | None = None, max_runs: int | None = None) -> Schedule:
    """One that has run whenever it should have up to a moment."""
    return Schedule(
        id="lumo", title="Title", prompt="do", kind="reminder", session="owner", task_id=None, rule=rule, zone=BERLIN,
        until=until, max_runs=max_runs, next_run=rule.next_after(since), created_by="owner", created_at=since,
        updated_at=since,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "down_since", "now", "owed_now", "following"),
    [
        # On time.
        (DAILY, "03-02 08:00", "03-02 09:00:00", ("03-02 09:00", 0), "03-03 09:00"),
        (DAILY, "03-02 08:00", "03-02 08:59:59", (None, 0), "03-02 09:00"),
        # Once: however late.
        (ONCE, "03-02 14:00", "03-02 15:00:00", ("03-02 15:00", 0), None),
        (ONCE, "03-02 14:00", "05-30 15:00:00", ("03-02 15:00", 0), None),
        # Daily: up to 2 hours.
        (DAILY, "03-02 08:00", "03-02 10:59:59", ("03-02 09:00", 0), "03-03 09:00"),
        (DAILY, "03-02 08:00", "03-02 11:00:00", (None, 1), "03-03 09:00"),
        # Hourly: up to half an hour.
        (HOURLY, "03-02 08:30", "03-02 09:29:59", ("03-02 09:00", 0), "03-02 10:00"),
        (HOURLY, "03-02 08:30", "03-02 09:30:00", (None, 1), "03-02 10:00"),
        # Every five minutes: up to two and a half.
        (EVERY_5, "03-02 09:01", "03-02 09:07:29", ("03-02 09:05", 0), "03-02 09:10"),
        (EVERY_5, "03-02 09:01", "03-02 09:07:30", (None, 1), "03-02 09:10"),
        # Every minute: up to two minutes, so that the latest always comes.
        (Cron("* * * * *", BERLIN), "03-02 09:00", "03-02 09:03:59", ("03-02 09:03", 2), "03-02 09:04"),
        # Of several the latest.
        (HOURLY, "03-02 08:30", "03-02 12:10:00", ("03-02 12:00", 3), "03-02 13:00"),
        (HOURLY, "03-02 08:30", "03-02 12:40:00", (None, 4), "03-02 13:00"),
        (DAILY, "03-02 08:00", "03-05 09:30:00", ("03-05 09:00", 3), "03-06 09:00"),
    ],
)
def test_what_is_owed(
    rule: Rule, down_since: str, now: str, owed_now: tuple[str | None, int], following: str | None
) -> None:
    def moment(text: str | None) -> datetime | None:
        return berlin(f"2026-{text}") if text else None

    what = owed(schedule(rule, berlin(f"2026-{down_since}")), berlin(f"2026-{now}"))
    assert (what.run, what.missed, what.following) == (moment(owed_now[0]), owed_now[1], moment(following))


def test_runs_after_the_end_are_not_missed() -> None:
    ended = schedule(HOURLY, berlin("2026-03-02 08:30"), until=berlin("2026-03-02 10:15"))
    what = owed(ended, berlin("2026-03-02 18:00"))
    assert (what.run, what.missed, what.following) == (None, 2, None)


def test_a_run_that_is_skipped_does_not_count_as_made() -> None:
    twice = schedule(HOURLY, berlin("2026-03-02 08:30"), max_runs=1)
    assert owed(twice, berlin("2026-03-02 09:40")).following == berlin("2026-03-02 10:00")
    assert owed(twice, berlin("2026-03-02 10:10")).following is None


@pytest.mark.parametrize(
    ("now", "most", "made", "missed"),
    [("03-20 15:00", 3, None, 3), ("03-20 09:30", 3, "03-20 09:00", 2), ("03-20 09:30", 1, "03-20 09:00", 0)],
)
def test_runs_that_would_never_have_been_are_not_missed(now: str, most: int, made: str | None, missed: int) -> None:
    what = owed(schedule(DAILY, berlin("2026-03-02 13:00"), max_runs=most), berlin(f"2026-{now}"))
    assert (what.run, what.missed) == (berlin(f"2026-{made}") if made else None, missed)


def test_a_year_of_minutes_is_looked_through_quickly_and_the_latest_is_found() -> None:
    yearly = schedule(Cron("* * * * *", BERLIN), berlin("2025-03-02 09:00"))
    what = owed(yearly, berlin("2026-03-02 09:00:30"))
    assert what.run == berlin("2026-03-02 09:00")
    assert what.missed == COUNTED - 1


_SOME = ("Europe/", "America/", "Australia/")
RULES = st.one_of(
    st.builds(
        lambda minute, hour, days, zone: Cron(f"{minute} {hour} * * {days}", ZoneInfo(zone)),
        st.sampled_from(["0", "30", "*/20", "*", "5,50"]),
        st.sampled_from(["*", "2", "9", "*/6", "8-18", "1-3"]),
        st.sampled_from(["*", "MON-FRI", "SUN"]),
        st.sampled_from(
            sorted(z for z in available_timezones() if z.startswith(("Europe/", "America/", "Australia/")))
        ),
    ),
    st.builds(
        lambda minutes: Every(timedelta(minutes=minutes), datetime(2026, 1, 1, tzinfo=UTC)), st.integers(1, 5000)
    ),
    st.builds(
        lambda minutes: Once(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)), st.integers(1, 9999)
    ),
)
STARTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda at: at.replace(tzinfo=UTC))


@settings(max_examples=300, deadline=None)
@given(RULES, STARTS, st.lists(st.tuples(st.integers(0, 7 * 24 * 3600), st.booleans()), min_size=1, max_size=10))
def test_over_any_ups_and_downs_the_runs_that_happen_are_those_of_the_contract(
    rule: Rule, start: datetime, spans: list[tuple[int, bool]]
) -> None:
    """The program is up, and looks whenever something is due, or it is down and looks at the end."""
    plan, last_look, made = schedule(rule, start), start, list[datetime]()
    for seconds, up in spans:
        end = last_look + timedelta(seconds=seconds % _most_seconds(rule, start))
        for now in [*(_between(rule, last_look, end) if up else ()), end]:
            due = _between(rule, last_look, now)
            what = owed(plan, now)
            assert (what.run, what.missed) == _by_the_contract(rule, due, now)
            made += [what.run] if what.run is not None else []
            plan, last_look = replace(plan, next_run=what.following), now
    assert made == sorted(set(made)), "nothing twice, and in order"


def _by_the_contract(rule: Rule, due: list[datetime], now: datetime) -> tuple[datetime | None, int]:
    """In the words of the promise, without a thought for how it is kept."""
    if not due:
        return None, 0
    latest = due[-1]
    if isinstance(rule, Once):
        return latest, 0
    following = rule.next_after(latest)
    assert following is not None
    half = (following - latest).total_seconds() / 2
    if (now - latest).total_seconds() < min(max(half, 120), 7200):
        return latest, min(len(due), COUNTED) - 1
    return None, min(len(due), COUNTED)


def _most_seconds(rule: Rule, start: datetime) -> int:
    """Of runs that are dense, more than are counted are not waited for."""
    first = rule.next_after(start)
    second = rule.next_after(first) if first else None
    dense = first and second and second - first < timedelta(minutes=15)
    return 12 * 3600 if dense else 7 * 24 * 3600


def _between(rule: Rule, start: datetime, end: datetime) -> list[datetime]:
    found, moment = list[datetime](), start
    while (following := rule.next_after(moment)) is not None and following <= end:
        found.append(following)
        moment = following
    return found
