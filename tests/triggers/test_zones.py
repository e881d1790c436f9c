"""Zones are understood, or refused with the one that is meant."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest

from jobs.core.errors import InvalidSchedule
from jobs.triggers.rules import parse_cron
from jobs.triggers.wording import parse_moment
from jobs.triggers.zones import ABBREVIATIONS, in_utc, parse_zone


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", " Asia/Kolkata "])
def test_zones(name: str) -> None:
    assert parse_zone(name).key == name.strip()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Europe/Mosocw", "Europe/Moscow"),
        ("../etc/passwd", ""),
        ("", ""),
        ("Mars/Olympus_Mons", ""),
    ],
)
def test_an_unknown_zone_is_refused_and_the_one_that_is_meant_named(name: str, hint: str) -> None:
    with pytest.raises(InvalidSchedule, match="no time zone") as refused:
        parse_zone(name)
    assert hint in str(refused.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MSK", "Is Europe/Moscow meant?"),
        ("msk", "Is Europe/Moscow meant?"),
        ("МСК", "Is Europe/Moscow meant?"),
        ("CET", "Is Europe/Berlin meant?"),
        ("CEST", "Is Europe/Berlin meant?"),
        ("PST", "Is America/Los_Angeles meant?"),
        ("IST", "Is Asia/Kolkata or Asia/Jerusalem or Europe/Dublin meant?"),
    ],
)
def test_an_abbreviation_leads_to_the_zone_that_is_meant(name: str, hint: str) -> None:
    with pytest.raises(InvalidSchedule, match="an IANA name is wanted") as refused:
        parse_zone(name)
    assert str(refused.value).endswith(hint)


def test_new_york_has_summer_time_and_est_has_not() -> None:
    assert ZoneInfo("EST").key == "EST"
    with pytest.raises(InvalidSchedule, match=r"Is America/New_York meant\?"):
        parse_zone("EST")


@pytest.mark.parametrize(
    ("name", "same"),
    [("GMT+3", "`Etc/GMT-3`"), ("UTC+3", "`Etc/GMT-3`"), ("UTC-05:00", "`Etc/GMT+5`"), ("+0300", "`Etc/GMT-3`")],
)
def test_an_offset_is_told_from_a_zone_and_its_sign_is_put_right(name: str, same: str) -> None:
    with pytest.raises(InvalidSchedule, match="give the zone of a place") as refused:
        parse_zone(name)
    assert same in str(refused.value)
    assert "meant?" not in str(refused.value)


@pytest.mark.parametrize("name", ["+05:30", "UTC+15", "UTC-13"])
def test_an_offset_that_no_zone_has_all_year_gets_none(name: str) -> None:
    with pytest.raises(InvalidSchedule, match="give the zone of a place") as refused:
        parse_zone(name)
    assert "Etc/" not in str(refused.value)


@pytest.mark.parametrize("name", ["XYZ", "ABC", "Omk", "RUS", "local", "GMT+30 or so"])
def test_nothing_is_guessed_from_a_few_letters(name: str) -> None:
    with pytest.raises(InvalidSchedule, match="an IANA name is wanted") as refused:
        parse_zone(name)
    assert "meant?" not in str(refused.value)


def test_every_zone_that_is_named_exists() -> None:
    named = {zone for meant in ABBREVIATIONS.values() for zone in meant.split()}
    assert named <= available_timezones()
    assert all(parse_zone(zone) for zone in named)


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-03-29T02:00", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-03-29T02:59:59.5", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-03-29T01:59:59", "Europe/Berlin", "2026-03-29T00:59:59"),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:00"),
        ("2026-10-04T02:10", "Australia/Lord_Howe", "2026-10-03T15:30"),
    ],
)
def test_a_time_that_is_left_out_comes_when_the_clocks_have_changed(local: str, zone: str, utc: str) -> None:
    assert in_utc(datetime.fromisoformat(local), ZoneInfo(zone)) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_once_and_by_a_line_it_is_the_same_moment() -> None:
    berlin, now = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 28, 12, tzinfo=UTC)
    once = parse_moment("2026-03-29T02:30", berlin, now)
    assert once == parse_cron("30 2 29 3 *", berlin, now).next_after(now)
