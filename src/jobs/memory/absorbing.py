"""Taking what one note says over into another: under the same headings, each thing once, nothing overwritten."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from jobs.memory.markdown import BOM, Block, Lines, marker, sameness, title_key, words_of
from jobs.memory.marks import PRIVATE

_TELLING_WORDS = 4
"""What has so many words is the same under any heading."""

Chain = tuple[str, ...]
"""The headings above something, the outermost first; without the title of the note."""


@dataclass(frozen=True, slots=True)
class _Section:
    chain: Chain
    depth: int
    start: int
    own_end: int
    """Where the next heading begins."""
    end: int
    """Where its last sub-heading ends."""


def absorbed(target: str, source: str, under: str = "") -> tuple[str, int]:
    """`target` with what is new in `source`, and how many blocks that were; `under` a heading, if one is given."""
    if not target.removeprefix(BOM).strip() and not under:
        theirs = Lines(source.removeprefix(BOM))
        return ("" if theirs.is_empty else str(theirs)), sum(map(len, _pieces(theirs, "").values()))
    lines = Lines(target)
    count = 0
    known = _known(lines)
    everywhere = set[str]().union(*known.values())
    for chain, pieces in _pieces(Lines(source), under).items():
        here = known.setdefault(_key(chain), set())
        fresh: list[list[str]] = []
        for piece in pieces:
            said = _said(piece)
            if (
                any(map(str.isalnum, said))
                and said not in here
                and not (len(words_of(said)) >= _TELLING_WORDS and said in everywhere)
            ):
                fresh.append(piece)
                here.add(said)
        everywhere |= here
        if fresh:
            _insert(lines, chain, fresh)
            count += len(fresh)
    return str(lines), count


def _pieces(lines: Lines, under: str) -> Mapping[Chain, list[list[str]]]:
    """What a note says, by its headings: items with all within them, paragraphs, tables."""
    found: dict[Chain, list[list[str]]] = {}
    for section in _sections(lines):
        chain = ((under,) if under else ()) + section.chain
        for block in _outer(lines, section):
            found.setdefault(chain, []).append(_by_itself(lines.plain[block.start : block.end]))
    return found


def _sections(lines: Lines) -> list[_Section]:
    headings = [block for block in lines.blocks if block.kind == "heading"]
    has_title = bool(headings) and headings[0].depth == 1 and headings[0] is lines.blocks[0]
    # A title that marks all below it as private has to stay above it.
    has_title = has_title and PRIVATE.search(headings[0].text) is None
    last = len(lines.plain)
    first = headings[0].end if has_title else 0
    headings = headings[1:] if has_title else headings
    found = [_Section((), 1 if has_title else 0, first, headings[0].start if headings else last, last)]
    above: list[tuple[int, str]] = []
    for number, heading in enumerate(headings):
        while above and above[-1][0] >= heading.depth:
            above.pop()
        above.append((heading.depth, heading.text))
        later = headings[number + 1 :]
        end = next((other.start for other in later if other.depth <= heading.depth), last)
        chain = tuple(title for _, title in above)
        found.append(_Section(chain, heading.depth, heading.end, later[0].start if later else last, end))
    return found


def _outer(lines: Lines, section: _Section) -> list[Block]:
    """The blocks of a section that stand in no other; rows of a table are taken together."""
    found: list[Block] = []
    done = section.start
    first = bisect_left(lines.blocks, section.start, key=attrgetter("start"))
    for block in itertools.takewhile(lambda block: block.start < section.own_end, lines.blocks[first:]):
        if block.start < done or block.kind == "heading":
            continue
        if found and block.kind == found[-1].kind == "row" and found[-1].end == block.start:
            found[-1] = Block("row", found[-1].start, block.end, block.end, 0, "")
        else:
            found.append(block)
        done = block.end
    return found


def _known(lines: Lines) -> dict[Chain, set[str]]:
    """What is said, by the keys of the headings above it."""
    found: dict[Chain, set[str]] = {}
    for section in _sections(lines):
        said = (_said(lines.plain[block.start : block.end]) for block in _outer(lines, section))
        found.setdefault(_key(section.chain), set()).update(said)
    return found


def _insert(lines: Lines, chain: Chain, pieces: Sequence[Sequence[str]]) -> None:
    sections = _sections(lines)
    by_key = {_key(section.chain): section for section in reversed(sections)}  # of two that are alike, the first
    key = _key(chain)
    known = next(by_key[key[:size]] for size in range(len(key), -1, -1) if key[:size] in by_key)
    missing = chain[len(known.chain) :]
    end = known.end if missing else known.own_end
    at = next((n + 1 for n in range(end - 1, known.start - 1, -1) if lines.plain[n].strip()), known.start)
    fresh: list[str] = []
    size = len(known.chain)
    inner = [s.depth for s in sections if len(s.chain) == size + 1 and known.start < s.start <= known.end]
    for number, title in enumerate(missing, min(inner, default=max(known.depth, 1) + 1)):
        fresh += ["", f"{'#' * min(6, number)} {title}"]
    joins = not missing and any(b.kind == "item" and b.end >= at > b.start for b in lines.blocks)
    for piece in pieces:
        is_item = Lines("\n".join(piece)).blocks[0].kind == "item"
        fresh += [*([] if joins and is_item else [""]), *piece]
        joins = is_item
    if at == 0 and fresh[:1] == [""]:
        del fresh[0]
    if at < len(lines.plain) and lines.plain[at].strip():
        fresh.append("")
    lines.insert(at, fresh)


def _said(lines: Sequence[str]) -> str:
    return sameness("\n".join(line[len(marker(line)) :] for line in lines))


def _key(chain: Chain) -> Chain:
    return tuple(map(title_key, chain))


def _by_itself(lines: Sequence[str]) -> list[str]:
    """Lines without the blank ones at their end, and no further to the right than they have to be."""
    last = next((number for number in range(len(lines), 0, -1) if lines[number - 1].strip()), 0)
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return [line.removeprefix(indent) for line in lines[:last]]
