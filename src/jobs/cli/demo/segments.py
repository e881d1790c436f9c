"""A message's formatted text as the stretches that a screen draws: running text, code blocks, quotations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from jobs.core.rich_text import Entity, Kind, RichText
from jobs.telegram.render.entities import Offsets

SegmentKind = Literal["text", "pre", "quote"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A formatted range in string indices; the end is exclusive. `url` belongs to links."""

    start: int
    end: int
    kind: Kind
    url: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text without line ends at its edges; `language` belongs to code.

    `apart` says that an empty line stands between it and what comes before.
    """

    kind: SegmentKind
    text: str
    marks: tuple[Mark, ...] = ()
    language: str = ""
    apart: bool = False


def segments(content: RichText) -> list[Segment]:
    """The stretches in order; blank ones are left out."""
    return [segment for segment in _cut(content) if segment.text.strip()]


def _cut(content: RichText) -> Iterator[Segment]:
    text, offsets = content.text, Offsets(content.text)
    ranges = [(offsets.to_index(e.offset), offsets.to_index(e.offset + e.length), e) for e in content.entities]
    at = 0
    for start, end, entity in ranges:
        if entity.kind in ("pre", "quote") and start >= at:  # what is inside another block belongs to that one
            yield _text(text, ranges, at, start)
            block = _text(text, ranges, start, end)
            if entity.kind == "pre":
                yield replace(block, kind="pre", marks=(), language=entity.language)
            else:
                yield replace(block, kind="quote")
            at = end
    yield _text(text, ranges, at, len(text))


def _text(text: str, ranges: list[tuple[int, int, Entity]], start: int, end: int) -> Segment:
    while start < end and text[start] == "\n":
        start += 1
    apart = text[:start].endswith("\n\n")
    while start < end and text[end - 1] == "\n":
        end -= 1
    marks = tuple(
        Mark(max(first, start) - start, min(last, end) - start, entity.kind, entity.url)
        for first, last, entity in ranges
        if entity.kind != "quote" and first < end and last > start
    )
    return Segment("text", text[start:end], marks, apart=apart)
