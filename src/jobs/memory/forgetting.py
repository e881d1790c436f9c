"""Which lines of the notes speak of something, and taking out exactly these."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.memory.markdown import Block, Lines, folded, words_of
from jobs.memory.paths import NotePath, shown_path

_NUMBER = re.compile(r"\d(?:[\d\s().+/-]*\d)?")
_DIGITS = 5
"""A number of so many digits is the same however it is spaced."""


@dataclass(frozen=True, slots=True)
class Found:
    """Lines that are to go, as they stand: an item with all within it, a paragraph, a section from its heading on."""

    path: NotePath
    line: int
    """Counted from 1."""
    text: str


class Wanted:
    """What is to be forgotten: words that must all stand in a line, or the alternatives after each `|`."""

    def __init__(self, what: str) -> None:
        alternatives = [_Terms(part) for part in what.split("|")]
        self._alternatives = [terms for terms in alternatives if terms.words or terms.numbers]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is named by it."""
        return not self._alternatives

    def fits(self, text: str) -> bool:
        """Whether a text speaks of it."""
        there = set(words_of(text))
        return any(terms.words <= there and terms.numbers_fit(text) for terms in self._alternatives)

    def fits_name(self, path: NotePath) -> bool:
        """Whether a note, or a folder of notes, is called so, or stands in one that is."""
        return self.fits(" ".join(path[1:] or path).removesuffix(".md"))

    def _nearly_fits(self, text: str) -> bool:
        there = set(words_of(text))
        return any(
            all(any(_alike(word, other) for other in there) for word in terms.words) and terms.numbers_fit(text)
            for terms in self._alternatives
        )

    def search(self, path: NotePath, text: str) -> tuple[list[Found], list[Found]]:
        """What speaks of it, none within another (a note whose path does: all of it), and what may in other words."""
        lines = Lines(text)
        going = self._blocks(path, lines)
        inside = [False] * len(lines.plain)
        for block in going:
            inside[block.start : block.end] = [True] * (block.end - block.start)
        near = [
            Found(path, block.start + 1, _said(lines.plain[block.start : block.own_end]))
            for block in lines.blocks
            if not inside[block.start] and self._nearly_fits(block.text)
        ]
        return [Found(path, b.start + 1, _said(lines.plain[b.start : b.end])) for b in going], near

    def _blocks(self, path: NotePath, lines: Lines) -> list[Block]:
        last = len(lines.plain)
        if self.fits_name(path) and not lines.is_empty:
            return [Block("paragraph", 0, last, last, 0, "")]
        found: list[Block] = []
        done = 0
        for number, block in enumerate(lines.blocks):
            if block.start >= done and self.fits(block.text):
                done = _section_end(lines.blocks, number, last) if block.kind == "heading" else block.end
                found.append(Block(block.kind, block.start, done, done, block.depth, ""))
        return found

    def without(self, path: NotePath, text: str, allowed: Iterable[Found]) -> str:
        """A note without the blocks that are allowed to go; each as often as it was found."""
        left = Counter(found.text for found in allowed if found.path == path)
        lines = Lines(text)
        going: list[Block] = []
        for block in self._blocks(path, lines):
            said = _said(lines.plain[block.start : block.end])
            if left[said] > 0:
                left[said] -= 1
                going.append(block)
        for block in reversed(going):
            lines.remove(block.start, block.end)
        return str(lines)


class _Terms:
    def __init__(self, text: str) -> None:
        numbers = [re.sub(r"\D", "", number) for number in _NUMBER.findall(folded(text))]
        self.numbers = [number for number in numbers if len(number) >= _DIGITS]
        rest = _NUMBER.sub(lambda m: " " if len(re.sub(r"\D", "", m[0])) >= _DIGITS else m[0], folded(text))
        self.words = frozenset(words_of(rest))

    def numbers_fit(self, text: str) -> bool:
        digits = [re.sub(r"\D", "", number) for number in _NUMBER.findall(folded(text))] if self.numbers else []
        return all(any(number in run for run in digits) for number in self.numbers)


def digest(found: Iterable[Found]) -> str:
    """Names exactly these lines in these files."""
    total = hashlib.sha256()
    for item in found:
        for part in (shown_path(item.path), item.text):
            total.update(f"{len(part)}:".encode())
            total.update(part.encode())
    return total.hexdigest()


def _alike(word: str, other: str) -> bool:
    if word == other:
        return True
    common = max(3, len(word) - 2)
    return not word[0].isdigit() and abs(len(word) - len(other)) <= 3 and word[:common] == other[:common]


def _section_end(found: Sequence[Block], number: int, last: int) -> int:
    depth = found[number].depth
    after = (found[later] for later in range(number + 1, len(found)))
    return next((block.start for block in after if block.kind == "heading" and block.depth <= depth), last)


def _said(lines: Sequence[str]) -> str:
    """Lines without the blank ones at their end."""
    last = next((number for number in range(len(lines), 0, -1) if lines[number - 1].strip()), 0)
    return "\n".join(lines[:last])
