"""Several texts as one, so that what one of them leaves open does not swallow the next."""

from __future__ import annotations

from .grammar import parser
from .markdown import clean


def join(*texts: str) -> str:
    """Markdown texts as one, a blank line apart; a code block that a text leaves open ends with it."""
    wanted = [text for text in texts if text]
    return "\n\n".join([*map(_closed, wanted[:-1]), *wanted[-1:]])


def _closed(markdown: str) -> str:
    if "```" not in markdown and "~~~" not in markdown:
        return markdown
    source = clean(markdown)
    tokens = parser().parse(source)
    if not tokens or tokens[-1].type != "fence" or not tokens[-1].map:
        return markdown  # what is open inside a list or a quote ends with that
    block, (start, end) = tokens[-1], tokens[-1].map
    ending = source.split("\n")[end - 1].strip() if end - 1 > start else ""
    if len(ending) >= len(block.markup) and not ending.strip(block.markup[0]):
        return markdown
    return f"{markdown.rstrip()}\n{block.markup}"
