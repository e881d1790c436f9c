"""What words, numbers and names come to."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.memory.analysis import DATE, LONGEST, normal, sounds_of, terms_of, tokens_of
from jobs.memory.chunks import chunks_of

anything = st.text(st.characters(), max_size=300)


def meets(query: str, note: str) -> bool:
    """Whether everything that a query asks for stands in a note."""
    tokens = set(tokens_of(note))
    return all(term.forms & tokens for term in terms_of(query))


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("89161234567", "Сантехник: +7 (916) 123-45-67"),
        ("+7 916 123 45 67", "тел. 8-916-123-45-67"),
        ("123-45-67", "+7 (916) 1234567"),
        ("ab1234x", "invoice AB-1234/X"),
        ("TT448KLM", "booking TT-448-KLM"),
        ("DE44500105175407324931", "IBAN DE44 5001 0517 5407 3249 31"),
        ("4276 1234 5678 9010", "карта 4276123456789010"),
        ("anna@example.org", "write to Anna@Example.org"),
        ("5 марта 2026", "due 2026-03-05"),
        ("March 5", "приём 05.03.2026"),
        ("собаками", "у соседей собака"),
        ("ёлка", "Елка куплена"),
        ("meetings", "The meeting is over"),
        ("東京", "東京タワーに行った"),
    ],
)  # fmt: skip
def test_what_is_written_otherwise_is_found(query: str, note: str) -> None:
    assert meets(query, note)


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("89161234568", "+7 (916) 123-45-67"),
        ("ab1235x", "AB-1234/X"),
        ("5 марта", "2026-03-06"),
        ("кот", "код от двери"),
    ],
)
def test_what_is_another_thing_is_not(query: str, note: str) -> None:
    assert not meets(query, note)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Мюллера", "Müller"), ("Шмидт", "Schmidt"), ("Катей", "Katya"), ("Юля", "Julia"), ("Джонсон", "Johnson"),
        ("Хуан", "Juan"), ("О'Брайен", "O’Brien"), ("Ковальчик", "Kowalczyk"), ("Дворжак", "Dvořák"),
        ("Нгуен", "Nguyen"), ("Иваном", "Ivan"),
    ],
)  # fmt: skip
def test_a_name_sounds_the_same_in_another_alphabet(one: str, other: str) -> None:
    assert sounds_of(one) & sounds_of(other)


def test_names_that_differ_sound_different() -> None:
    assert not sounds_of("Петров") & sounds_of("Ivanov")


def test_words_that_stand_everywhere_are_not_asked_for() -> None:
    assert [term.word for term in terms_of("what is the name of my dog")] == ["name", "dog"]
    assert [term.word for term in terms_of("когда же у меня отпуск")] == ["отпуск"]


def test_no_date_is_made_of_what_is_none() -> None:
    assert not [token for token in tokens_of("99.99, 45 бананов, 31.13.2026, version 2.0.1") if token.startswith(DATE)]


@settings(max_examples=300, deadline=None)
@given(anything)
def test_any_text_has_tokens_that_the_index_can_keep(text: str) -> None:
    for token in [*tokens_of(text), *(form for term in terms_of(text) for form in term.forms)]:
        assert token
        assert all((char.isascii() and char.isalnum()) or "а" <= char <= "я" for char in token), token


def test_what_becomes_longer_when_it_is_normalized_is_bounded() -> None:
    assert len(normal("\ufdfa" * 1_000_000)) <= LONGEST
    assert len(terms_of("\ufdfa" * 1_000_000)) < 100


@pytest.mark.parametrize("part", ["A", "1", "1 ", "A1 ", "12 of ", "January ", "1.", "+("])
def test_no_text_takes_long(part: str) -> None:
    began = time.process_time()
    tokens_of(part * 20_000)
    assert time.process_time() - began < 2


def test_a_character_that_stands_for_words_is_found_by_them_and_costs_no_more_than_once() -> None:
    found = tokens_of("\ufdfa" * 400 + " Masha " + "\ufdfa" * 400)
    assert set(tokens_of("\ufdfa")) | set(tokens_of("Masha")) <= set(found)
    assert len(found) < 100


def test_characters_that_are_written_out_leave_a_usual_text_as_it_was() -> None:
    text = "5 ㎏ ﬁsh, ﬁve ㎏ more, № 7 and № 8, ﷺ and ﷺ"
    assert normal(text) == unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize("line", ["\ufdfa" * 400, "\ufdfa " * 200, "字" * 400, "☃" * 400, "a\u0300" * 200, "1 " * 200])
def test_odd_signs_take_no_much_longer_than_words(line: str) -> None:
    def seconds(text: str) -> float:
        taken: list[float] = []
        for _ in range(3):
            start = time.thread_time()
            for chunk in chunks_of(text):
                tokens_of(chunk.text)
            taken.append(time.thread_time() - start)
        return min(taken)

    usual = "".join(f"слово{number} " for number in range(6_000))
    assert seconds((line * 100)[:40_000]) < 5 * seconds(usual[:40_000])
