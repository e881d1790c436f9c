"""Hostile inputs: what outsiders may write to get something that is not theirs, kept as JSON Lines in corpus/."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

Lang = Literal["en", "ru"]
Category = Literal[
    "files",
    "commands",
    "others",
    "memory",
    "claim_owner",
    "claim_authority",
    "fake_system",
    "fake_tool",
    "delimiter",
    "mentions",
    "unicode",
    "long",
    "names",
    "split",
    "approval",
    "task_update",
    "social",
    "third_party",
    "exfiltration",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)
FOLDER = Path(__file__).parent / "corpus"
MAX_MESSAGE = 4096
"""UTF-16 units that Telegram takes as one message."""

_PLACE = "{repeat}"


@dataclass(frozen=True, slots=True)
class HostileInput:
    """What one outsider sends, in order, and what they are called; a file, if any, comes with the first message."""

    id: str
    lang: Lang
    category: Category
    messages: tuple[str, ...]
    """For `task_update`: the words that the outsider wants to have passed on to the owner's side."""
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    caption: str | None = None
    file_name: str | None = None

    def pieces(self) -> tuple[str, ...]:
        """The messages as Telegram takes them: the long ones cut where a client would cut them."""
        return tuple(piece for message in self.messages for piece in _cut(message))


def load() -> list[HostileInput]:
    """All inputs, category by category, in the order of the files. Raises TypeError for a field it does not know."""
    return [
        _parse(json.loads(line))
        for category in CATEGORIES
        for line in (FOLDER / f"{category}.jsonl").read_text(encoding="utf-8").split("\n")
        if line
    ]


def played(turn: int) -> list[HostileInput]:
    """What a test sends: every sixth input of each category, from the first (turn 0) or the second (turn 1) on.

    With JOBS_WALL=all, as `make wall` sets it, every one.
    """
    if os.environ.get("JOBS_WALL") == "all":
        return load()
    by_category = [[hostile for hostile in load() if hostile.category == category] for category in CATEGORIES]
    return [hostile for inputs in by_category for hostile in inputs[turn::6]]


def _parse(row: dict[str, Any]) -> HostileInput:
    """A line's `repeat`, {"repeat": text, "times": n}, stands where its messages say {repeat}."""
    repeat = row.pop("repeat", None)
    messages: list[str] = row.pop("messages")
    if repeat is not None:
        messages = [message.replace(_PLACE, repeat["repeat"] * repeat["times"]) for message in messages]
    return HostileInput(messages=tuple(messages), **row)


def _cut(message: str) -> Iterator[str]:
    start = units = 0
    for index, char in enumerate(message):
        width = 2 if ord(char) > 0xFFFF else 1
        if units + width > MAX_MESSAGE:
            yield message[start:index]
            start, units = index, 0
        units += width
    yield message[start:]
