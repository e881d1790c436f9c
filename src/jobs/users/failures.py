"""What a failure means for the owner, and whether trying again helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.core.errors import TurnFailed
from jobs.core.i18n import Language, Words
from jobs.core.journal import InboxRow
from jobs.core.messages import InboundMessage
from jobs.core.words import chat as words
from jobs.core.words.people import listed
from jobs.users.workload import is_trigger


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to say and when to try again: at `retry_at`, when somebody has mended it (`parked`), or never."""

    sentence: str
    retry_at: datetime | None = None
    parked: bool = False
    time: str = ""
    """When it is tried again, for the owner to read."""


_SAY: dict[str, Words] = {
    "key_refused": words.KEY_REFUSED,
    "forbidden": words.FORBIDDEN,
    "out_of_credit": words.OUT_OF_CREDIT,
    "rate_limited": words.RATE_LIMITED,
    "overloaded": words.OVERLOADED,
    "no_network": words.NO_NETWORK,
    "too_long": words.TOO_LONG,
    "crashed": words.CRASHED,
    "unavailable": words.UNAVAILABLE,
    "refused": words.REFUSED,
    "timed_out": words.HUNG,
}
_PARKED = {"key_refused", "forbidden"}
_HOURLY = {"out_of_credit"}
MOST_SILENCES = 3
_GIST = 60
_SOON = {"rate_limited", "overloaded", "no_network", "unavailable", "timed_out"}


def judge(
    failure: TurnFailed, *, attempts: int, now: datetime, zone: ZoneInfo, language: Language, model: str
) -> Verdict:
    """The verdict on a failed turn that has been tried `attempts` times."""
    retry_at: datetime | None = None
    hopeless = failure.reason == "timed_out" and attempts >= MOST_SILENCES
    if failure.reason in _SOON and not hopeless:
        pause = timedelta(seconds=min(3600, 15 * 2 ** min(attempts - 1, 8)))
        retry_at = max(failure.retry_at or now + pause, now + timedelta(seconds=1))
    elif failure.reason in _HOURLY:
        retry_at = now + timedelta(hours=1)
    detail = " ".join(str(failure).split())[:200]
    time = _moment((retry_at or now).astimezone(zone), now.astimezone(zone))
    sentence = (words.HUNG_FOR_GOOD if hopeless else _SAY.get(failure.reason, words.REFUSED)).say(
        language,
        model=model,
        detail=detail,
        time=time,
    )
    return Verdict(sentence, retry_at, failure.reason in _PARKED, time)


def _moment(moment: datetime, now: datetime) -> str:
    """The time, and the day when it is not today."""
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}"


def timed_out(seconds: int, language: Language) -> str:
    """The sentence for a turn that gave no sign of life for so long."""
    span = (
        words.MINUTES.say(language, count=seconds // 60)
        if seconds >= 60
        else words.SECONDS.say(language, count=seconds)
    )
    return words.TIMED_OUT.say(language, minutes=span)


def what_was_stopped(rows: Sequence[InboxRow], language: Language) -> str:
    """The sentence that names what /stop ended."""
    return words.STOPPED.say(language, what=_named(rows, language))


def what_comes_next(rows: Sequence[InboxRow], language: Language) -> str:
    """The sentence that names the work that /stop has left waiting; "" for none."""
    triggers = [row for row in rows if is_trigger(row)]
    return words.COMES_NEXT.say(language, what=_named(triggers, language)) if triggers else ""


def _named(rows: Sequence[InboxRow], language: Language) -> str:
    """The first words of each; the pictures of an album go without saying."""
    gists = [gist for row in rows if (gist := " ".join(_gist(row.message).split()))]
    names = [f"“{gist[:_GIST]}…”" if len(gist) > _GIST else f"“{gist}”" for gist in gists]
    return listed(names or [f"“{words.A_PICTURE.say(language)}”"], language)


def _gist(message: InboundMessage) -> str:
    event = message.event
    heard = message.taken.speech if message.taken is not None else ""
    return message.text or heard if event is None else event.title or event.facts
