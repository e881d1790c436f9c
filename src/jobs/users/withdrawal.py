"""Messages that wait and are not wanted any more: they are taken back, and the owner is told which."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.core.database import Transaction
from jobs.core.i18n import Language
from jobs.core.journal import OutboxRow
from jobs.core.rich_text import pieces
from jobs.core.words import people as words
from jobs.users.repository import UsersRepository

_SHOWN = 5
"""Texts that are named to the owner; the others are counted."""
_SHORT = 200


async def withdraw(
    tx: Transaction,
    repository: UsersRepository,
    owner_chat: int,
    language: Language,
    *,
    user_id: int | None = None,
    task_id: str | None = None,
) -> None:
    """Take back what waits for a person, or for an errand's people, and say so in one sentence; ring the bells after.

    What has been tried stays as it is: Telegram may have it.
    """
    outbox = repository.journal.outbox
    if rows := await outbox.withdraw(tx, chat_id=user_id, task_id=task_id):
        text = words.NOT_SENT.say(language, what=await _named(tx, repository, rows, language))
        for piece in pieces(text):
            await outbox.add(tx, owner_chat, piece, "notice")


async def _named(tx: Transaction, repository: UsersRepository, rows: Sequence[OutboxRow], language: Language) -> str:
    """Each text with those whom it was for."""
    readers: dict[str, list[str]] = {}
    for row in rows:
        user = await repository.people.find(tx, row.chat_id)
        readers.setdefault(row.content.text, []).append(user.name if user is not None else str(row.chat_id))
    named = [f"{words.listed(who, language)}: “{_short(text)}”" for text, who in list(readers.items())[:_SHOWN]]
    more = len(readers) - len(named)
    return "; ".join(named + ([words.AND_MORE.say(language, count=more)] if more else []))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else f"{line[:_SHORT]}…"
