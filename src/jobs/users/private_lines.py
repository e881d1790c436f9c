"""Which lines of the owner's notes are private: marked ones, what is below a marked heading, and the values in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jobs.memory.marks import PRIVATE, UNTIL
from jobs.users.values import phrase_of, values_in

_QUOTE = r" {0,3}(?:> ?)*"
_FENCE = re.compile(r"[\s>]*(`{3,}|~{3,})(.*)")
_ATX = re.compile(rf"{_QUOTE}(#{{1,6}})\s+(.*)")
_UNDERLINE = re.compile(rf"{_QUOTE}(=+|-{{2,}})\s*")
_NO_TITLE = re.compile(r"\s*(?:[-+*]\s|[#>|]|\d+[.)]\s|$)")
_BOLD = re.compile(rf"{_QUOTE}(\*{{2,3}}|_{{2,3}})([^*]+)\1\s*:?\s*")
_LABEL = re.compile(r" {0,3}[^\s#>*+|-][^:]{0,60}:\s*")
_CLOCK = re.compile(r"(?<!\d)(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?!\d)")
_COLON = re.compile(r":(?=\s|$)")

_BOLD_DEPTH, _LABEL_DEPTH = 7, 8


@dataclass(frozen=True, slots=True)
class _Heading:
    depth: int
    """1 to 6 as in Markdown; a bold line and a line that ends in a colon are less than those."""
    underlined: bool = False
    """It may be no heading at all: it ends what is private only where that began with one of its kind."""


def private_values(markdown: str) -> frozenset[str]:
    """What must not be said of notes, normalized."""
    return frozenset(value for line in marked_lines(markdown) for value in _values(line))


def _values(line: str) -> Iterator[str]:
    # Of prose the values alone are compared: neither a label before the colon nor a remark after a value is a secret,
    # and people agree on times all day long.
    line = UNTIL.sub("", line)
    yield from values_in(_CLOCK.sub("\n", line))
    label, *rest = _COLON.split(line, maxsplit=1)
    if rest and not any(values_in(_CLOCK.sub("\n", label))):
        yield from phrase_of(rest[0])


def marked_lines(markdown: str) -> Iterator[str]:
    """The private lines without their marks. What may be private is taken for it."""
    return (line for _, line in _marked(markdown.splitlines()))


def private_numbers(lines: Sequence[str]) -> frozenset[int]:
    """Which lines are private, counted from 0."""
    return frozenset(number for number, _ in _marked(lines))


def _marked(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    fenced = _fenced(lines)
    section: _Heading | None = None
    item: int | None = None  # how far the marked item is indented that the line may belong to
    for number, line in enumerate(lines):
        marked = PRIVATE.search(line) is not None
        heading = None if number in fenced else _heading(lines, number)
        if heading is not None and (section is None or _ends(heading, section)):
            told = marked or (section is not None and heading.underlined)
            section = heading if marked else None
            if told and (rest := PRIVATE.sub("", line)).strip(" #*_:>"):
                yield number, rest
            continue
        if section is not None and section.depth == _LABEL_DEPTH and _begins_afresh(lines, number):
            section = None
        indent = len(line) - len(line.lstrip())
        if item is not None and line.strip() and indent <= item:
            item = None
        if marked and item is None:
            item = indent
        if marked or section is not None or item is not None:
            yield number, PRIVATE.sub("", line)


def _ends(heading: _Heading, section: _Heading) -> bool:
    return heading.depth <= section.depth and (section.underlined or not heading.underlined)


def _begins_afresh(lines: Sequence[str], number: int) -> bool:
    """Whether a paragraph begins here that is no list: what a label was written above has ended before."""
    after_blank = number > 0 and not lines[number - 1].strip()
    return after_blank and not lines[number].startswith((" ", "\t")) and not _NO_TITLE.match(lines[number])


def _heading(lines: Sequence[str], number: int) -> _Heading | None:
    line = lines[number]
    if atx := _ATX.fullmatch(line):
        return _Heading(len(atx[1]))
    following = lines[number + 1] if number + 1 < len(lines) else ""
    if (underline := _UNDERLINE.fullmatch(following)) and not _NO_TITLE.match(line):
        return _Heading(1 if underline[1][0] == "=" else 2, underlined=True)
    if _BOLD.fullmatch(line):
        return _Heading(_BOLD_DEPTH)
    return _Heading(_LABEL_DEPTH) if _LABEL.fullmatch(line) and PRIVATE.search(line) else None


def _fenced(lines: Sequence[str]) -> set[int]:
    """The numbers of the lines within code blocks that are closed: nothing there is a heading."""
    found: set[int] = set()
    fence, start = "", 0
    for number, line in enumerate(lines):
        match = _FENCE.fullmatch(line)
        if match is None:
            continue
        if not fence:
            fence, start = match[1], number
        elif match[1].startswith(fence) and not match[2].strip():
            found.update(range(start, number + 1))
            fence = ""
    return found
