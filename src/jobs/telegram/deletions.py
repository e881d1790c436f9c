"""Messages that people take back: what is still in the queue of them is not answered."""

from __future__ import annotations

import logging
from typing import Any

from jobs.core.errors import StorageError, Undeliverable
from jobs.core.journal import Journal
from jobs.core.ports import REDACTED, SoundAlarm
from jobs.core.words import chat as words
from jobs.telegram.client import Telegram

log = logging.getLogger(__name__)

_CHATS = 20
_OF_A_CHAT = 100
"""Of so many chats, and so many messages of each, what was deleted meanwhile."""


class Deletions:
    """Withdraws what was deleted, as Telegram tells of it or a comparison finds out."""

    def __init__(self, telegram: Telegram, journal: Journal, alarm: SoundAlarm) -> None:
        self._telegram = telegram
        self._journal = journal
        self._alarm = alarm

    async def on_deleted(self, event: Any) -> None:
        """Hear of Telethon's MessageDeleted. Of a private chat it names the ids alone: an account counts them together.

        What a channel or a supergroup has lost names its chat, and has ids of its own.
        """
        if event.chat_id is not None:
            return
        try:
            await self._withdraw(event.deleted_ids)
        except StorageError as error:
            log.error("A deletion could not be noted; a comparison with Telegram will find it: %s", error)
            await self._alarm(words.DISK_REFUSES)

    async def compare(self) -> int:
        """Look whether what is queued still stands in Telegram; returns how many messages were withdrawn.

        Raises TelegramError, StorageError.
        """
        async with self._journal.database.transaction() as tx:
            queued = await self._journal.inbox.queued(tx)
        gone: list[int] = []
        for chat_id, message_ids in list(queued.items())[:_CHATS]:
            try:
                gone += await self._telegram.missing(chat_id, message_ids[:_OF_A_CHAT])
            except Undeliverable as error:  # one chat that Telegram does not show must not keep the others waiting
                log.warning("The chat with %d cannot be read: %s", chat_id, error)
        return await self._withdraw(gone)

    async def _withdraw(self, message_ids: list[int]) -> int:
        """A message with a secret is deleted by the program itself, and answered."""
        if not message_ids:
            return 0
        withdrawn = await self._journal.withdraw(message_ids, unless=REDACTED)
        if withdrawn:
            log.info("%d messages were deleted before they were answered", withdrawn)
        return withdrawn
