"""Time zones as the model names them: those that are meant are named where a name is none, or says too little."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.core.errors import InvalidSchedule

ABBREVIATIONS = {
    "msk": "Europe/Moscow", "мск": "Europe/Moscow", "msd": "Europe/Moscow", "samt": "Europe/Samara",
    "yekt": "Asia/Yekaterinburg", "omst": "Asia/Omsk", "novt": "Asia/Novosibirsk", "krat": "Asia/Krasnoyarsk",
    "irkt": "Asia/Irkutsk", "yakt": "Asia/Yakutsk", "vlat": "Asia/Vladivostok", "pett": "Asia/Kamchatka",
    "gst": "Asia/Dubai", "trt": "Europe/Istanbul", "pkt": "Asia/Karachi", "hkt": "Asia/Hong_Kong",
    "sgt": "Asia/Singapore", "jst": "Asia/Tokyo", "kst": "Asia/Seoul",
    "ist": "Asia/Kolkata Asia/Jerusalem Europe/Dublin",
    "cet": "Europe/Berlin", "cest": "Europe/Berlin", "mez": "Europe/Berlin", "mesz": "Europe/Berlin",
    "met": "Europe/Berlin", "eet": "Europe/Athens Europe/Kyiv", "eest": "Europe/Athens Europe/Kyiv",
    "wet": "Europe/Lisbon", "west": "Europe/Lisbon", "bst": "Europe/London",
    "est": "America/New_York", "edt": "America/New_York", "et": "America/New_York",
    "cst": "America/Chicago Asia/Shanghai", "cdt": "America/Chicago", "ct": "America/Chicago",
    "mst": "America/Denver America/Phoenix", "mdt": "America/Denver", "mt": "America/Denver",
    "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "pt": "America/Los_Angeles",
    "akst": "America/Anchorage", "akdt": "America/Anchorage", "hst": "Pacific/Honolulu",
    "ast": "America/Halifax Asia/Riyadh", "adt": "America/Halifax", "brt": "America/Sao_Paulo",
    "art": "America/Argentina/Buenos_Aires", "sast": "Africa/Johannesburg",
    "aest": "Australia/Sydney Australia/Brisbane", "aedt": "Australia/Sydney", "acst": "Australia/Adelaide",
    "awst": "Australia/Perth", "nzst": "Pacific/Auckland", "nzdt": "Pacific/Auckland",
}  # fmt: skip
"""Where clocks are said to show these: some are IANA names, but of zones without the summer time that is meant."""
_OFFSET = re.compile(r"(?:utc|gmt|z|мск|msk)?\s*([+-−])\s*(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
_NO_GUESS = 4
"""So short a word resembles too many cities."""


def parse_zone(name: str) -> ZoneInfo:
    """An IANA zone. Raises InvalidSchedule, naming those that are meant perhaps."""
    wanted = name.strip()
    meant = ABBREVIATIONS.get(wanted.lower(), "").split()
    if meant:
        raise InvalidSchedule(f"{name!r} leaves open whose clocks it means; an IANA name is wanted.{_hint(meant)}")
    try:
        return ZoneInfo(wanted)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        hint = _about_offset(wanted) or _hint(_like(wanted))
        raise InvalidSchedule(
            f"There is no time zone {name!r}; an IANA name is wanted (Europe/Berlin).{hint}"
        ) from None


def in_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """A local time in UTC. One that a change of the clocks leaves out is the moment of that change."""
    before, after = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if before <= after:  # only a time that is left out comes later by the clock of before
        return before
    known, changed = after, before
    while changed - known > timedelta(seconds=1):
        middle = (known + (changed - known) / 2).replace(microsecond=0)
        middle = middle if middle > known else known + timedelta(seconds=1)
        if middle.astimezone(zone).utcoffset() == known.astimezone(zone).utcoffset():
            known = middle
        else:
            changed = middle
    return changed


def _hint(zones: Sequence[str]) -> str:
    return f" Is {' or '.join(zones)} meant?" if zones else ""


def _about_offset(wanted: str) -> str:
    found = _OFFSET.fullmatch(wanted)
    if found is None:
        return ""
    sign, hours, minutes = found.groups()
    whole = int(hours) <= (14 if sign == "+" else 12) and int(minutes or 0) == 0
    fixed = f"Etc/GMT{'-' if sign == '+' else '+'}{int(hours)}"
    or_fixed = f", or `{fixed}` if it is the same all year (the sign is the other way round there)" if whole else ""
    return (
        f" An offset knows no summer time: give the zone of a place{or_fixed}. A single `time` may end with its offset."
    )


def _like(wanted: str) -> Sequence[str]:
    """The zones of a city with this name, or with one much like it."""
    known = (zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    by_city = {zone.rpartition("/")[2].lower(): zone for zone in sorted(known, reverse=True)}
    word = wanted.rpartition("/")[2].replace(" ", "_").lower()
    if word in by_city:
        return [by_city[word]]
    if len(word) <= _NO_GUESS:
        return []
    return [by_city[city] for city in difflib.get_close_matches(word, by_city, n=3, cutoff=0.8)]
