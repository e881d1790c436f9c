"""How fast strangers are written to: Telegram takes many first messages a day for spam, and ends accounts for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.core.clock import from_text, to_text
from jobs.core.database import Transaction
from jobs.core.errors import RetryLater, Undeliverable
from jobs.core.i18n import Language
from jobs.core.journal import OutboxRow
from jobs.core.rich_text import RichText
from jobs.core.words import people as words
from jobs.users.repository import UsersRepository

_DAY = timedelta(days=1)
_OCCASION = "first contact "
_TOLD = (
    f"SELECT 1 FROM outbox WHERE once LIKE '{_OCCASION}%' "  # noqa: S608
    f"AND CAST(substr(once, {len(_OCCASION) + 1}) AS INTEGER) >= ?"
)
_WAITING = (
    "SELECT chat_id, max(id) AS newest FROM outbox WHERE state = 'ready' AND attempted = 0 AND chat_id > 0 "
    "AND chat_id <> ? AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.chat_id = outbox.chat_id) "
    "AND NOT EXISTS (SELECT 1 FROM outbox AS other WHERE other.chat_id = outbox.chat_id "
    "AND (other.state = 'sent' OR other.attempted = 1)) "
    "AND NOT EXISTS (SELECT 1 FROM external_users WHERE external_users.id = outbox.chat_id AND approached_at > ?) "
    "GROUP BY chat_id ORDER BY min(id)"
)
"""First messages that nobody has let out."""
SPAM = "PEER_FLOOD"
"""Telegram's word for an account that writes to too many strangers."""


class FirstContacts:
    """Lets so many first messages out in 24 hours, and none for a day after Telegram has complained."""

    def __init__(
        self, repository: UsersRepository, *, per_day: int, owner_chat: int, zone: ZoneInfo, language: Language
    ) -> None:
        self._repository = repository
        self._per_day = per_day
        self._owner_chat = owner_chat
        self._zone = zone
        self._language: Language = language

    async def check(self, row: OutboxRow) -> None:
        """Called before a message is first tried. Raises RetryLater, the owner being told, when it has to wait.

        Raises Undeliverable for somebody who is banned: what a session was just writing them comes after the ban.
        """
        if row.chat_id <= 0 or row.chat_id == self._owner_chat:
            return
        people, clock = self._repository.people, self._repository.clock
        async with self._repository.journal.database.transaction() as tx:
            user = await people.find(tx, row.chat_id)
            if user is not None and user.banned:
                raise Undeliverable("The owner has banned them.", reason="banned")
            if await people.is_known_to_us(tx, row.chat_id):
                return
            now = clock.now()
            until = await self._closed_until(tx, now)
            if until is None:
                await people.approached(tx, row.chat_id)
                return
            told = await self._tell(tx, row, until)
        if told:
            self._repository.journal.queued.set()
        raise RetryLater("Too many new people have been written to today.", after=(until - now).total_seconds())

    async def _closed_until(self, tx: Transaction, now: datetime) -> datetime | None:
        complaint = await tx.one(
            "SELECT max(sent_at) AS at FROM outbox WHERE state = 'failed' AND error = ? AND sent_at > ?",
            SPAM,
            to_text(now - _DAY),
        )
        if complaint is not None and complaint["at"] is not None:
            return from_text(complaint["at"]) + _DAY
        made = await self._repository.people.approached_since(tx, now - _DAY)
        if len(made) < self._per_day:
            return None
        return (made[-self._per_day] if self._per_day else now) + _DAY

    async def _tell(self, tx: Transaction, row: OutboxRow, until: datetime) -> bool:
        """Say once of each message that it waits, and in one sentence of all that wait by now."""
        if await tx.one(_TOLD, row.id) is not None:
            return False
        people, outbox = self._repository.people, self._repository.journal.outbox
        waiting = await tx.all(_WAITING, self._owner_chat, to_text(self._repository.clock.now() - _DAY))
        names: list[str] = []
        for user_id in dict.fromkeys([*(other["chat_id"] for other in waiting), row.chat_id]):
            user = await people.find(tx, user_id)
            names.append(user.name if user is not None else str(user_id))
        sentence = words.FIRST_CONTACTS if len(names) == 1 else words.FIRST_CONTACTS_OF_SEVERAL
        who, time = words.listed(names, self._language), f"{until.astimezone(self._zone):%Y-%m-%d %H:%M}"
        newest = max([row.id, *(other["newest"] for other in waiting)])
        text = sentence.say(self._language, who=who, time=time)
        return await outbox.add_once(tx, self._owner_chat, RichText(text), f"{_OCCASION}{newest}")
