from __future__ import annotations

import re
import unicodedata
from collections import Counter

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from telegram_rules import assert_entities_valid, assert_sendable, units

from jobs.telegram.render import RichText, join, preview, render, split

thoroughly = settings(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

# Every code point there is, lone surrogates and nulls too.
any_text = st.text(st.characters(exclude_categories=()), max_size=300)

MARKUP = [
    *("*", "**", "***", "_", "__", "`", "``", "```", "~~", "||", "|", "\\", "[", "](", ")", "!", "<", ">"),
    *("\n", "\n\n", "\n- ", "\n  - ", "\n1. ", "\n> ", "\n# ", "\n    ", "\n```py\n", "\n```\n", "\n---\n"),
    *("- [ ] ", "| a | b |\n|---|:-:|\n", "https://example.com/", "javascript:", " ", "  ", "\t", "\r\n", "\x00"),
    *("word", "слово", "字", "😀", "👩‍👩‍👧", "🇩🇪", "e\u0301", "\u202e", "\u200f", "שלום", ". ", "! ", "1"),
]
markdown_soup = st.lists(st.sampled_from(MARKUP) | st.text(max_size=3), max_size=150).map("".join)
anything = any_text | markdown_soup
limits = st.integers(2, 60) | st.just(4096)


def shown(text: str) -> str:
    """What remains of a text without blanks and characters that show nothing."""
    return "".join(
        char
        for char in text
        if not char.isspace() and unicodedata.category(char) not in ("Cf", "Cc") and char != "\u2800"
    )


@thoroughly
@given(anything, limits)
def test_any_text_becomes_messages_telegram_accepts(markdown: str, limit: int) -> None:
    rich = render(markdown)
    assert_entities_valid(rich)
    for part in split(rich, limit):
        assert_sendable(part, limit)


@thoroughly
@given(anything, limits)
def test_splitting_loses_no_character(markdown: str, limit: int) -> None:
    rich = render(markdown)
    assert shown("".join(part.text for part in split(rich, limit))) == shown(rich.text)


@thoroughly
@given(anything, limits)
def test_splitting_keeps_the_format_of_every_character(markdown: str, limit: int) -> None:
    rich = render(markdown)
    assume(len(rich.entities) <= 50)
    assert [found for part in split(rich, limit) for found in formatted_characters(part)] == list(
        formatted_characters(rich)
    )


def formatted_characters(rich: RichText) -> list[tuple[str, frozenset[tuple[str, str, str]]]]:
    found: list[tuple[str, frozenset[tuple[str, str, str]]]] = []
    at = 0
    for char in rich.text:
        formats = frozenset(
            (entity.kind, entity.language, entity.url)
            for entity in rich.entities
            if entity.offset <= at < entity.offset + entity.length
        )
        at += units(char)
        if shown(char):
            found.append((char, formats))
    return found


@thoroughly
@given(anything, limits)
def test_any_unfinished_text_has_a_preview(markdown: str, limit: int) -> None:
    rich = preview(markdown, limit)
    if rich.text:
        assert_sendable(rich, limit)


# Markers, but nothing that may hide words for good: no addresses, no titles.
HARMLESS = [
    *("*", "**", "_", "__", "`", "~~", "||", "|", "\\", "[", "]", "!", "<", ">", "&", " ", "  ", "\t", "\n", "\n\n"),
    *("\n- ", "\n  - ", "\n1. ", "\n> ", "\n# ", "\n    ", "- [x] ", "\n---\n", "\n===\n", "\n| a | b |\n|---|---|\n"),
    *("```", "\n```", "\n````", "\n~~~", "\n```\n", "\n~~~\n", "\n- ```", "\n> ```", "/", ".", "=", "{", "}", "#"),
]
word = st.integers(0, 99).map(lambda number: f"word{number}q")


@thoroughly
@given(st.lists(st.sampled_from(HARMLESS) | word, max_size=120).map("".join))
def test_rendering_loses_no_word(markdown: str) -> None:
    pattern = re.compile(r"word\d+q")
    rich = render(markdown)
    languages = [entity.language for entity in rich.entities]
    assert Counter(pattern.findall(" ".join([rich.text, *languages]))) == Counter(pattern.findall(markdown))


@thoroughly
@given(st.lists(st.sampled_from(HARMLESS) | word, max_size=120).map("".join) | anything)
def test_nothing_reaches_into_the_text_that_follows(markdown: str) -> None:
    rich = render(join(markdown, "⏹ Stopped"))
    assert rich.text.split("\n")[-1] == "⏹ Stopped"
    at = units(rich.text) - units("⏹ Stopped")
    assert all(entity.offset + entity.length <= at for entity in rich.entities)


plain_lines = st.lists(
    st.text(
        st.characters(categories=["L", "N", "So", "Sc"], include_characters=" ,;:?!\"'/%()="), min_size=1, max_size=40
    ).map(lambda line: "x" + line.rstrip() + "x"),
    min_size=1,
    max_size=10,
)


@thoroughly
@given(plain_lines)
def test_lines_without_markdown_stay_as_they_are(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert render(text) == RichText(text)
