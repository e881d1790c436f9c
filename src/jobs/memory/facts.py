"""`MEMORY.md`: lasting facts as items under headings, each once; what is out of date stays, with a date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jobs.memory.items import Item, lines_of
from jobs.memory.markdown import BOM, Block, Lines, marker, one_line, sameness, title_key, words_of
from jobs.memory.marks import LOCK, PRIVATE, UNTIL

TITLE = "# Memory"
NOTHING = "none"
"""What `replaces` says where a fact stands beside those that it resembles."""
_KEY = re.compile(r"([^:\n]{1,60}?)(?::[*_]{0,2}\s+|\s+[—–-]\s+)(?=\S)")
_ALIKE = 0.6
_MOST_SHOWN = 5
_TELLING_WORDS = 4
"""A line of so many words says the same under any heading; "vegetarian" does not."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the file as the model is told of it; counted from 1."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Added:
    """The fact stands there now."""

    place: Place


@dataclass(frozen=True, slots=True)
class Replaced:
    """The fact stands where another stood, which is kept below it."""

    place: Place
    old: str


@dataclass(frozen=True, slots=True)
class Known:
    """It stood there already."""

    place: Place


@dataclass(frozen=True, slots=True)
class Unsure:
    """Nothing was changed: it may put one of these out of date."""

    similar: Sequence[Place]


@dataclass(frozen=True, slots=True)
class NotFound:
    """Nothing was changed: what it is to replace does not stand there, or more than once."""

    similar: Sequence[Place]


Outcome = Added | Replaced | Known | Unsure | NotFound


@dataclass(frozen=True, slots=True)
class _Part:
    """The lines below a heading, without those of the headings within."""

    start: int
    end: int


