"""What a conversation begins with: the lasting facts and the last two days, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import zip_longest

from jobs.memory.markdown import Block, Lines
from jobs.memory.paths import FACTS, shown_path
from jobs.memory.storage import Storage

_MOST_FACTS, _MOST_DAY = 24_000, 8_000
"""Characters."""


async def remembered(storage: Storage) -> str:
    """MEMORY.md and the logs of yesterday and today; "" where there is nothing yet. Raises NoteError."""
    parts: list[str] = []
    if facts := await storage.read((FACTS,)):
        parts.append(f"=== {FACTS}\n{await asyncio.to_thread(newest, facts, _MOST_FACTS)}")
    for path, text in await storage.latest_days():
        name = shown_path(path)
        parts.append(f"=== {name}\n{_end(text, _MOST_DAY, name)}")
    return "\n\n".join(parts)


def newest(text: str, most: int) -> str:
    """Lasting facts within `most` characters: what stands last under each heading is the newest, and goes first."""
    if len(text) <= most:
        return text
    read = Lines(text)
    lines, parts = read.plain, _parts(read.blocks)
    turns = zip_longest(*(reversed(part) for _, part in parts))
    by_age = [(place, block) for turn in turns for place, block in enumerate(turn) if block]
    chosen: set[int] = set()
    left = most
    unpaid = {place: _size(lines, heading) for place, (heading, _) in enumerate(parts) if heading is not None}
    for place, block in by_age:
        size = _size(lines, block) + unpaid.get(place, 0)
        if size <= left:  # what is too long keeps nothing out that is shorter
            left -= size
            unpaid.pop(place, None)
            chosen.add(block.start)
    shown = [f"({len(by_age) - len(chosen)} older entries are left out: memory_read and memory_search find them.)"]
    for heading, part in parts:
        kept = [block for block in part if block.start in chosen]
        if kept and heading is not None:
            shown += lines[heading.start : heading.end]
        shown += [line for block in kept for line in lines[block.start : block.end]]
    return "\n".join(shown)[: most + 200]


def _parts(blocks: Sequence[Block]) -> list[tuple[Block | None, list[Block]]]:
    """What stands under each heading, in order."""
    parts: list[tuple[Block | None, list[Block]]] = [(None, [])]
    reached = 0
    for block in blocks:
        if block.kind == "heading":
            parts.append((block, []))
        elif block.start >= reached:
            parts[-1][1].append(block)
        reached = max(reached, block.end)
    return parts


def _size(lines: Sequence[str], block: Block) -> int:
    return sum(len(line) + 1 for line in lines[block.start : block.end])


def _end(text: str, most: int, name: str) -> str:
    if len(text) <= most:
        return text
    end = text[-most:]
    return f"(The beginning is left out: read it in {name} with memory_read.)\n{end[end.find(chr(10)) + 1 :]}"
