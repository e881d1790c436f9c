"""Times as a model gives them are understood or refused with a reason it can mend, and told back in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from schedule_desk import berlin

from jobs.core.errors import InvalidSchedule
from jobs.triggers.rules import Cron, Every, Once
from jobs.triggers.wording import in_words, parse_moment, parse_span, rule_in_words

BERLIN = ZoneInfo("Europe/Berlin")
NOW = berlin("2026-03-02 13:00")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("1h 30m", timedelta(hours=1, minutes=30)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("90 minutes", timedelta(minutes=90)),
        ("2 days", timedelta(days=2)),
        ("1 week", timedelta(weeks=1)),
        ("1 day and 2 hours", timedelta(days=1, hours=2)),
        ("PT15M", timedelta(minutes=15)),
        ("P1DT12H", timedelta(days=1, hours=12)),
        ("120s", timedelta(minutes=2)),
    ],
)
def test_durations(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "soon", "5", "2 months", "1y", "P1M", "h", "-5m", "5m!", "every 5m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidSchedule, match="cannot be read"):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "why"), [("10s", "shortest"), ("0m", "shortest"), ("400d", "longest"), ("9" * 30 + "w", "longest")]
)
def test_a_duration_has_bounds(text: str, why: str) -> None:
    with pytest.raises(InvalidSchedule, match=why):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T18:00", berlin("2026-03-02 18:00")),
        ("2026-03-02 18:00", berlin("2026-03-02 18:00")),
        ("2026-03-02T18:00:05", berlin("2026-03-02 18:00:05")),
        ("2026-03-02T18:00Z", datetime(2026, 3, 2, 18, tzinfo=UTC)),
        ("2026-03-02T18:00+09:00", None),
        ("2026-03-03T18:00+09:00", datetime(2026, 3, 3, 9, tzinfo=UTC)),
        # The clocks jump over one, and show the other twice.
        ("2026-03-29T02:30", berlin("2026-03-29 03:00")),
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_moments(text: str, moment: datetime | None) -> None:
    if moment is None:
        with pytest.raises(InvalidSchedule, match=r"has passed already: it is Monday 2 March 2026, 13:00 now"):
            parse_moment(text, BERLIN, NOW)
    else:
        assert parse_moment(text, BERLIN, NOW) == moment


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-03-02T12:59", "has passed already"),
        ("tomorrow at 10", "is no ISO 8601 time"),
        ("2026-02-30T10:00", "is no ISO 8601 time"),
        ("2026-03-05", "has no time of day: say which, such as 2026-03-05T09:00"),
        ("2126-03-05T10:00", "too far away"),
    ],
)
def test_what_is_no_moment_to_come_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidSchedule, match=why):
        parse_moment(text, BERLIN, NOW)


def test_moments_and_rules_in_words() -> None:
    assert in_words(NOW, BERLIN) == "Monday 2 March 2026, 13:00"
    assert in_words(NOW + timedelta(seconds=5), ZoneInfo("UTC")) == "Monday 2 March 2026, 12:00:05"
    assert rule_in_words(Every(timedelta(days=1, hours=2, minutes=1), NOW)) == "every 1 day 2 hours 1 minute"
    assert rule_in_words(Cron("0 9 * * MON", BERLIN)) == "cron `0 9 * * MON`"
    assert rule_in_words(Once(NOW)) == "once"
