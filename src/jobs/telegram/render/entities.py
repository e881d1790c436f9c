"""From our entities to Telethon's, and between the two ways of counting characters."""

from __future__ import annotations

import re
from bisect import bisect_left

from telethon.tl import types

from jobs.core.rich_text import Entity

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def to_telethon(entity: Entity) -> types.TypeMessageEntity:
    """The entity as Telethon sends it."""
    match entity.kind:
        case "pre":
            return types.MessageEntityPre(entity.offset, entity.length, entity.language)
        case "link":
            return types.MessageEntityTextUrl(entity.offset, entity.length, entity.url)
        case kind:
            return _PLAIN[kind](entity.offset, entity.length)


_PLAIN = {
    "bold": types.MessageEntityBold,
    "italic": types.MessageEntityItalic,
    "underline": types.MessageEntityUnderline,
    "strike": types.MessageEntityStrike,
    "spoiler": types.MessageEntitySpoiler,
    "code": types.MessageEntityCode,
    "quote": types.MessageEntityBlockquote,
}


def utf16_length(text: str) -> int:
    """The length of `text` as Telegram counts it: in UTF-16 code units."""
    return len(text) if text.isascii() else len(text) + sum(1 for _ in _ASTRAL.finditer(text))


class Offsets:
    """Translates between indices of a Python string and UTF-16 code units."""

    def __init__(self, text: str) -> None:
        self._points = [] if text.isascii() else [match.start() for match in _ASTRAL.finditer(text)]
        self._units = [point + count for count, point in enumerate(self._points)]

    def to_units(self, index: int) -> int:
        return index + bisect_left(self._points, index)

    def to_index(self, units: int) -> int:
        """The index of the character that holds this unit (the second half of a pair too)."""
        return units - bisect_left(self._units, units)
