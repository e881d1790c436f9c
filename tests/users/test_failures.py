"""What a failure means for the owner: one sentence, and a time to try again where that helps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.core.errors import TurnFailed
from jobs.core.i18n import Language
from jobs.core.journal import InboxRow
from jobs.core.messages import InboundMessage
from jobs.users.failures import Verdict, judge, timed_out, what_was_stopped

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
SOON = ("rate_limited", "overloaded", "no_network", "unavailable")
SENTENCES = {
    "key_refused": ("refused my key", "не принял мой ключ"),
    "forbidden": ("use the model claude-x", "модель claude-x"),
    "out_of_credit": ("out of credit", "кончились деньги"),
    "rate_limited": ("Claude's limit", "лимит Claude"),
    "overloaded": ("overloaded", "перегружен"),
    "no_network": ("cannot reach Claude", "связаться с Claude"),
    "too_long": ("/clear", "/clear"),
    "crashed": ("keeps ending", "раз за разом завершается"),
    "unavailable": ("does not start here", "не запускается"),
    "refused": ("did not take this request (why so)", "не принял этот запрос (why so)"),
}


def verdict(failure: TurnFailed, *, attempts: int = 1, language: Language = "en") -> Verdict:
    return judge(failure, attempts=attempts, now=NOW, zone=BERLIN, language=language, model="claude-x")


def row(text: str) -> InboxRow:
    return InboxRow(1, InboundMessage(chat_id=1, message_id=1, sender_id=1, sent_at=NOW, text=text), 0, None)


@pytest.mark.parametrize("reason", SENTENCES)
def test_each_reason_has_a_sentence_in_both_languages(reason: str) -> None:
    english, russian = SENTENCES[reason]
    failure = TurnFailed(reason, "why\nso")
    assert english in verdict(failure).sentence
    assert russian in verdict(failure, language="ru").sentence
    for language in ("en", "ru"):
        sentence = verdict(failure, language=language).sentence  # type: ignore[arg-type]
        assert "{" not in sentence
        assert "\n" not in sentence


def test_a_reason_nobody_foresaw_is_told_in_claudes_own_words() -> None:
    judged = verdict(TurnFailed("from the future", "the flux has no capacity"))
    assert "the flux has no capacity" in judged.sentence
    assert (judged.retry_at, judged.parked) == (None, False)


def test_claudes_own_words_are_cut_when_there_are_many() -> None:
    assert len(verdict(TurnFailed("refused", "many words " * 1000)).sentence) < 400


@pytest.mark.parametrize("reason", SENTENCES)
def test_what_waits_for_a_person_is_parked_and_what_passes_is_tried_again(reason: str) -> None:
    judged = verdict(TurnFailed(reason))
    assert judged.parked == (reason in ("key_refused", "forbidden"))
    assert (judged.retry_at is not None) == (reason in (*SOON, "out_of_credit"))


def test_an_empty_account_is_looked_at_every_hour_however_often_it_was() -> None:
    for attempts in (1, 5, 100):
        judged = verdict(TurnFailed("out_of_credit"), attempts=attempts)
        assert judged.retry_at == NOW + timedelta(hours=1)


@given(st.sampled_from(SOON), st.integers(1, 10_000))
def test_pauses_grow_and_are_never_longer_than_an_hour(reason: str, attempts: int) -> None:
    first, this, following = (
        judged.retry_at - NOW
        for n in (1, attempts, attempts + 1)
        if (judged := verdict(TurnFailed(reason), attempts=n)).retry_at is not None
    )
    assert timedelta(seconds=1) <= first <= timedelta(minutes=1)
    assert first <= this <= following <= timedelta(hours=1)
    assert this < following or this == timedelta(hours=1)


def test_a_limit_whose_end_is_known_is_waited_for_and_named_in_the_owners_time() -> None:
    reset = NOW + timedelta(hours=3, minutes=25)
    judged = verdict(TurnFailed("rate_limited", retry_at=reset), attempts=9)
    assert judged.retry_at == reset
    assert "after 16:25;" in judged.sentence


def test_a_limit_that_ends_another_day_is_named_with_the_day() -> None:
    judged = verdict(TurnFailed("rate_limited", retry_at=NOW + timedelta(days=3)))
    assert "after 2026-03-04 13:00;" in judged.sentence


def test_the_day_is_the_one_where_the_owner_lives() -> None:
    late = NOW + timedelta(hours=11, minutes=30)  # half past midnight in Berlin
    assert "after 2026-03-02 00:30;" in verdict(TurnFailed("rate_limited", retry_at=late)).sentence
    judged = judge(
        TurnFailed("rate_limited", retry_at=late + timedelta(hours=2)),
        attempts=1,
        now=late,
        zone=BERLIN,
        language="en",
        model="claude-x",
    )
    assert "after 02:30;" in judged.sentence


def test_a_limit_that_has_ended_meanwhile_is_no_reason_to_try_in_a_tight_loop() -> None:
    judged = verdict(TurnFailed("rate_limited", retry_at=NOW - timedelta(days=1)))
    assert judged.retry_at is not None
    assert judged.retry_at > NOW


def test_a_turn_that_hung_is_tried_again_but_not_for_good() -> None:
    tries = [verdict(TurnFailed("timed_out"), attempts=attempts) for attempts in (1, 2, 3)]
    assert [bool(judged.retry_at) for judged in tries] == [True, True, False]
    assert tries[2].sentence.endswith("Tell me how to go on.")


@pytest.mark.parametrize(
    ("seconds", "span"), [(3, "3 s"), (59, "59 s"), (60, "1 min"), (300, "5 min"), (3600, "60 min")]
)
def test_silence_is_told_with_its_length(seconds: int, span: str) -> None:
    assert f"no sign of life for {span}, so" in timed_out(seconds, "en")
    assert timed_out(seconds, "ru") != timed_out(seconds, "en")


def test_what_was_stopped_is_named_by_its_first_words() -> None:
    assert what_was_stopped([row("count to\na million")], "en") == "⏹ Stopped: “count to a million”"
    long = what_was_stopped([row("x" * 100)], "en")
    assert long == f"⏹ Stopped: “{'x' * 60}…”"


def test_whatever_waited_behind_is_named_too_and_of_many_the_first() -> None:
    assert what_was_stopped([row("count"), row("sing"), row("")], "en") == "⏹ Stopped: “count”, “sing”"
    many = what_was_stopped([row(f"no. {number}") for number in range(13)], "en")
    assert many.endswith("“no. 8”, “no. 9”, and 3 more")


def test_a_stopped_picture_has_a_name_too() -> None:
    assert "a picture" in what_was_stopped([row("")], "en")
    assert "картинка" in what_was_stopped([row("")], "ru")
