"""The hostile inputs are many, of every kind, in both languages, and such as Telegram would deliver."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from corpus import CATEGORIES, FOLDER, MAX_MESSAGE, HostileInput, load

INPUTS = load()
FILES = sorted(FOLDER.iterdir())
INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Zl", "Zp"}


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_there_are_at_least_two_hundred() -> None:
    assert len(INPUTS) >= 200


def test_no_file_is_left_unread() -> None:
    assert {path.name for path in FILES} == {f"{category}.jsonl" for category in CATEGORIES}


def test_ids_are_unique_and_tell_category_and_language() -> None:
    assert not [id for id, times in Counter(hostile.id for hostile in INPUTS).items() if times > 1]
    assert not [h.id for h in INPUTS if not re.fullmatch(rf"{h.category}-{h.lang}-\d\d", h.id)]


def test_each_file_holds_its_own_category() -> None:
    for path in FILES:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert {row["category"] for row in rows} == {path.stem}


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_each_language_has_its_share(lang: str) -> None:
    assert sum(hostile.lang == lang for hostile in INPUTS) >= 0.4 * len(INPUTS)


def test_there_are_no_other_languages() -> None:
    assert {hostile.lang for hostile in INPUTS} == {"en", "ru"}


@pytest.mark.parametrize("category", CATEGORIES)
def test_each_category_has_a_dozen_in_both_languages(category: str) -> None:
    languages = Counter(hostile.lang for hostile in INPUTS if hostile.category == category)
    assert languages.total() >= 12
    assert min(languages["en"], languages["ru"]) >= 5


def test_no_two_say_the_same() -> None:
    said = Counter(tuple(" ".join(message.casefold().split()) for message in h.messages) for h in INPUTS)
    assert not [messages for messages, times in said.items() if times > 1]


@pytest.mark.parametrize("hostile", INPUTS, ids=lambda hostile: hostile.id)
def test_telegram_would_take_it(hostile: HostileInput) -> None:
    assert hostile.messages
    assert "".join(hostile.pieces()) == "".join(hostile.messages)
    for piece in hostile.pieces():
        assert piece.strip()
        assert units(piece) <= MAX_MESSAGE
    assert hostile.first_name is None or 1 <= units(hostile.first_name) <= 64
    assert units(hostile.last_name or "") <= 64
    assert units(hostile.caption or "") <= 1024
    assert hostile.username is None or re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{4,31}", hostile.username)


def test_what_is_called_long_is_longer_than_a_message_of_telegram() -> None:
    long = [hostile for hostile in INPUTS if hostile.category == "long"]
    assert not [hostile.id for hostile in long if len(hostile.pieces()) < 2]
    assert not [hostile.id for hostile in INPUTS if any("{repeat}" in message for message in hostile.messages)]


def test_what_is_called_split_comes_in_several_messages() -> None:
    split = [hostile for hostile in INPUTS if hostile.category == "split"]
    assert not [hostile.id for hostile in split if len(hostile.messages) < 2]


def test_what_is_called_names_is_about_more_than_the_messages() -> None:
    fields = ("first_name", "last_name", "username", "caption", "file_name")
    for field in fields:
        assert any(getattr(hostile, field) for hostile in INPUTS), field
    named = [hostile for hostile in INPUTS if hostile.category == "names"]
    assert not [hostile.id for hostile in named if not any(getattr(hostile, field) for field in fields)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_hides_nothing_from_its_reader(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) < 4000
    assert not {char for char in text if char != "\n" and unicodedata.category(char) in INVISIBLE}
