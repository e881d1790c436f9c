"""What a filter lets pass, and that no pattern can hold the program up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from jobs.core.errors import ToolRetry
from jobs.triggers.filters import Filter


@dataclass
class Text:
    text: str
    has_media: bool = False


async def passes(wanted: Filter, text: str, *, has_media: bool = False) -> bool:
    return (await wanted.sift([Text(text, has_media)])).passes[0]


@pytest.mark.parametrize(
    ("wanted", "text", "expected"),
    [
        ({}, "anything", True),
        ({"words": ["flat"]}, "Two FLATS for rent", True),
        ({"words": ["flat"]}, "inflation", False),
        ({"words": ["квартир"]}, "Сдаётся Квартира", True),
        ({"words": ["елка"]}, "Ёлка и подарки", True),
        ({"words": ["ёлка"]}, "ЕЛКА", True),
        ({"words": ["for rent", "to let"]}, "flat  to\nlet", True),
        ({"words": ["#rent"]}, "flat #rent now", True),
        ({"words": ["€"]}, "900€", True),
        ({"words": ["a", "b"]}, "only b here", True),
        ({"without": ["ad"]}, "an ad for you", False),
        ({"without": ["ad"]}, "Madrid", True),
        ({"words": ["flat"], "without": ["sold"]}, "flat, SOLD", False),
        ({"regex": r"\b\d{2} ?000\b"}, "45 000 a month", True),
        ({"regex": r"\b\d{2} ?000\b"}, "145 000 a month", False),
        ({"regex": r"\bдом\b"}, "ДОМ у реки", True),
        ({"regex": r"\bдом\b"}, "домой", False),
        ({"words": ["flat"], "regex": "river"}, "a flat in town", False),
        ({"words": ["straße"]}, "STRASSE", True),
    ],
)
async def test_conditions(wanted: dict[str, object], text: str, expected: bool) -> None:
    assert await passes(Filter.model_validate(wanted), text) is expected


async def test_media_can_be_wanted_or_not() -> None:
    assert await passes(Filter(has_media=True), "", has_media=True)
    assert not await passes(Filter(has_media=True), "words")
    assert await passes(Filter(has_media=False), "words")
    assert not await passes(Filter(has_media=False), "", has_media=True)


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a|aa)*$", r"(?:a{1,1000}){1,1000}b", r"(\w+\s?)*$!", r"(?R)?a", r"^(([a-z])+.)+[A-Z]([a-z])+$"],
)
async def test_a_pattern_that_never_ends_is_stopped_and_what_it_did_not_decide_passes(pattern: str) -> None:
    wanted = Filter(regex=pattern)
    await wanted.check()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    sifted = await wanted.sift([Text("a" * 4000 + "!") for _ in range(100)])
    ticking.cancel()
    assert sifted.passes == [True] * 100
    assert sifted.undecided == 100
    assert ticks > 10, "the event loop went on meanwhile"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"regex": "("}, "cannot be read"),
        ({"regex": "*a"}, "cannot be read"),
        ({"words": [" "]}, "empty word"),
        ({"without": [""]}, "empty word"),
    ],
)
async def test_what_cannot_work_is_refused_with_a_reason(wanted: dict[str, object], why: str) -> None:
    with pytest.raises(ToolRetry, match=why):
        await Filter.model_validate(wanted).check()


def test_a_pattern_has_a_greatest_length_and_unknown_conditions_are_no_conditions() -> None:
    for wanted in ({"regex": "a" * 501}, {"wrods": ["flat"]}):
        with pytest.raises(ValueError, match="1 validation error"):
            Filter.model_validate(wanted)


def test_it_is_told_back_in_words() -> None:
    wanted = Filter(words=("flat", "house"), without=("sold",), regex=r"\d+", has_media=True)
    assert wanted.in_words() == "with “flat” or “house”, without “sold”, matching `\\d+`, with media"
    assert Filter().in_words() == ""
    assert Filter.model_validate_json(wanted.model_dump_json(exclude_defaults=True)) == wanted


@pytest.mark.parametrize(
    "pattern", ["a{1000000000}", "a{1000000000,}", "a{1,1000000000}", "(?:(?:ab){2000}){2000}", "(?:ab){ 100000000 }"]
)
async def test_a_pattern_that_repeats_without_measure_is_refused_before_it_is_read(pattern: str) -> None:
    with pytest.raises(ToolRetry, match="repeats too much"):
        await Filter(regex=pattern).check()


async def test_what_is_written_in_two_ways_is_one_word() -> None:
    written = ["Don’t miss it", "cafe\u0301 opens", "dis\u00adcount"]
    for text, word in zip(written, ("don't", "café", "discount"), strict=True):
        assert await passes(Filter(words=(word,)), text)
