"""Notes cut into pieces that are found as one: below a heading each, of about 400 tokens, with an overlap of 80."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jobs.memory.markdown import heading_title

TARGET = 400
"""Tokens of a chunk, at most (estimated)."""
OVERLAP = 80
"""Tokens of it that the next one repeats, at most."""
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_BREAK = re.compile(r"(?<=[.!?…;])\s+|\s+")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of a file (counted from 1, both ends included) below one heading."""

    first_line: int
    last_line: int
    heading: tuple[str, ...]
    """The headings that it stands under, from the outermost."""
    text: str

    def key(self, model: str) -> bytes:
        """What it is embedded as: the same for the same words below the same headings, whatever the file and line."""
        content = "\0".join((model, *self.heading, "", self.text))
        return hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line, or a part of a very long one."""

    line: int
    text: str
    tokens: float
    begins: bool = True
    """Whether it begins its line."""


def tokens_in(text: str) -> float:
    """About how many tokens a text has: 3.7 characters each in English, 3.35 in Russian, one in most else."""
    ascii_count = len(text.encode("ascii", "ignore"))
    # In UTF-16 the first byte of what is Cyrillic is 4: counted so, it takes a hundredth of the time.
    units = text.encode("utf-16-be", "surrogatepass")[::2] if ascii_count < len(text) else b""
    cyrillic = units.count(b"\x04")
    return ascii_count / 3.7 + cyrillic / 3.35 + (len(text) - ascii_count - cyrillic)


def chunks_of(markdown: str) -> list[Chunk]:
    """Every line that holds anything is in a chunk; lines are those that editors count (`\\n`, `\\r\\n`)."""
    return [chunk for section in _sections(_lines(markdown)) for chunk in _filled(*section)]


def _lines(markdown: str) -> list[str]:
    return [line.removesuffix("\r") for line in markdown.split("\n")]


def _sections(lines: Sequence[str]) -> Iterator[tuple[tuple[str, ...], list[tuple[int, str]]]]:
    """What stands under each heading, its own line included, and those of headings above that nothing else is under."""
    path: list[tuple[int, str]] = []
    body: list[tuple[int, str]] = []
    fence, bare = "", False
    for number, line in enumerate(lines, 1):
        fence, was_fenced = _fence_after(line, fence), fence
        heading = None if was_fenced or fence else _HEADING.fullmatch(line)
        if heading is not None:
            depth = len(heading[1])
            if not (bare and depth > path[-1][0]):
                yield tuple(title for _, title in path), body
                body = []
            path = [
                *((above, title) for above, title in path if above < depth),
                (depth, heading_title(heading[2] or "")),
            ]
        bare = heading is not None or (bare and not line.strip())
        body.append((number, line))
    yield tuple(title for _, title in path), body


def _fence_after(line: str, fence: str) -> str:
    """The fence of the code block that goes on after a line; "" outside of any."""
    match = _FENCE.fullmatch(line)
    if match is None:
        return fence
    if not fence:
        return "" if "`" in match[2] else match[1]
    return "" if match[1].startswith(fence) and not match[2].strip() else fence


def _filled(heading: tuple[str, ...], body: Sequence[tuple[int, str]]) -> Iterator[Chunk]:
    """Chunks from the front: what is added at the end leaves all but the last as they are."""
    held: list[_Piece] = []
    weight, fresh = 0.0, False
    for piece in (piece for number, line in body for piece in _pieces(number, line)):
        if fresh and weight + piece.tokens > TARGET:
            yield _chunk(heading, held)
            held = _tail(held, TARGET - piece.tokens)
            weight, fresh = sum(one.tokens for one in held), False
        held.append(piece)
        weight += piece.tokens
        fresh = fresh or bool(piece.text.strip())
    if fresh:
        yield _chunk(heading, held)


def _tail(held: Sequence[_Piece], room: float) -> list[_Piece]:
    kept: list[_Piece] = []
    left = min(OVERLAP, room)
    for piece in reversed(held):
        left -= piece.tokens
        if left < 0 or len(kept) == len(held) - 1:
            break
        kept.insert(0, piece)
    return kept


def _chunk(heading: tuple[str, ...], held: Sequence[_Piece]) -> Chunk:
    full = [number for number, piece in enumerate(held) if piece.text.strip()]
    held = held[full[0] : full[-1] + 1]
    text = held[0].text + "".join(("\n" if piece.begins else "") + piece.text for piece in held[1:])
    return Chunk(held[0].line, held[-1].line, heading, text)


def _pieces(number: int, line: str) -> Iterator[_Piece]:
    tokens = tokens_in(line) + 1
    if tokens <= TARGET:
        yield _Piece(number, line, tokens)
        return
    start = 0
    while start < len(line):
        end = _end_of_piece(line, start)
        part = line[start:end]
        yield _Piece(number, part, tokens_in(part) + 1, begins=start == 0)
        start = end


def _end_of_piece(line: str, start: int) -> int:
    """Where a part of a long line ends: after a sentence or a word if there is one in its second half."""
    low, high = start, min(len(line), start + int(TARGET * 3.7))
    while high - low > 1 and tokens_in(line[start:high]) > TARGET - 1:
        high = start + max(1, int((high - start) * 0.9))
    if high >= len(line):
        return len(line)
    breaks = [match.end() for match in _BREAK.finditer(line, start + (high - start) // 2, high)]
    sentences = [end for end in breaks if line[end - 2 : end - 1] in ".!?…;"]
    return (sentences or breaks or [high])[-1]
