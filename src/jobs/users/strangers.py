"""Strangers whom the owner is asked about: what an answer brings about, and who waits for their question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from jobs.core.clock import to_text
from jobs.core.database import Transaction
from jobs.core.i18n import Language, Words
from jobs.core.messages import person_session
from jobs.core.rich_text import RichText
from jobs.core.words import approvals as question_words
from jobs.core.words import people as words
from jobs.users.models import ExternalUser, Policy, Standing
from jobs.users.repository import UsersRepository

_MOST = 5
"""Open questions about strangers; who writes beyond that is asked about when one of them is answered."""
_TELL_AGAIN = timedelta(hours=1)
_UNASKED = (
    "SELECT chat_id AS id, min(inbox.id) AS since FROM inbox JOIN external_users ON external_users.id = chat_id "
    "WHERE state = 'parked' AND admitted_at IS NULL AND standing = 'unknown' AND NOT banned "
    "GROUP BY chat_id ORDER BY since"
)


async def room_for_questions(tx: Transaction) -> int:
    """How many more strangers the owner may be asked about now."""
    row = await tx.one(
        "SELECT count(*) AS count FROM approvals JOIN external_users ON session_key = 'user:' || external_users.id "
        "WHERE approvals.kind = 'stranger' AND state = 'waiting' AND NOT banned"
    )
    return max(0, _MOST - row["count"]) if row is not None else 0


class Strangers:
    """Carries out what the owner says of strangers."""

    def __init__(self, repository: UsersRepository, policy: Policy, owner_chat: int, language: Language) -> None:
        self._repository = repository
        self._policy: Policy = policy
        self._owner_chat = owner_chat
        self._language: Language = language

    async def settle(self, tx: Transaction, user_id: int, granted: bool) -> None:
        """Implements `tools.approvals.SettleStranger`."""
        journal, people = self._repository.journal, self._repository.people
        user = await people.get(tx, user_id)
        standing, outcome = self._outcome(user, granted)
        await people.set_standing(tx, user_id, standing)
        await journal.inbox.unpark(tx, person_session(user_id))
        text = outcome.say(self._language, who=user.name, policy=self._policy)
        await journal.outbox.add(tx, self._owner_chat, RichText(text), "notice")
        await self._ask_further(tx)

    def _outcome(self, user: ExternalUser, granted: bool) -> tuple[Standing, Words]:
        """What an answer comes to: since the question was asked something else may have been said."""
        if not granted:
            return "refused", question_words.STRANGER_REFUSED
        if user.banned:
            return "unknown", question_words.STRANGER_BANNED
        let_in = self._policy in ("ask", "open") or (self._policy == "contacts" and user.card.is_contact)
        return "allowed", question_words.STRANGER_WELCOME if let_in else question_words.STRANGER_NOT_LET_IN

    async def look_after(self) -> None:
        """Ask about those for whom there is room now, and tell the owner of the others: once an hour at most."""
        journal = self._repository.journal
        async with journal.database.transaction() as tx:
            changed = await self._ask_further(tx) or await self._tell(tx)
        if changed:
            journal.ring()

    async def _ask_further(self, tx: Transaction) -> bool:
        """Put those into the queue again who have waited longest: they are asked about there."""
        rows = (await tx.all(_UNASKED))[: await room_for_questions(tx)]
        for row in rows:
            await self._repository.journal.inbox.unpark(tx, person_session(row["id"]))
        return bool(rows)

    async def _tell(self, tx: Transaction) -> bool:
        outbox, now = self._repository.journal.outbox, self._repository.clock.now()
        rows = await tx.all(_UNASKED)
        told = await tx.one(
            "SELECT 1 FROM outbox WHERE once LIKE 'strangers %' AND created_at > ?", to_text(now - _TELL_AGAIN)
        )
        if not rows or told is not None:
            return False
        names = await self._names(tx, [row["id"] for row in rows])
        text = words.MORE_STRANGERS.say(self._language, who=words.listed(names, self._language))
        newest = max(row["since"] for row in rows)
        return await outbox.add_once(tx, self._owner_chat, RichText(text), f"strangers {newest}")

    async def _names(self, tx: Transaction, user_ids: Sequence[int]) -> Sequence[str]:
        return [(await self._repository.people.get(tx, user_id)).name for user_id in user_ids]
