"""What somebody wants written down, as items of a list."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.memory.markdown import clean, marker, one_line


@dataclass(frozen=True, slots=True)
class Item:
    """One item, and those within it; each is one line without a mark."""

    text: str
    within: tuple[str, ...] = ()


def items_of(content: str) -> Sequence[Item]:
    """A text as items: its own list if it is one, else one item; what is indented is within.

    Nothing of it can pass for a heading, or for another part of the file.
    """
    found: list[list[str]] = []
    goes_on = False
    for line in clean(content).split("\n"):
        mark = marker(line)
        text = one_line(line[len(mark) :])
        if not any(unicodedata.category(char)[0] in "LNS" for char in text):
            goes_on = False
        elif goes_on and not mark:
            found[-1][-1] += f" {text}"  # a line that was broken is one line
        elif found and (line[:1] in (" ", "\t") or not mark):
            found[-1].append(text)
            goes_on = True
        else:
            found.append([text])
            goes_on = True
    return [Item(text, tuple(within)) for text, *within in found]


def lines_of(item: Item, mark: str) -> list[str]:
    """The lines of an item that begins by `mark`."""
    inner = " " * len(mark.expandtabs(4)) + (mark.strip() if not mark.strip()[:1].isdigit() else "-") + " "
    return [mark + item.text, *(inner + text for text in item.within)]
