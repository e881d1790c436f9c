"""Taking one change out of a text that others have gone on writing."""

from __future__ import annotations

from difflib import SequenceMatcher

_MOST_LINES = 5_000
"""Of what is compared; more would take minutes."""


class Conflict(Exception):
    """The place of the change has been edited since."""


def without(before: str, after: str, now: str) -> str:
    """`now` without the change that made `after` of `before`. Raises Conflict where that is no longer clear."""
    if now == after:
        return before
    a, b, c = (text.splitlines(keepends=True) for text in (after, before, now))
    edits = _differences(a, c)
    result: list[str] = []
    done = 0  # of c
    for start, end, replacement in _differences(a, b):
        shift = 0
        for first, last, theirs in edits:
            unclear = first == last == start == end  # both put something in at one place
            if last <= start and not unclear:
                shift += len(theirs) - (last - first)
            elif first < end or unclear:
                raise Conflict
        result += c[done : start + shift]
        result += replacement
        done = end + shift
    return "".join([*result, *c[done:]])


def _differences(a: list[str], b: list[str]) -> list[tuple[int, int, list[str]]]:
    """Which lines of `a` became which others. Raises Conflict where there is too much to compare."""
    head = 0
    while head < min(len(a), len(b)) and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    mine, theirs = a[head : len(a) - tail], b[head : len(b) - tail]
    if len(mine) + len(theirs) > _MOST_LINES:
        raise Conflict
    codes = SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes()
    return [(head + i1, head + i2, theirs[j1:j2]) for tag, i1, i2, j1, j2 in codes if tag != "equal"]
