"""Saying nothing: what the model answers where there is nothing to tell, and what the owner then sees (nothing)."""

from __future__ import annotations

import re
from collections.abc import Sequence

SILENT = "HEARTBEAT_OK"
"""What the model is asked to answer; OpenClaw's word."""
_MARKERS = (SILENT, "NOTHING_TO_REPORT", "NO_REPLY")
_FRAME = r"[\W_]*?"
_WORD = "|".join(marker.replace("_", r"(?:\\?_| )") for marker in _MARKERS)
_LEADING = re.compile(rf"{_FRAME}\b(?:{_WORD})\b[\s`*_~\"'“”«».!]*", re.IGNORECASE)
_TRAILING = re.compile(rf"[\s`*_~(\[]*\b(?:{_WORD})\b[\W_]*$", re.IGNORECASE)
_FRAME_CHARS = " \t\r\n`*_~\"'“”«»"


_BEGUN = re.compile(r"\s+[*_`]*([A-Z][A-Z_]*)$")


def without_marker(text: str) -> str:
    """An answer without the word for silence at its ends; "" when it was nothing else."""
    leading = _LEADING.match(text)
    rest = text[leading.end() :] if leading else text
    rest = _TRAILING.sub("", rest).strip()
    return rest if rest == text.strip() or any(map(str.isalnum, rest)) else ""


def so_far(texts: Sequence[str]) -> Sequence[str]:
    """What may be shown of an answer whose last text grows: nothing of that while it may become silence."""
    shown = [*map(without_marker, texts[:-1]), *map(_growing, texts[-1:])]
    return [text for text in shown if text]


def _growing(text: str) -> str:
    start = text.lstrip(_FRAME_CHARS)
    if not start or any(marker.startswith(start) for marker in _MARKERS):
        return ""
    rest = without_marker(text)
    begun = _BEGUN.search(rest)
    return rest[: begun.start()] if begun and any(marker.startswith(begun[1]) for marker in _MARKERS) else rest
