"""Tells the owner what could not be delivered."""

from __future__ import annotations

from pathlib import Path

from jobs.core.errors import Undeliverable
from jobs.core.i18n import Language
from jobs.core.journal import OutboxRow
from jobs.core.open_folders import shown_name
from jobs.core.rich_text import RichText
from jobs.core.settings import Settings
from jobs.core.words import chat as words
from jobs.telegram.render import split
from jobs.users.repository import UsersRepository


class Reporter:
    """What the outbox calls with a message that it gives up."""

    def __init__(self, repository: UsersRepository, settings: Settings, language: Language) -> None:
        self._repository = repository
        self._journal = repository.journal
        self._owner_id = settings.tg_user_id
        self._language: Language = language

    async def __call__(self, row: OutboxRow, error: Undeliverable) -> None:
        if row.chat_id == self._owner_id and error.reason == "file":
            text = words.FILE_GONE.say(self._language, name=shown_name(Path(row.file)))
            await self._journal.notify(self._owner_id, [RichText(text)], once=f"undelivered {row.id}")
            return
        if row.chat_id == self._owner_id:
            if row.origin != "notice" and error.reason == "other":  # else nobody is left to be told; the log has it
                text = words.REFUSED_BY_TELEGRAM.say(self._language, code=error)
                await self._journal.notify(self._owner_id, [RichText(text)], once=f"undelivered {row.id}")
            return
        reason = words.REFUSALS[error.reason].say(self._language, code=str(error))
        whom = await self._repository.name(row.chat_id)
        text = words.UNDELIVERED.say(self._language, whom=whom, reason=reason, text=row.content.text)
        await self._journal.notify(self._owner_id, split(RichText(text)), once=f"undelivered {row.id}")
