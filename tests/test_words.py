"""Every sentence for people, wherever it is declared, is fit to be said in both languages."""

from __future__ import annotations

import importlib
import pkgutil
import string
from collections.abc import Iterator

import pytest

import jobs.core.words
from jobs.catalog import TOOLS
from jobs.core.i18n import Words


def declared() -> Iterator[tuple[str, Words]]:
    """Every Words below core/words, and the status line of every tool, under a name to find it by."""
    for module in pkgutil.walk_packages(jobs.core.words.__path__, "jobs.core.words."):
        for name, value in vars(importlib.import_module(module.name)).items():
            yield from within(f"{module.name.removeprefix('jobs.core.words.')}.{name}", value)
    for spec in TOOLS:
        yield f"status of {spec.name}", spec.status


def within(name: str, value: object) -> Iterator[tuple[str, Words]]:
    if isinstance(value, Words):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from within(f"{name}[{key}]", item)
    elif isinstance(value, tuple | list):
        for number, item in enumerate(value):
            yield from within(f"{name}[{number}]", item)


SENTENCES = dict(declared())


def places(template: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}


def test_the_sentences_were_found() -> None:
    assert len(SENTENCES) > 100
    assert {"chat.HELP", "media.KINDS[voice]", "status of tg_send_message"} <= SENTENCES.keys()


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_is_fit_to_be_said_in_both_languages(name: str) -> None:
    sentence = SENTENCES[name]
    assert places(sentence.en) == places(sentence.ru)
    assert all(place.isidentifier() for place in places(sentence.en)), "a place has no name"
    for text in (sentence.en, sentence.ru):
        assert text.strip(), "nothing is said"
        assert text == text.rstrip(" \t"), "it ends in a space"
        assert not any(line != line.rstrip(" \t") for line in text.split("\n")), "a line ends in a space"


CYRILLIC = set(map(chr, range(0x0400, 0x0500)))
SAME_EVERYWHERE = {"Telegram", "Claude", "/usage", "api_id", "English", "Русский", "Language / Язык"}


@pytest.mark.parametrize("name", SENTENCES)
def test_each_language_is_written_in_its_own_letters(name: str) -> None:
    english, russian = (
        "".join(literal for literal, *_ in string.Formatter().parse(text))
        for text in (SENTENCES[name].en, SENTENCES[name].ru)
    )
    if english == russian and english in SAME_EVERYWHERE:
        return
    assert not CYRILLIC & set(english)
    assert CYRILLIC & set(russian) or not any(char.isalpha() for char in russian)
