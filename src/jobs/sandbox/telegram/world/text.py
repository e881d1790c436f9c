"""Message texts as Telegram takes them: trimmed, measured in UTF-16 units, their entities checked and added to."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable

from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.model import User
from jobs.sandbox.telegram.world.peers import resolve_user
from jobs.sandbox.telegram.world.state import WorldState

MAX_MESSAGE = 4096
MAX_CAPTION = 1024
MAX_ENTITIES = 100
"""Telegram drops the rest without a word."""

Entities = list[types.TypeMessageEntity]

_Marked = (
    types.MessageEntityEmail
    | types.MessageEntityUrl
    | types.MessageEntityMention
    | types.MessageEntityHashtag
    | types.MessageEntityBotCommand
)

# What Telegram marks by itself wherever a sender left it plain.
_MARKED: tuple[tuple[re.Pattern[str], type[_Marked]], ...] = (
    (re.compile(r"(?<!\w)[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}\b", re.I), types.MessageEntityEmail),
    (
        re.compile(r"(?<![\w@/.])(?:https?://|(?=[\w.-]+\.(?:com|org|net|io|me|dev|ru)\b))[^\s<>\"]*[\w/=&]", re.I),
        types.MessageEntityUrl,
    ),
    (re.compile(r"(?<![\w/])@[a-z]\w{3,31}\b", re.I), types.MessageEntityMention),
    (re.compile(r"(?<![\w/])#\d*[^\W\d]\w*"), types.MessageEntityHashtag),
    (re.compile(r"(?<![\w/<])/[a-z0-9_]{1,64}(?:@\w+)?(?![\w/])", re.I), types.MessageEntityBotCommand),
)
_LEFT_ALONE = (
    types.MessageEntityCode,
    types.MessageEntityPre,
    types.MessageEntityTextUrl,
    types.MessageEntityMentionName,
)


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def take_text(
    state: WorldState, viewer: User, text: str, entities: Entities | None, *, caption: bool = False
) -> tuple[str, Entities]:
    """Text and entities as they are stored. Raises RpcError where Telegram refuses them."""
    taken = [_checked(state, viewer, text, entity) for entity in entities or []]
    # Blanks at the beginning go, unless they belong to a block of code.
    code = min((e.offset for e in taken if isinstance(e, types.MessageEntityPre)), default=utf16_length(text))
    cut = min(utf16_length(text) - utf16_length(text.lstrip()), code)
    stripped = _from_utf16(text, cut).rstrip()
    length = utf16_length(stripped)
    if length > (MAX_CAPTION if caption else MAX_MESSAGE):
        raise RpcError(400, "MEDIA_CAPTION_TOO_LONG" if caption else "MESSAGE_TOO_LONG")
    if not stripped.strip() and not caption:
        raise RpcError(400, "MESSAGE_EMPTY")
    kept = [moved for entity in taken if (moved := _moved(entity, cut, length)) is not None]
    kept += _marked(stripped, kept)
    kept.sort(key=lambda entity: (entity.offset, -entity.length))
    return stripped, kept[:MAX_ENTITIES]


def _from_utf16(text: str, units: int) -> str:
    return text.encode("utf-16-le", "surrogatepass")[units * 2 :].decode("utf-16-le", "surrogatepass")


def _checked(state: WorldState, viewer: User, text: str, entity: types.TypeMessageEntity) -> types.TypeMessageEntity:
    units = text.encode("utf-16-le", "surrogatepass")
    start, end = entity.offset, entity.offset + entity.length
    if start < 0 or entity.length < 0 or end * 2 > len(units):
        raise RpcError(400, "ENTITY_BOUNDS_INVALID")
    if any(_splits_a_pair(units, position) for position in (start, end)):
        raise RpcError(400, "ENTITY_BOUNDS_INVALID")
    if isinstance(entity, types.InputMessageEntityMentionName):
        user = resolve_user(state, viewer, entity.user_id)
        return types.MessageEntityMentionName(start, entity.length, user.id)
    return copy.copy(entity)


def _splits_a_pair(units: bytes, position: int) -> bool:
    unit = units[position * 2 : position * 2 + 2]
    return position > 0 and len(unit) == 2 and 0xDC <= unit[1] <= 0xDF


def _moved(entity: types.TypeMessageEntity, cut: int, length: int) -> types.TypeMessageEntity | None:
    start = max(entity.offset - cut, 0)
    end = min(entity.offset + entity.length - cut, length)
    if end <= start:
        return None
    entity.offset, entity.length = start, end - start
    return entity


def _marked(text: str, given: Entities) -> Iterable[_Marked]:
    """Addresses, mentions, hashtags and commands, where nothing of the sender's stands in the way."""
    taken = [(e.offset, e.offset + e.length) for e in given if isinstance(e, _LEFT_ALONE)]
    for pattern, kind in _MARKED:
        for match in pattern.finditer(text):
            start = utf16_length(text[: match.start()])
            end = start + utf16_length(match[0])
            already = any(isinstance(e, kind) and (e.offset, e.offset + e.length) == (start, end) for e in given)
            if already or any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            taken.append((start, end))
            yield kind(start, end - start)
