"""Saying nothing: what the model answers where there is nothing to tell, and what the owner then sees (nothing)."""

from __future__ import annotations

import re
from collections.abc import Sequence

SILENT = "HEARTBEAT_OK"
"""What the model is asked to answer; OpenClaw's word."""
_MARKERS = ("HEARTBEATOK", "NOTHINGTOREPORT", "NOREPLY")
_WORD = r"(?:HEARTBEAT(?:\\?_|-)?OK|NOTHING\\?_TO\\?_REPORT|NO\\?_REPLY)"
_DRESS = r"`*_~\"'“”«»"
_MARK = re.compile(
    rf"(?:^[ \t]*[-+*•>][ \t]+)?(?<!\w)(?P<before>[{_DRESS}(\[]*){_WORD}(?P<after>[{_DRESS})\]]*)(?!\w)", re.MULTILINE
)
_ALONE = re.compile(r"[\W_]*heartbeat(?:\\?_|-| )?ok[\W_]*", re.IGNORECASE)
"""Nothing but the word is silence however it is written; among others only the exact word is: people say “no reply”."""
_SENTENCE_ENDS = ".!?…:;—–\n"
_LOOSE = re.compile(r"[ \t.!…:;,–—-]*\s*")
_BEGUN = re.compile(rf"\s+[{_DRESS}(\[]*([A-Z][A-Z_\\-]*)$")
_FRAME_CHARS = " \t\r\n`*_~\"'“”«»"


def without_marker(text: str) -> str:
    """An answer without the word for silence at its ends and those of its sentences; "" when that was all of it."""
    if _ALONE.fullmatch(text):
        return ""
    kept, end = "", 0
    for mark in _MARK.finditer(text):
        kept += text[end : mark.start()]
        end = mark.end() if mark["before"] else mark.start("after")
        rest = text[mark.end() :].lstrip(" \t")
        if not any(map(str.isalnum, kept)) or kept.rstrip(" \t")[-1] in _SENTENCE_ENDS:
            loose = _LOOSE.match(text, end)
            end = loose.end() if loose else end
        elif not rest or rest[0] in _SENTENCE_ENDS or rest[0] == "(":
            kept = kept.rstrip()
        else:  # it is spoken of
            kept += text[mark.start() : end]
    rest = (kept + text[end:]).strip()
    return rest if not end or any(map(str.isalnum, rest)) else ""


def so_far(texts: Sequence[str]) -> Sequence[str]:
    """What may be shown of an answer whose last text grows: nothing of that while it may become silence."""
    shown = [*map(without_marker, texts[:-1]), *map(_growing, texts[-1:])]
    return [text for text in shown if text]


def _growing(text: str) -> str:
    start = text.lstrip(_FRAME_CHARS)
    if not start or _may_become_silence(start):
        return ""
    rest = without_marker(text)
    begun = _BEGUN.search(rest)
    return rest[: begun.start()] if begun and _may_become_silence(begun[1]) else rest


def _may_become_silence(start: str) -> bool:
    letters = re.sub(r"[\\_-]", "", start)
    return any(marker.startswith(letters) for marker in _MARKERS)
