"""Formatted ranges in string indices, while a text is still being built or cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from jobs.core.rich_text import Entity, Kind, RichText

from .entities import Offsets


class Mark(NamedTuple):
    """An `Entity` that counts characters of a Python string; the end is exclusive."""

    start: int
    end: int
    kind: Kind
    language: str = ""
    url: str = ""


def trim(text: str, mark: Mark, start: int, end: int) -> Mark | None:
    """The part of the mark inside start..end without blank edges; None when nothing is left.

    Blocks keep the indentation of their first line: it belongs to the code.
    """
    first, last = max(mark.start, start), min(mark.end, end)
    while last > first and text[last - 1].isspace():
        last -= 1
    if mark.kind in ("pre", "quote"):
        first = _after_blank_lines(text, first, last)
    else:
        while first < last and text[first].isspace():
            first += 1
    return mark._replace(start=first, end=last) if first < last else None


def _after_blank_lines(text: str, start: int, end: int) -> int:
    """Where the first line with something in it begins."""
    at = start
    while at < end and text[at].isspace():
        at += 1
    newline = text.rfind("\n", start, at)
    return start if newline < 0 else newline + 1


def skip_blank(text: str, start: int, blocks: Iterable[Mark]) -> int:
    """Where a message that begins at `start` really begins.

    Telegram trims leading blanks only up to the first entity, so code that comes first stays indented.
    """
    at = start
    while at < len(text) and text[at].isspace():
        at += 1
    for block in blocks:
        if block.start < at < block.end:
            return _after_blank_lines(text, max(start, block.start), at)
    return at


def enrich(text: str, marks: Iterable[Mark], offsets: Offsets, start: int, end: int) -> RichText:
    """The text between start and end, with what the marks say about it."""
    base = offsets.to_units(start)
    kept = [inside for mark in marks if (inside := trim(text, mark, start, end))]
    kept.sort(key=lambda mark: (mark.start, -mark.end))
    entities = tuple(_entity(mark, offsets, base) for mark in kept)
    return RichText(text[start:end], entities)


def _entity(mark: Mark, offsets: Offsets, base: int) -> Entity:
    first, last = offsets.to_units(mark.start), offsets.to_units(mark.end)
    return Entity(mark.kind, first - base, last - first, mark.language, mark.url)
