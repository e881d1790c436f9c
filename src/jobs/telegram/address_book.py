"""Whom the account knows: its contacts, its private chats, and whoever Telegram can look up."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from telethon import errors
from telethon.tl import functions, types

from jobs.core.people import Kind, PersonCard
from jobs.telegram.attachments import said_in
from jobs.telegram.client import Telegram, translated
from jobs.telegram.finding import Finder

_DIALOGS = 500
_KEEP_SECONDS = 60.0
_SERVICE_IDS = {777000, 333000, 42777, 1271266957, 489000}
"""Telegram's own accounts: sign-in codes, support, replies, notifications."""


class TelegramPeople:
    """Implements `core.ports.AddressBook`."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._finder = Finder(telegram)
        self._read_at = float("-inf")
        self._known: Sequence[PersonCard] = ()

    async def people(self) -> Sequence[PersonCard]:
        """See the port; what was read is good for a minute."""
        now = time.monotonic()
        if now - self._read_at > _KEEP_SECONDS:
            self._known = await self._read()
            self._read_at = now
        return self._known

    async def look_up(self, who: str) -> PersonCard | None:
        """See the port."""
        text = who.strip()
        target: int | str = int(text) if text.isdigit() else text
        client: Any = self._telegram.client
        with translated():
            try:
                if re.fullmatch(r"\+?\d[\d ()-]{6,}", text) and not text.isdigit():
                    return await self._by_phone(re.sub(r"\D", "", text))
                entity = await client.get_entity(target)
            except (ValueError, errors.UsernameInvalidError, errors.UsernameNotOccupiedError):
                return None
        self._telegram.remember()
        return self._card(entity) if isinstance(entity, types.User) else None

    async def chat(self, who: str) -> tuple[int, str]:
        """See the port."""
        found = await self._finder.find(who)
        return found.id, found.name

    async def text_of(self, chat_id: int, message_id: int) -> str | None:
        """See the port."""
        message = await self._telegram.message(chat_id, message_id)
        return said_in(message) if message is not None else None

    async def card(self, user_id: int) -> PersonCard:
        """Somebody who has written. Raises TelegramError; of one who is not known, the id is all that is told."""
        with translated():
            try:
                entity: Any = await self._telegram.client.get_entity(user_id)
            except ValueError:
                return PersonCard(user_id)
        return self._card(entity)

    async def _read(self) -> Sequence[PersonCard]:
        client: Any = self._telegram.client
        with translated():
            contacts: Any = await client(functions.contacts.GetContactsRequest(hash=0))
            found: dict[int, PersonCard] = {user.id: self._card(user) for user in contacts.users}
            async for dialog in client.iter_dialogs(limit=_DIALOGS):
                if dialog.is_user and isinstance(dialog.entity, types.User):
                    found.setdefault(dialog.id, self._card(dialog.entity))
        self._telegram.remember()
        return tuple(found.values())

    async def _by_phone(self, phone: str) -> PersonCard | None:
        client: Any = self._telegram.client
        try:
            resolved: Any = await client(functions.contacts.ResolvePhoneRequest(phone))
        except errors.BadRequestError:  # nobody has that number, or nobody may be found by it
            return None
        return next((self._card(user) for user in resolved.users), None)

    def _card(self, user: Any) -> PersonCard:
        return PersonCard(
            id=user.id,
            first_name=user.first_name or "",
            last_name=user.last_name or "",
            username=user.username,
            phone=user.phone,
            language=user.lang_code,
            kind=_kind(user),
            is_contact=bool(user.contact),
        )


def _kind(user: Any) -> Kind:
    if user.is_self:
        return "self"
    if user.deleted:
        return "deleted"
    if user.support or user.id in _SERVICE_IDS:
        return "service"
    return "bot" if user.bot else "person"
