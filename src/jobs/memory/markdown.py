"""Markdown as lines that belong together; whatever is not touched stays as it is written, to the byte."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from jobs.memory.marks import LOCK

Kind = Literal["heading", "item", "paragraph", "fence", "row"]

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*")
_BULLET = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])([ \t]+)(?=\S)")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}")
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})(.*)")
BOM = "\ufeff"
_MARKS = "*_`~ \t"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines from `start` up to `end`: of a heading its line alone, of a list item all that belongs to it."""

    kind: Kind
    start: int
    end: int
    own_end: int
    """Where the nested items of an item begin."""
    depth: int
    """Of a heading 1 to 6, of an item how far it is indented."""
    text: str
    """What its own lines say, without the marks of a heading or an item."""


class Lines:
    """A text in lines; those without the "\\r" that may end them are for reading, `raw` for writing."""

    def __init__(self, text: str) -> None:
        self.raw = text.split("\n")
        self.plain = [line.removesuffix("\r") for line in self.raw]
        self.plain[0] = self.plain[0].removeprefix(BOM)
        self._blocks: Sequence[Block] | None = None
        self._return = "\r" if text.count("\r\n") * 2 > text.count("\n") else ""

    def __str__(self) -> str:
        return "\n".join(self.raw)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written there."""
        return not any(line.strip() for line in self.plain)

    def insert(self, at: int, lines: Sequence[str]) -> None:
        """Put lines in, ended as the others are; at the very end, the file keeps its way of ending."""
        fresh = [line + self._return for line in lines]
        if at < len(self.raw):
            self.raw[at:at] = fresh
        else:
            # The last line has no end, and what comes to stand there has none either.
            self.raw[-1] += self._return
            fresh[-1] = fresh[-1].removesuffix("\r")
            self.raw += fresh
        self.plain[at:at] = lines
        self._blocks = None

    def remove(self, start: int, end: int) -> None:
        """Take lines out; the file keeps its way of ending."""
        at_end = end == len(self.raw) and start > 0
        bom = BOM if start == 0 and self.raw[0].startswith(BOM) else ""
        del self.raw[start:end], self.plain[start:end]
        self._blocks = None
        if at_end:
            self.raw[-1] = self.raw[-1].removesuffix("\r")
        if not self.raw:
            self.raw, self.plain = [""], [""]
        if bom:
            self.raw[0] = bom + self.raw[0]

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks in their order; an item comes before what is nested in it. What is said stands in one of them."""
        if self._blocks is None:
            self._blocks = list(_Reader(self.plain).read())
        return self._blocks

    @property
    def end(self) -> int:
        """After the last line that says something."""
        return next((n + 1 for n in range(len(self.plain) - 1, -1, -1) if self.plain[n].strip()), 0)


def heading_title(text: str) -> str:
    """What stands after the signs that begin a heading, without those that may close it."""
    text = text.strip()
    bare = text.rstrip("#")
    return bare.rstrip() if not bare or bare[-1].isspace() else text


