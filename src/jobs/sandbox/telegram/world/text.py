"""Message texts as Telegram takes them: trimmed, measured in UTF-16 units, their entities checked."""

from __future__ import annotations

import copy

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


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def take_text(
    state: WorldState, viewer: User, text: str, entities: Entities | None, *, caption: bool = False
) -> tuple[str, Entities]:
    """Text and entities as they are stored. Raises RpcError where Telegram refuses them."""
    taken = [_checked(state, viewer, text, entity) for entity in entities or []]
    stripped_left = text.lstrip()
    cut = utf16_length(text) - utf16_length(stripped_left)
    stripped = stripped_left.rstrip()
    length = utf16_length(stripped)
    if length > (MAX_CAPTION if caption else MAX_MESSAGE):
        raise RpcError(400, "MEDIA_CAPTION_TOO_LONG" if caption else "MESSAGE_TOO_LONG")
    if not stripped and not caption:
        raise RpcError(400, "MESSAGE_EMPTY")
    kept = [moved for entity in taken if (moved := _moved(entity, cut, length)) is not None]
    kept.sort(key=lambda entity: (entity.offset, -entity.length))
    return stripped, kept[:MAX_ENTITIES]


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
