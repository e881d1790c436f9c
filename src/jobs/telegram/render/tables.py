"""Tables as text in columns, for a monospaced block."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest

_WIDTH = 60  # columns of a screen; wider tables wrap inside their cells
_NARROWEST = 8
_GAP = " | "


@dataclass(slots=True)
class Cell:
    text: str = ""
    align: str = ""
    """The style attribute of the parser: empty, or `text-align:left`, `:center` or `:right`."""


@dataclass(slots=True)
class Table:
    """Rows of equally many cells; the first row is the heading."""

    rows: list[list[Cell]] = field(default_factory=list[list[Cell]])

    def layout(self) -> str:
        """The table as lines, aligned by how wide its characters are shown."""
        natural = [max(_width(cell.text) for cell in column) for column in zip(*self.rows, strict=True)]
        widest = _widest_column(natural)
        widths = [min(width, widest) for width in natural]
        lines: list[str] = []
        for row in self.rows:
            wrapped = [_wrap(cell.text, width) for cell, width in zip(row, widths, strict=True)]
            for parts in zip_longest(*wrapped, fillvalue=""):
                padded = [_pad(part, cell.align, width) for part, cell, width in zip(parts, row, widths, strict=True)]
                lines.append(_GAP.join(padded).rstrip())
            if row is self.rows[0]:
                lines.append("-+-".join("-" * width for width in widths))
        return "\n".join(lines)


def _widest_column(natural: list[int]) -> int:
    """How wide a column may be so that all of them fit; with many columns the table stays too wide."""
    room = _WIDTH - len(_GAP) * (len(natural) - 1)
    for widest in range(max(natural), _NARROWEST, -1):
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