class _Reader:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._fences = dict(_fences(lines))

    def read(self) -> Iterator[Block]:
        number, found = 0, list[Block]()
        open_items: list[int] = []  # indexes of items in `found` to which the next line may belong
        after_blank = False
        while number < len(self._lines):
            line = self._lines[number]
            if not line.strip():
                after_blank = True
                number += 1
                continue
            block = self._block(number)
            nested = -1 if block.kind == "heading" and _indent(line) < 2 else _indent(line)
            lazy = block.kind == "paragraph" and not after_blank and bool(open_items)
            while open_items and not lazy and nested <= found[open_items[-1]].depth:
                open_items.pop()
            innermost = found[open_items[-1]] if open_items else None
            is_own = innermost is not None and block.kind != "item" and innermost.own_end == innermost.end
            for index in open_items:
                found[index] = _longer(found[index], block.end, own=is_own and index == open_items[-1])
            if not is_own:
                found.append(block)
            if block.kind == "item":
                open_items.append(len(found) - 1)
            number, after_blank = block.end, False
        for block in found:
            yield self._with_text(block) if block.kind == "item" else block

    def _block(self, number: int) -> Block:
        line = self._lines[number]
        if number in self._fences:
            return self._made("fence", number, self._fences[number])
        if atx := _ATX.fullmatch(line):
            return self._made("heading", number, number + 1, len(atx[1]), heading_title(atx[2] or ""))
        if (bullet := _BULLET.match(line)) and not _RULE.fullmatch(line):
            return self._made("item", number, number + 1, _indent(bullet[1]), line[bullet.end() :])
        if line.lstrip().startswith("|"):
            return self._made("row", number, number + 1)
        end = number + 1
        while end < len(self._lines) and self._goes_on(end):
            end += 1
        if end < len(self._lines) and end == number + 1 and (under := _UNDERLINE.fullmatch(self._lines[end])):
            return self._made("heading", number, end + 1, 1 if under[1][0] == "=" else 2, line.strip())
        return self._made("paragraph", number, end)

    def _goes_on(self, number: int) -> bool:
        line = self._lines[number]
        ends = not line.strip() or number in self._fences or _ATX.fullmatch(line) or line.lstrip().startswith("|")
        return not (ends or _BULLET.match(line) or _UNDERLINE.fullmatch(line))

    def _made(self, kind: Kind, start: int, end: int, depth: int = 0, text: str | None = None) -> Block:
        return Block(kind, start, end, end, depth, "\n".join(self._lines[start:end]) if text is None else text)

    def _with_text(self, item: Block) -> Block:
        own = "\n".join([item.text, *self._lines[item.start + 1 : item.own_end]])
        return Block("item", item.start, item.end, item.own_end, item.depth, own)


def _longer(item: Block, end: int, *, own: bool) -> Block:
    return Block("item", item.start, end, end if own else item.own_end, item.depth, item.text)


def _fences(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where closed code blocks begin and end."""
    fence, start = "", 0
    for number, line in enumerate(lines):
        match = _FENCE.fullmatch(line)
        if match is None:
            continue
        if not fence:
            fence, start = match[1], number
        elif match[1].startswith(fence) and not match[2].strip():
            yield start, number + 1
            fence = ""


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))


def marker(line: str) -> str:
    """How an item begins: its indentation, its sign, and the space behind; "" where it is none."""
    match = _BULLET.match(line)
    return match[0] if match else ""


# ---- comparing ----

_WORD = re.compile(r"[^\W_]+")
_SIGNED = re.compile(r"[^\W_]+|\S")
_FILLING = frozenset({"the", "a", "an"})


def folded(text: str) -> str:
    """Text in one case and one spelling."""
    return unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")


def words_of(text: str) -> list[str]:
    """The words and numbers of a text."""
    return _WORD.findall(folded(text))


def sameness(text: str) -> str:
    """What two texts have in common that say the same in the same words: case, emphasis and punctuation aside."""
    signs = _SIGNED.findall(folded(text))
    kept = [t for t in signs if t not in _FILLING and t != LOCK and (t[0].isalnum() or _is_telling(t))]
    return " ".join(kept)


def _is_telling(sign: str) -> bool:
    return (unicodedata.category(sign)[0] == "S" and sign not in _MARKS) or sign in "+-−#%"


def title_key(title: str) -> str:
    """Headings that are spelled alike are the same."""
    return " ".join(words_of(title)) or folded(title).strip()


def one_line(text: str) -> str:
    """Text on one line, without what cannot be written into a note."""
    return " ".join(clean(text).split())


def clean(text: str) -> str:
    """Text with "\\n" for every end of a line, and without control characters and halves of characters."""
    text = re.sub(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text)
    return "".join(c for c in text if c in "\n\t" or (unicodedata.category(c) not in ("Cc", "Cs") and c != BOM))
