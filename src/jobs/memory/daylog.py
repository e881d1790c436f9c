"""The log of a day: what happened, with the time, in the order in which it was written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jobs.memory.items import Item, lines_of
from jobs.memory.markdown import BOM, Lines, marker


def logged(text: str, items: Sequence[Item], now: datetime) -> str:
    """The text of a day's log with items at its end; `now` is the owner's local time."""
    if not items:
        return text
    lines = Lines(text)
    if lines.is_empty:
        lines = Lines(f"{text[:1] if text.startswith(BOM) else ''}# {now.date().isoformat()}\n")
    entries = [b for b in lines.blocks if b.kind == "item" and b.depth == 0]
    at = lines.end
    goes_on = bool(entries) and entries[-1].end >= at
    mark = marker(lines.plain[entries[-1].start]) if goes_on else "- "
    mark = mark if not mark.strip()[:1].isdigit() else "- "
    fresh = [line for item in items for line in lines_of(Item(f"{now:%H:%M} {item.text}", item.within), mark)]
    lines.insert(at, fresh if goes_on else ["", *fresh])
    return str(lines)
