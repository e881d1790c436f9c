"""The owner's reactions to messages of ours: answers to questions, and words for their session."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from telethon import utils
from telethon.tl import types

from jobs.core.errors import StorageError
from jobs.core.journal import Journal, Reaction
from jobs.core.journal.reactions import CUSTOM
from jobs.core.ports import Questions, SoundAlarm
from jobs.core.words import chat as words
from jobs.telegram.client import Telegram, translated

log = logging.getLogger(__name__)


class OwnerReactions:
    """Only the owner's count; in Saved Messages, where nobody else is, they are not named."""

    def __init__(
        self, telegram: Telegram, journal: Journal, owner_id: int, *, questions: Questions, alarm: SoundAlarm
    ) -> None:
        self._telegram = telegram
        self._journal = journal
        self._owner_id = owner_id
        self._questions = questions
        self._alarm = alarm

    async def on_update(self, update: Any) -> None:
        """Hear of Telegram's UpdateMessageReactions."""
        if utils.get_peer_id(update.peer) == self._owner_id:
            await self._take(update.msg_id, update.reactions)

    async def look(self, message_ids: Sequence[int]) -> None:
        """Take those that were made while nobody listened: Telegram does not tell of them. Raises TelegramError."""
        if message_ids:
            with translated():
                found: Any = await self._telegram.client.get_messages(self._owner_id, ids=list(message_ids))
            for message in found:
                if message is not None and message.reactions is not None:
                    await self._take(message.id, message.reactions)

    async def compare(self, messages: Sequence[Any]) -> None:
        """The same for messages of the owner's chat that were read anyway; and what was removed."""
        async with self._journal.database.transaction() as tx:
            untold = await self._journal.reactions.untold_at(tx, self._owner_id)
        for message in messages:
            if message.reactions is not None:
                await self._take(message.id, message.reactions)
            elif message.id in untold:
                await self._journal.note_reactions(self._owner_id, message.id, ())

    async def _take(self, message_id: int, reactions: Any) -> None:
        """All the reactions that stand at a message now; Telegram may leave out whose they are."""
        if reactions.results and not reactions.recent_reactions:
            return
        theirs = [r for r in reactions.recent_reactions or () if utils.get_peer_id(r.peer_id) == self._owner_id]
        try:
            standing = [Reaction(_emoji(r), r.date) for r in theirs if not await self._answers(message_id, r)]
            await self._journal.note_reactions(self._owner_id, message_id, standing)
        except StorageError:
            log.exception("A reaction could not be noted; a comparison with Telegram will find it")
            await self._alarm(words.DISK_REFUSES)

    async def _answers(self, message_id: int, reaction: Any) -> bool:
        emoji = _emoji(reaction)
        return emoji != CUSTOM and await self._questions.answered_by_reaction(message_id, emoji, reaction.date)


def _emoji(reaction: Any) -> str:
    return reaction.reaction.emoticon if isinstance(reaction.reaction, types.ReactionEmoji) else CUSTOM
