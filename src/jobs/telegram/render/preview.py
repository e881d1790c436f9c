"""How an answer looks while the model is still writing it."""

from __future__ import annotations

from jobs.core.rich_text import RichText

from .markdown import render
from .split import MESSAGE_LIMIT, split


def preview(markdown: str, limit: int = MESSAGE_LIMIT) -> RichText:
    """An unfinished answer as one message of at most `limit` UTF-16 units: the last one it would fill now.

    What is open at the end (bold, code, a spoiler, a link) is shown as if it were closed. Blank when there
    is nothing to see yet.
    """
    parts = split(render(markdown, unfinished=True), limit)
    return parts[-1] if parts else RichText("")