class Facts:
    """The text of `MEMORY.md` while it is being changed; `str()` is what it has become."""

    def __init__(self, text: str, today: date) -> None:
        self._lines = Lines(text)
        if self._lines.is_empty:
            self._lines = Lines(f"{text[:1] if text.startswith(BOM) else ''}{TITLE}\n")
        self._today = today

    def __str__(self) -> str:
        return str(self._lines)

    def add(self, fact: Item, section: str = "", replaces: str = "") -> Outcome:
        """Write a fact down; `replaces` is the line that it puts out of date, or NOTHING."""
        section = section.strip().lstrip("#").strip()
        beside = replaces.strip().casefold() == NOTHING
        if replaces.strip() and not beside:
            found = self._named(replaces)
            return self._replace(found[0], fact) if len(found) == 1 else NotFound(self._alike(replaces, found))
        items, part = self._items(), self._part(section)
        says = sameness(fact.text)
        same = [b for b in items if sameness(b.text) == says]
        here = [b for b in items if part is not None and part.start <= b.start < part.end]
        for block in same:
            if PRIVATE.search(fact.text) and not PRIVATE.search(block.text) and (block in here or not section.strip()):
                return self._replace(block, fact)
            if not section.strip() or block in here or (not beside and len(words_of(fact.text)) >= _TELLING_WORDS):
                return Known(self._place(block))
        if not beside:
            key = key_of(fact.text)
            keyed = [b for b in here if key and key_of(b.text) == key]
            if len(keyed) == 1 and _is_value(keyed[0].text) and _is_value(fact.text):
                return self._replace(keyed[0], fact)
            if similar := keyed or [b for b in here if _is_alike(b.text, fact.text)]:
                return Unsure([self._place(block) for block in similar[:_MOST_SHOWN]])
        return self._append(fact, section, part)

    # ---- finding ----

    def _blocks(self) -> Sequence[Block]:
        return self._lines.blocks

    def _items(self) -> list[Block]:
        """What states something: items and paragraphs, but not what held once."""
        found = [b for b in self._blocks() if b.kind in ("item", "paragraph", "row")]
        return [b for b in found if not UNTIL.match(self._lines.plain[b.start])]

    def _part(self, section: str) -> _Part | None:
        """The section of that title; with none, what comes before the first one."""
        headings = [b for b in self._blocks() if b.kind == "heading"]
        if not section.strip():
            first = 1 if headings and headings[0].depth == 1 and not self._before(headings[0]) else 0
            start = headings[0].end if first else 0
            return _Part(start, headings[first].start if len(headings) > first else len(self._lines.plain))
        wanted = title_key(section.strip().lstrip("#"))
        for number, heading in enumerate(headings):
            if title_key(heading.text) == wanted:
                following = headings[number + 1] if number + 1 < len(headings) else None
                return _Part(heading.end, following.start if following else len(self._lines.plain))
        return None

    def _before(self, heading: Block) -> bool:
        return any(line.strip() for line in self._lines.plain[: heading.start])

    def _named(self, line: str) -> list[Block]:
        wanted = one_line(line)
        wanted = wanted[len(marker(wanted)) :]
        items = self._items()
        exact = [b for b in items if one_line(b.text) == wanted]
        says = sameness(wanted)
        return exact or [b for b in items if sameness(b.text) == says]

    def _alike(self, line: str, found: Sequence[Block]) -> list[Place]:
        similar = found or [b for b in self._items() if _overlap(b.text, line) >= _ALIKE / 2]
        return [self._place(block) for block in similar[:_MOST_SHOWN]]

    def _place(self, block: Block) -> Place:
        return Place(block.start + 1, one_line(self._lines.plain[block.start]))

    # ---- changing ----

    def _replace(self, old: Block, fact: Item) -> Outcome:
        line, said, text = self._lines.plain[old.start], one_line(old.text), fact.text
        if said == text:
            return Known(self._place(old))
        if PRIVATE.search(said) and not PRIVATE.search(text):
            text = f"{text} {LOCK}"  # what takes the place of something private is no less so
        mark = marker(line) if old.kind == "item" else ""
        held = () if sameness(said) == sameness(text) else (f"until {self._today.isoformat()}: {said}",)
        _, *inner = lines_of(Item("", (*fact.within, *held)), mark or "- ")
        fresh = [mark + text, *(inner if mark else map(str.lstrip, inner))]
        self._exchange(old.start, old.own_end, fresh)
        return Replaced(Place(old.start + 1, one_line(fresh[0])), said)

    def _exchange(self, start: int, end: int, fresh: Sequence[str]) -> None:
        self._lines.insert(end, fresh)
        self._lines.remove(start, end)

    def _append(self, fact: Item, section: str, part: _Part | None) -> Outcome:
        lines = self._lines
        title = one_line(section.strip().lstrip("#"))
        if part is None:
            at = lines.end
            fresh = ["", f"## {title}", "", *lines_of(fact, self._usual_mark())]
            lines.insert(at, fresh)
            return Added(Place(at + 4, one_line(fresh[3])))
        within = [b for b in self._blocks() if part.start <= b.start < part.end]
        items = [b for b in within if b.kind == "item"]
        depth = min((item.depth for item in items), default=0)
        tops = [b for b in items if b.depth == depth]
        if tops and tops[-1].end >= max(b.end for b in within):
            at, gap = self._spoken_end(tops[-1].start, tops[-1].end), False
            mark = marker(lines.plain[tops[-1].start])
            mark = mark if not mark.strip()[:1].isdigit() else self._usual_mark()
        else:
            at = self._spoken_end(part.start, part.end)
            gap, mark = at > 0, self._usual_mark()
        fresh = [*([""] if gap else []), *lines_of(fact, mark)]
        if at < len(lines.plain) and lines.plain[at].strip():
            fresh.append("")
        lines.insert(at, fresh)
        return Added(Place(at + 1 + gap, one_line(fresh[int(gap)])))

    def _spoken_end(self, start: int, end: int) -> int:
        """After the last line that says something; at the start where none does."""
        return next((n + 1 for n in range(end - 1, start - 1, -1) if self._lines.plain[n].strip()), start)

    def _usual_mark(self) -> str:
        marks = [marker(self._lines.plain[b.start]) for b in self._blocks() if b.kind == "item" and b.depth == 0]
        signs = [mark for mark in marks if not mark.strip()[:1].isdigit()]
        return max(signs, key=signs.count, default="- ")


def key_of(text: str) -> str:
    """What a "key: value" line is about; "" for any other line."""
    match = _KEY.match(text.lstrip("*_ "))
    words = words_of(match[1]) if match else []
    return " ".join(words) if len(words) <= 6 else ""


def _is_value(text: str) -> bool:
    """Whether a colon stands between key and value: a dash may join anything to a name."""
    match = _KEY.match(text.lstrip("*_ "))
    return match is not None and ":" in match[0]


def _is_alike(one: str, other: str) -> bool:
    return min(len(words_of(one)), len(words_of(other))) >= 2 and _overlap(one, other) >= _ALIKE


def _overlap(one: str, other: str) -> float:
    """How much of two lines is the same: their common words, numbers aside where both have some."""
    a, b = set(words_of(one)), set(words_of(other))
    without_a, without_b = ({w for w in words if not w[0].isdigit()} for words in (a, b))
    if without_a and without_b:
        a, b = without_a, without_b
    return len(a & b) / len(a | b) if a | b else 0.0
