"""Tables as text in columns, for a monospaced block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

_WIDTH = 60  # columns of a screen; wider tables wrap inside their cells
_NARROWEST = 8
_GAP = " | "

# Columns that need this much more room than their source are mostly padding.
_MOST_PADDING = 8
_ALWAYS_ALIGNED = 4096

_SEPARATOR = re.compile(r"(?<!\\)\|")


@dataclass(slots=True)
class Cell:
    text: str = ""
    align: str = ""
    """The style attribute of the parser: empty, or `text-align:left`, `:center` or `:right`."""


@dataclass(slots=True)
class Table:
    """Rows of equally many cells; the first row is the heading."""

    rows: list[list[Cell]] = field(default_factory=list[list[Cell]])

    def layout(self, source: list[str]) -> str:
        """The table as lines, aligned by how wide its characters are shown.

        `source` is its Markdown, which stays as it is when columns cannot show it: when a row has more
        cells than the heading, or the columns would be mostly padding.
        """
        if any(len(_SEPARATOR.split(line.strip(" \t>|"))) > len(self.rows[0]) for line in source[2:]):
            return "\n".join(source)
        aligned = "\n".join(self._aligned())
        bloated = len(aligned) > max(_ALWAYS_ALIGNED, _MOST_PADDING * sum(map(len, source)))
        return "\n".join(source) if bloated else aligned

    def _aligned(self) -> Iterator[str]:
        natural = [max(_width(cell.text) for cell in column) for column in zip(*self.rows, strict=True)]
        widest = _widest_column(natural)
        widths = [min(width, widest) for width in natural]
        for row in self.rows:
            wrapped = [_wrap(cell.text, width) for cell, width in zip(row, widths, strict=True)]
            for parts in zip_longest(*wrapped, fillvalue=""):
                padded = (_pad(part, cell.align, width) for part, cell, width in zip(parts, row, widths, strict=True))
                yield _GAP.join(padded).rstrip()
            if row is self.rows[0]:
                yield "-+-".join("-" * width for width in widths)


def _widest_column(natural: list[int]) -> int:
    """How wide a column may be so that all of them fit; with many columns the table stays too wide."""
    room = _WIDTH - len(_GAP) * (len(natural) - 1)
    for widest in range(_WIDTH, _NARROWEST, -1):
        if sum(min(width, widest) for width in natural) <= room:
            return widest
    return _NARROWEST


def _wrap(text: str, width: int) -> list[str]:
    from rich.cells import chop_cells  # noqa: PLC0415 - few answers hold a table

    if _width(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if _width(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = chop_cells(word, width)
        lines += full
    return [*lines, line]


def _pad(text: str, align: str, width: int) -> str:
    missing = width - _width(text)
    if align.endswith("right"):
        return " " * missing + text
    left = missing // 2 if align.endswith("center") else 0
    return " " * left + text + " " * (missing - left)


def _width(text: str) -> int:
    from rich.cells import cell_len  # noqa: PLC0415 - few answers hold a table

    return cell_len(text)
