"""Lasting facts: each once, in the file's own style, and what is out of date kept with its date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.memory.daylog import logged
from jobs.memory.facts import Added, Facts, Known, NotFound, Outcome, Replaced, Unsure
from jobs.memory.items import items_of
from jobs.memory.markdown import Lines, words_of
from jobs.users.private_lines import private_values

TODAY = date(2026, 11, 28)
NOON = datetime(2026, 11, 28, 12, 5)
PEOPLE = "# Memory\n\n- likes tea\n\n## People\n\n- Anna lives in Berlin\n\n## Phones\n\n* Anna: 111\n"


def add(text: str, content: str, section: str = "", replaces: str = "") -> tuple[str, Sequence[Outcome]]:
    facts = Facts(text, TODAY)
    outcomes = [facts.add(item, section, replaces) for item in items_of(content)]
    return str(facts), outcomes


@pytest.mark.parametrize(
    ("before", "content", "section", "after"),
    [
        ("", "likes tea", "", "# Memory\n\n- likes tea\n"),
        ("\ufeff", "likes tea", "Food", "\ufeff# Memory\n\n## Food\n\n- likes tea\n"),
        ("# Memory\n\n- a b\n", "- c d\n- e f", "", "# Memory\n\n- a b\n- c d\n- e f\n"),
        ("# M\r\n\r\n* a b", "c d", "", "# M\r\n\r\n* a b\r\n* c d"),
        ("\ufeff- a b\n", "c d", "", "\ufeff- a b\n- c d\n"),
        ("+   a b\n", "c d\n  - e f", "", "+   a b\n+   c d\n    + e f\n"),
        ("# M\n\ntext\n\n## X\n- a b\n", "c d", "", "# M\n\ntext\n\n- c d\n\n## X\n- a b\n"),
        ("# M\n\n## X\n- a b\n  - c\n\n## Y\n- z\n", "c d", "x", "# M\n\n## X\n- a b\n  - c\n- c d\n\n## Y\n- z\n"),
        ("# M\n\n## Еда ##\n", "чай", "ЕДА", "# M\n\n## Еда ##\n\n- чай\n"),
        ("# M\n\n```\n## X\n```\n", "c d", "X", "# M\n\n```\n## X\n```\n\n## X\n\n- c d\n"),
        ("# M\n\n1. one thing\n", "c d", "", "# M\n\n1. one thing\n- c d\n"),
        ("# M\n", "# Private\n\u2028## X", "", "# M\n\n- # Private\n  - ## X\n"),
    ],
)
def test_a_fact_goes_where_it_belongs_in_the_style_of_the_file(
    before: str, content: str, section: str, after: str
) -> None:
    text, outcomes = add(before, content, section)
    assert text == after
    assert all(isinstance(outcome, Added) for outcome in outcomes)


@pytest.mark.parametrize(
    ("content", "section"),
    [
        ("Likes tea", ""), ("**likes** the tea.", ""), ("Anna lives in Berlin!", "People"),
        ("anna lives in berlin", ""),
        ("Anna lives in Berlin", "Friends"),
    ],
)  # fmt: skip
def test_what_stands_there_already_is_not_written_again(content: str, section: str) -> None:
    text, [outcome] = add(PEOPLE, content, section)
    assert isinstance(outcome, Known)
    assert text == PEOPLE


def test_short_words_may_stand_under_several_headings() -> None:
    text, [outcome] = add("## Anna\n- vegetarian\n\n## Boris\n- tall\n", "vegetarian", "Boris")
    assert isinstance(outcome, Added)
    assert text.count("vegetarian") == 2


@pytest.mark.parametrize(
    ("old", "new"), [("likes C", "likes C++"), ("owes 5 €", "owes -5 €"), ("Masha is in", "Sasha is in")]
)
def test_what_differs_by_a_sign_or_a_letter_is_not_the_same(old: str, new: str) -> None:
    _, [outcome] = add(f"- {old}\n", new)
    assert not isinstance(outcome, Known)


def test_a_new_value_takes_the_place_of_the_old_one_which_is_kept_with_its_date() -> None:
    text, [outcome] = add(PEOPLE, "**Anna:** 222", "Phones")
    assert isinstance(outcome, Replaced)
    assert text == PEOPLE.replace("* Anna: 111\n", "* **Anna:** 222\n  * until 2026-11-28: Anna: 111\n")
    text, _ = add(text, "Anna: 333", "Phones")
    assert "* Anna: 333\n  * until 2026-11-28: **Anna:** 222\n  * until 2026-11-28: Anna: 111\n" in text


def test_what_held_once_may_be_remembered_anew() -> None:
    text, _ = add(PEOPLE, "Anna: 222", "Phones")
    text, [outcome] = add(text, "Anna: 111", "Phones")
    assert isinstance(outcome, Replaced)
    assert "* Anna: 111\n" in text


@pytest.mark.parametrize(("content", "section"), [("Anna lives in Lisbon", "People"), ("Anna - 222", "Phones")])
def test_what_may_contradict_is_asked_about_and_written_once_it_is_answered(content: str, section: str) -> None:
    text, [outcome] = add(PEOPLE, content, section)
    assert text == PEOPLE
    assert isinstance(outcome, Unsure)
    text, [replaced] = add(PEOPLE, content, section, outcome.similar[0].text)
    assert isinstance(replaced, Replaced)
    assert f"until 2026-11-28: {outcome.similar[0].text[2:]}" in text
    text, [beside] = add(PEOPLE, content, section, "none")
    assert isinstance(beside, Added)
    assert outcome.similar[0].text in text


def test_a_line_that_is_not_there_or_there_twice_is_not_replaced() -> None:
    text, [outcome] = add(PEOPLE, "Anna lives in Riga", "", "Anna lives in Paris")
    assert (text, isinstance(outcome, NotFound)) == (PEOPLE, True)
    twice = "## A\n- tall\n## B\n- tall\n"
    text, [outcome] = add(twice, "short", "A", "tall")
    assert (text, isinstance(outcome, NotFound)) == (twice, True)


@pytest.mark.parametrize("old", ["City: Lisbon 🔒", "🔒 City: Lisbon", "City: Lisbon (private)"])
def test_what_takes_the_place_of_something_private_is_private_and_so_is_what_held(old: str) -> None:
    text, [outcome] = add(f"- {old}\n", "City: Madrid")
    assert isinstance(outcome, Replaced)
    assert {"lisbon", "madrid"} <= {value.replace("private", "") for value in private_values(text)}


def test_a_fact_that_becomes_private_is_marked() -> None:
    text, [outcome] = add("- door 4821\n", "door 4821 🔒")
    assert (text, isinstance(outcome, Replaced)) == ("- door 4821 🔒\n", True)
    text, [outcome] = add(text, "door 4821")
    assert (text, isinstance(outcome, Known)) == ("- door 4821 🔒\n", True)


# ---- any text ----

MARKDOWN = st.text(
    st.one_of(st.sampled_from(list("-*+#>|`~ \t\n\r1.):—🔒\ufeff\u2028аБa")), st.characters(exclude_categories=["Cs"]))
).filter(lambda text: "\0" not in text)


@settings(max_examples=300, deadline=None)
@given(MARKDOWN)
def test_everything_that_is_said_stands_in_a_block_and_blocks_are_in_order(text: str) -> None:
    lines = Lines(text)
    assert str(lines) == text
    said = {word for block in lines.blocks for word in words_of(block.text)}
    unsaid = {word for line in lines.plain for word in words_of(line)} - said
    assert all(word.isdecimal() for word in unsaid), "only the numbers of lists are no words"
    starts = [block.start for block in lines.blocks]
    assert starts == sorted(set(starts))
    assert all(0 <= b.start < b.own_end <= b.end <= len(lines.plain) for b in lines.blocks)


@settings(max_examples=300, deadline=None)
@given(MARKDOWN, st.text(max_size=60), st.text(max_size=12))
def test_whatever_is_added_to_whatever_the_lines_that_stood_there_stay(text: str, content: str, section: str) -> None:
    after, outcomes = add(text, content, section)
    if not outcomes or not Lines(text).plain or Lines(text).is_empty:
        return
    if all(isinstance(outcome, Added) for outcome in outcomes):
        left = iter(Lines(after).plain)
        assert all(line in left for line in Lines(text).plain), "a line is gone, or out of its order"
        assert after.endswith("\n") == text.endswith("\n") or not Lines(text).plain[-1].strip()
        assert after.count("\ufeff") == text.count("\ufeff")
    if all(isinstance(outcome, Known | Unsure | NotFound) for outcome in outcomes):
        assert after == text
    after.encode()
    assert "\0" not in after


@settings(max_examples=200, deadline=None)
@given(MARKDOWN, st.text(min_size=1, max_size=60))
def test_a_log_only_grows_at_its_end(text: str, content: str) -> None:
    items = items_of(content)
    after = logged(text, items, NOON)
    kept = [line for line in Lines(text).plain if line.strip()]
    grown = [line for line in Lines(after).plain if line.strip()]
    assert grown[: len(kept)] == kept or not kept
    assert sum("12:05 " in line for line in grown[len(kept) :]) >= len(items)
    after.encode()


def test_a_log_begins_with_its_day_and_keeps_its_style() -> None:
    text = logged("", items_of("met Anna\n- bought tea\n- and more"), NOON)
    assert text == "# 2026-11-28\n\n- 12:05 met Anna\n  - bought tea\n  - and more\n".replace(
        "  - bought tea\n  - and more\n", "- 12:05 bought tea\n- 12:05 and more\n"
    )
    assert logged("* 09:00 x", items_of("y"), NOON) == "* 09:00 x\n* 12:05 y"
    assert logged("# D\n\nprose\n\n", items_of("y"), NOON) == "# D\n\nprose\n\n- 12:05 y\n\n"
