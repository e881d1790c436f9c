"""A long plain text in several messages: nothing of it is lost but white space where one ends and the next begins."""

from __future__ import annotations

import random

import pytest

from jobs.core.rich_text import has_visible, pieces

NUMBER_OF_TEXTS = 20


def story(seed: int) -> str:
    """Words in lines, paragraphs and lists, with blank lines of all kinds between."""
    rng = random.Random(seed)  # noqa: S311 - a text for a test
    gaps = [" ", " ", " ", "  ", "\n", "\n\n", "\n\n\n", "\n \n", "\n    - ", "\t"]
    return "".join(
        rng.choice(["word", "слово", "😀👍", "x" * rng.randint(1, 2500)]) + rng.choice(gaps) for _ in range(800)
    )


@pytest.mark.parametrize("seed", range(NUMBER_OF_TEXTS))
def test_every_message_is_a_part_of_the_text_and_between_them_is_only_white_space(seed: int) -> None:
    text = story(seed)
    at = 0
    for piece in pieces(text):
        found = text.index(piece.text, at)
        assert not text[at:found].strip()
        assert piece.text == piece.text.strip(), "Telegram would cut it, and know it by other words than we do"
        assert len(piece.text.encode("utf-16-le")) // 2 <= 4096
        at = found + len(piece.text)
    assert not text[at:].strip()


def test_it_is_cut_between_paragraphs_else_lines_else_words() -> None:
    paragraphs = "\n\n".join(f"{n} " + "line of words\n" * 20 + "end" for n in range(30))
    assert all(piece.text.endswith("end") for piece in pieces(paragraphs))
    lines = "\n".join("a line of some words" for _ in range(500))
    assert all(piece.text.endswith("some words") for piece in pieces(lines))
    words = "word " * 2000
    assert {word for piece in pieces(words) for word in piece.text.split()} == {"word"}


def test_blank_lines_inside_a_message_stay() -> None:
    [piece] = pieces("\n First\n\n\n  second\n \n")
    assert piece.text == "First\n\n\n  second"


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u200d", "\u2800\u3164 \ufe0f", "\u202e\u2066", "\x00\u00ad"])
def test_what_nobody_can_see_is_no_message(text: str) -> None:
    assert not has_visible(text)
    assert pieces(text) == []


@pytest.mark.parametrize("text", ["a", "\u200b.", "👍", "❤️", "한", "َا"])
def test_what_can_be_seen_is_one(text: str) -> None:
    assert has_visible(text)
