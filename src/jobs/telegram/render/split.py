"""Cuts a long text into messages where a reader would pause."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import replace

from jobs.core.rich_text import Entity, Kind, RichText, has_visible

from .entities import Offsets
from .marks import Mark, enrich, skip_blank

MESSAGE_LIMIT = 4096
MOST_ENTITIES = 100

# When a message has too many entities, the last of these go first. The heavy ones say something
# that the text alone does not: for their sake the text is cut earlier instead.
_IMPORTANCE: tuple[Kind, ...] = ("link", "spoiler", "pre", "quote", "code", "bold", "strike", "underline", "italic")
_HEAVY = frozenset(_IMPORTANCE[:4])
_MOST_OPEN = len(_HEAVY)  # heavy entities that may already be open where a message begins

_SENTENCE_END = re.compile(r"(?:(?<!\d)\.|[!?…])[)\]\"'»”’]*(?=\s)|[。！？](?!\s)")
_CLUSTER_SEARCH = 64


def split(rich: RichText, limit: int = MESSAGE_LIMIT) -> list[RichText]:
    """The messages that carry `rich`, each at most `limit` UTF-16 units and Telegram's 100 entities.

    What is cut goes on in the next message: a code block as a code block of its language.
    No message is blank, so a blank text gives none. Raises ValueError for a limit below 2.
    """
    if limit < 2:
        raise ValueError(f"no character is sure to fit into {limit} units")
    return _Splitter(rich, limit).parts()


class _Splitter:
    def __init__(self, rich: RichText, limit: int) -> None:
        self._text, self._limit = rich.text, limit
        self._offsets = Offsets(rich.text)
        self._marks = [self._mark(entity) for entity in rich.entities]
        self._blocks = sorted(mark for mark in self._marks if mark.kind == "pre")
        self._heavy = sorted(mark.start for mark in self._marks if mark.kind in _HEAVY)

    def _mark(self, entity: Entity) -> Mark:
        start, end = (self._offsets.to_index(at) for at in (entity.offset, entity.offset + entity.length))
        return Mark(start, end, entity.kind, entity.language, entity.url)

    def parts(self) -> list[RichText]:
        ranges = self._ranges()
        marks: list[list[Mark]] = [[] for _ in ranges]
        starts = [start for start, _ in ranges]
        for mark in self._marks:
            at = max(0, bisect_right(starts, mark.start) - 1)
            while at < len(ranges) and starts[at] < mark.end:
                marks[at].append(mark)
                at += 1
        return [
            _within_entity_limit(enrich(self._text, inside, self._offsets, start, end))
            for (start, end), inside in zip(ranges, marks, strict=True)
        ]

    def _ranges(self) -> list[tuple[int, int]]:
        ranges: list[tuple[int, int]] = []
        start = self._begin(0)
        while start < len(self._text):
            cut = self._cut(start)
            end = cut
            while end > start and self._text[end - 1].isspace():
                end -= 1
            if has_visible(self._text[start:end]):
                ranges.append((start, end))
            start = self._begin(cut)
        return ranges

    def _begin(self, at: int) -> int:
        first = self._block_before(at)
        return skip_blank(self._text, at, self._blocks[first : first + 2])

    def _block_before(self, at: int) -> int:
        """The index of the block that holds `at`, or else of one beside it."""
        return max(0, bisect_right(self._blocks, at, key=lambda block: block.start) - 1)

    def _cut(self, start: int) -> int:
        """Where the message that begins at `start` ends."""
        end = self._offsets.to_index(self._offsets.to_units(start) + self._limit)
        heavy = bisect_left(self._heavy, start) + MOST_ENTITIES - _MOST_OPEN
        if heavy < len(self._heavy) and start < self._heavy[heavy] < end:
            end = self._heavy[heavy]
        elif end >= len(self._text):
            return len(self._text)
        return self._pause(start, end)

    def _pause(self, start: int, end: int) -> int:
        """The best place to pause in start..end, in the last two thirds if there is any."""
        text, block = self._text, self._block_at(end)
        if block and start < block.start and self._units(block.start, block.end) <= self._limit:
            return block.start  # the next message holds all of it
        early = start + (end - start) // 3
        for separator in ("\n\n", "\n"):
            at = self._outside_blocks(separator, early, end)
            if at > early:
                return at
        if block:
            for separator in ("\n\n", "\n"):
                at = text.rfind(separator, max(early, block.start), end + len(separator))
                if at > start:
                    return at
        for sentence in reversed(list(_SENTENCE_END.finditer(text, early, end + 1))):
            if sentence.end() <= end:
                return sentence.end()
        for at in range(end, start, -1):
            if text[at].isspace():
                return at
        return _between_clusters(text, start, end)

    def _units(self, start: int, end: int) -> int:
        return self._offsets.to_units(end) - self._offsets.to_units(start)

    def _block_at(self, at: int) -> Mark | None:
        """The code block that a cut at this place would cut in two."""
        if not self._blocks:
            return None
        block = self._blocks[self._block_before(at)]
        return block if block.start < at < block.end else None

    def _outside_blocks(self, separator: str, early: int, end: int) -> int:
        """The last separator in early..end that is no part of a code block; -1 if there is none."""
        at = self._text.rfind(separator, early, end + len(separator))
        while at >= 0 and (block := self._block_at(at)):
            at = self._text.rfind(separator, early, block.start)
        return at


def _between_clusters(text: str, start: int, end: int) -> int:
    """The last place before `end` where no character is torn from what it combines with."""
    for at in range(end, max(start, end - _CLUSTER_SEARCH), -1):
        if not _joined(text, start, at):
            return at
    return end


def _joined(text: str, start: int, at: int) -> bool:
    """Whether the characters on both sides of this place are shown as one (in a text cut at `start`)."""
    before, after = text[at - 1], text[at]
    if before == "\u200d" or after in "\u200d\u200c" or _extends(after):
        return True
    if _is_flag_half(before) and _is_flag_half(after):
        first = at
        while first > start and _is_flag_half(text[first - 1]):
            first -= 1
        return (at - first) % 2 == 1
    return False


def _extends(char: str) -> bool:
    """Accents and variation selectors, skin tones, the tags of flags, the later parts of a Korean syllable."""
    return (
        unicodedata.category(char) in ("Mn", "Mc", "Me")
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or "\u1160" <= char <= "\u11ff"
    )


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _within_entity_limit(rich: RichText) -> RichText:
    if len(rich.entities) <= MOST_ENTITIES:
        return rich
    ranked = sorted(rich.entities, key=lambda entity: _IMPORTANCE.index(entity.kind))[:MOST_ENTITIES]
    return replace(rich, entities=tuple(sorted(ranked, key=lambda entity: (entity.offset, -entity.length))))
