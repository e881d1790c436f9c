"""What of a source is worth a look: decided here, so that the rest costs no tokens."""

from __future__ import annotations

import asyncio
import math
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import regex
from pydantic import BaseModel, ConfigDict, Field

from jobs.core.errors import ToolRetry

_LONGEST_PATTERN = 500
_COMPILING = 2.0
_REPEATS = regex.compile(r"\{\s*(?:\d+\s*,\s*)?(\d+)\s*,?\s*\}")
_MOST_REPEATS = 2_000_000
_ONE_TEXT = 0.05
"""Seconds that a pattern may take for one text: what a person writes takes microseconds."""
_ALL_TEXTS = 0.5
"""And for the texts that are looked at together."""


class Item(Protocol):
    """Something that a filter can look at."""

    @property
    def text(self) -> str:
        """Its words."""
        ...

    @property
    def has_media(self) -> bool:
        """Whether something hangs on it."""
        ...


class Filter(BaseModel):
    """What passes; every condition that is given must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: tuple[str, ...] = Field(
        default=(),
        description="Only what has one of these words or phrases in it, in any case. A word's beginning is enough: "
        "`flat` finds “flats”, `скидк` finds “скидки”",
        max_length=50,
    )
    without: tuple[str, ...] = Field(
        default=(), description="Not what has one of these in it, such as ads", max_length=50
    )
    regex: str | None = Field(
        default=None,
        description="Only what this pattern is found in (as in Python, in any case); for numbers, prices and the like",
        max_length=_LONGEST_PATTERN,
    )
    has_media: bool | None = Field(
        default=None, description="true: only with a picture, video or file; false: only without"
    )

    @property
    def is_empty(self) -> bool:
        """Whether everything passes."""
        return self == Filter()

    async def check(self) -> None:
        """Raises ToolRetry when it cannot work."""
        if any(not word.strip() for word in (*self.words, *self.without)):
            raise ToolRetry("An empty word in the filter would fit everything: leave it out.")
        if self.regex is None:
            return
        # Compiling such a pattern takes seconds, and nothing else runs meanwhile.
        if math.prod(int(most) or 1 for most in _REPEATS.findall(self.regex)) > _MOST_REPEATS:
            raise ToolRetry("The filter's regex repeats too much: a repetition such as {1000} is enough.")
        try:
            async with asyncio.timeout(_COMPILING):
                await asyncio.to_thread(_compiled, self.regex)
        except TimeoutError:
            raise ToolRetry("The filter's regex is too complicated: make it simpler, or use `words`.") from None
        except (regex.error, RecursionError, OverflowError) as error:
            raise ToolRetry(f"The filter's regex cannot be read: {error}.") from None

    async def sift(self, items: Sequence[Item]) -> Sifted:
        """Which of these pass; the event loop goes on meanwhile."""
        if self.is_empty or not items:
            return Sifted([True] * len(items), 0)
        return await asyncio.to_thread(self._sift, items)

    def _sift(self, items: Sequence[Item]) -> Sifted:
        end = time.monotonic() + _ALL_TEXTS
        passes, undecided = list[bool](), 0
        for item in items:
            found = self._plainly(item)
            if found and self.regex is not None:
                matched = _matches(self.regex, item.text, min(_ONE_TEXT, end - time.monotonic()))
                undecided += matched is None
                found = matched is not False
            passes.append(found)
        return Sifted(passes, undecided)

    def _plainly(self, item: Item) -> bool:
        if self.has_media is not None and item.has_media != self.has_media:
            return False
        text = _plain(item.text)
        if self.words and not any(_has(text, word) for word in self.words):
            return False
        return not any(_has(text, word) for word in self.without)

    def in_words(self) -> str:
        """As it is told back; "" when everything passes."""
        parts = [f"with {' or '.join(f'“{word}”' for word in self.words)}"] if self.words else []
        parts += [f"without {' or '.join(f'“{word}”' for word in self.without)}"] if self.without else []
        parts += [f"matching `{self.regex}`"] if self.regex else []
        parts += [("with" if self.has_media else "without") + " media"] if self.has_media is not None else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Sifted:
    """What a filter has decided, in the order of the items."""

    passes: Sequence[bool]
    undecided: int
    """For so many a pattern took too long; they pass: better one look too many than something lost."""


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.IGNORECASE)


def _matches(pattern: str, text: str, seconds: float) -> bool | None:
    """None: there was not the time to tell."""
    if seconds <= 0:
        return None
    try:
        return _compiled(pattern).search(text, timeout=seconds, concurrent=True) is not None
    except (TimeoutError, MemoryError):
        return None


_ALIKE = str.maketrans({"ё": "е", "Ё": "Е", "’": "'", "‘": "'", "\u00ad": None, "\u200b": None})
"""What is written in two ways and read in one."""


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    return " ".join(text.casefold().split())


def _has(text: str, word: str) -> bool:
    """Whether a word of the text begins so; `word` may be a phrase, or begin with a sign."""
    wanted = _plain(word)
    start = text.find(wanted)
    while start >= 0:
        if start == 0 or not (text[start - 1].isalnum() and wanted[0].isalnum()):
            return True
        start = text.find(wanted, start + 1)
    return False
