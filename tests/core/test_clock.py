"""Moments are kept as text that sorts as they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from jobs.core.clock import SystemClock, from_text, to_text

moments = st.datetimes(
    min_value=datetime(1971, 1, 1),
    max_value=datetime(2200, 1, 1),
    timezones=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours))),
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))


@given(moments)
def test_a_moment_comes_back_as_it_went(moment: datetime) -> None:
    back = from_text(to_text(moment))
    assert back == moment
    assert back.utcoffset() == timedelta()


@given(moments, moments)
def test_texts_sort_as_their_moments(one: datetime, other: datetime) -> None:
    assert (to_text(one) < to_text(other)) == (one < other)


def test_the_machines_clock_is_aware_and_in_utc() -> None:
    clock = SystemClock()
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
