"""Whose messages are answered: policy, bans and limits, before a single token is spent."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from jobs.core.clock import from_text, to_text
from jobs.core.database import Transaction
from jobs.core.errors import RetryLater, TelegramError
from jobs.core.i18n import Language
from jobs.core.journal import InboxRow
from jobs.core.messages import InboundMessage, person_session
from jobs.core.people import PersonCard
from jobs.core.ports import Admitted, Refused, Waiting
from jobs.core.rich_text import RichText
from jobs.core.words import people as words
from jobs.tools.approvals import Approvals
from jobs.users.models import ALL, ExternalUser, Policy
from jobs.users.repository import UsersRepository, language_of
from jobs.users.strangers import room_for_questions

log = logging.getLogger(__name__)

_FRESH = timedelta(days=1)
_NO_CONTACT_YET = timedelta(minutes=1)
"""How long somebody counts as no contact: the owner may just have added them."""
_ASK_AGAIN = timedelta(seconds=15)
_LOOK_UPS = 8
"""About so many people Telegram is asked at once."""
_TELL_AGAIN = timedelta(hours=1)


class Cards(Protocol):
    """Tells who an id is."""

    async def card(self, user_id: int) -> PersonCard:
        """Raises TelegramError."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may talk to it, and how much; `owner_chat` is where the owner is told."""

    policy: Policy
    messages_per_hour: int
    daily_usd: float
    owner_chat: int
    zone: ZoneInfo
    language: Language
    own_account: bool = False
    """Whether it is signed in as the owner, who reads everything themselves."""


class Door:
    """Implements `core.ports.Admission`."""

    def __init__(self, rules: Rules, repository: UsersRepository, approvals: Approvals, cards: Cards) -> None:
        self._rules = rules
        self._repository = repository
        self._approvals = approvals
        self._cards = cards
        self._looking_up = asyncio.Semaphore(_LOOK_UPS)
        self._not_before = datetime.min.replace(tzinfo=UTC)
        """Until then Telegram wants to be asked about nobody."""

    async def judge(self, row: InboxRow) -> Admitted | Waiting | Refused:
        """See the port."""
        who = await self._who(row.message.chat_id)
        async with self._repository.journal.database.transaction() as tx:
            if isinstance(who, datetime):
                verdict = Waiting(who)
            else:
                card, checked = who
                verdict = await self._verdict(tx, await self._repository.people.meet(tx, card, checked=checked), row)
            inbox = self._repository.journal.inbox
            # All in one transaction: what the owner says meanwhile holds for this message, or finds it where it is put.
            match verdict:
                case Admitted():
                    await inbox.admit(tx, row)
                case Waiting(until):
                    await inbox.postpone(tx, [row.id], until)
                case Refused():
                    await inbox.settle(tx, [row.id], "dropped")
        self._repository.journal.ring()
        return verdict

    async def language(self, user_id: int) -> Language:
        """See the port."""
        return await self._repository.language(user_id) or self._rules.language

    async def _verdict(self, tx: Transaction, user: ExternalUser, row: InboxRow) -> Admitted | Waiting | Refused:
        if user.card.kind != "person" or user.banned:
            return Refused()
        verdict = await self._by_policy(tx, user, row.message)
        return await self._by_limits(tx, user, row) if isinstance(verdict, Admitted) else verdict

    async def _who(self, user_id: int) -> tuple[PersonCard, bool] | datetime:
        """Who somebody is, and whether Telegram has just said so; or when it may be asked again."""
        async with self._repository.journal.database.transaction() as tx:
            known, fresh = await self._known(tx, user_id)
        if known is not None and fresh:
            return known, False
        looked = await self._look_up(user_id)
        if isinstance(looked, PersonCard):
            return looked, True
        return (known, False) if known is not None else looked

    async def _known(self, tx: Transaction, user_id: int) -> tuple[PersonCard | None, bool]:
        """What is known of somebody, if a verdict may rest on it, and whether it is fresh."""
        user = await self._repository.people.find(tx, user_id)
        if user is None or user.checked_at is None:
            return None, False
        age = self._repository.clock.now() - user.checked_at
        if self._rules.policy == "contacts" and not user.card.is_contact and not await self._has_errand(tx, user):
            return (user.card, True) if age < _NO_CONTACT_YET else (None, False)
        return user.card, age < _FRESH

    async def _look_up(self, user_id: int) -> PersonCard | datetime:
        """Ask Telegram, unless it has said when to do so again."""
        async with self._looking_up:
            now = self._repository.clock.now()
            if self._not_before > now:
                return self._not_before
            try:
                return await self._cards.card(user_id)
            except TelegramError as error:
                log.info("Who %d is cannot be told yet: %s", user_id, error)
                after = timedelta(seconds=error.after if isinstance(error, RetryLater) else 0)
                self._not_before = max(self._not_before, now + after)
                return now + max(after, _ASK_AGAIN)

    async def _by_policy(
        self, tx: Transaction, user: ExternalUser, message: InboundMessage
    ) -> Admitted | Waiting | Refused:
        if self._rules.policy == "closed":
            return Refused()
        if await self._has_errand(tx, user):
            return Admitted()
        if user.standing == "refused":  # by the owner, who has not taken it back
            return Refused()
        if self._rules.policy == "ask":
            return await self._ask(tx, user, message)
        let_in = self._rules.policy == "open" or (self._rules.policy == "contacts" and user.card.is_contact)
        return Admitted() if let_in else Refused()

    async def _has_errand(self, tx: Transaction, user: ExternalUser) -> bool:
        errands = await self._repository.errands.concerning(tx, user.id)
        return any(errand.is_open for errand in errands) or (bool(errands) and not self._rules.own_account)

    async def _ask(self, tx: Transaction, user: ExternalUser, message: InboundMessage) -> Admitted | Waiting | Refused:
        match user.standing:
            case "allowed":
                return Admitted()
            case "refused":
                return Refused()
            case "asked":
                return Waiting(None)
            case "unknown" if not await room_for_questions(tx):
                return Waiting(None)  # `Strangers` goes on when there is room
            case "unknown":
                username = f" (@{user.card.username})" if user.card.username else ""
                text = message.text or f"[{message.attachment or '…'}]"
                who = " ".join(f"{user.name}{username}".split())
                about = await self._earlier(tx, user)
                await self._approvals.ask_about_stranger(tx, person_session(user.id), who, text, about)
                await self._repository.people.set_standing(tx, user.id, "asked")
                return Waiting(None)

    async def _earlier(self, tx: Transaction, user: ExternalUser) -> str:
        """What there was to settle with somebody before."""
        errands, language = await self._repository.errands.list(tx, statuses=ALL, user_id=user.id), self._rules.language
        if not errands:
            return ""
        state = words.STATUS[errands[-1].status].say(language)
        return words.EARLIER_ERRAND.say(language, id=errands[-1].id, title=errands[-1].title, state=state)

    async def _by_limits(self, tx: Transaction, user: ExternalUser, row: InboxRow) -> Admitted | Waiting:
        now, key = self._repository.clock.now(), person_session(user.id)
        if row.attempts or await self._repository.journal.inbox.is_admitted(tx, row.id):
            return Admitted()
        waits, until = await self._repository.journal.inbox.waiting_before(tx, row)
        if waits:  # what somebody writes is read in its order
            return Waiting(until or now + _ASK_AGAIN)
        most = user.messages_per_hour if user.messages_per_hour is not None else self._rules.messages_per_hour
        hour_ago = now - timedelta(hours=1)
        admitted = await tx.one(
            "SELECT count(*) AS count, min(admitted_at) AS first FROM inbox WHERE session_key = ? AND admitted_at > ?",
            key,
            to_text(hour_ago),
        )
        if admitted is not None and admitted["count"] >= most:
            until = (from_text(admitted["first"]) if admitted["first"] else now) + timedelta(hours=1)
        midnight = now.astimezone(self._rules.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        spent = await tx.one(
            "SELECT coalesce(sum(cost_usd), 0.0) AS usd FROM usage_events WHERE session_key = ? AND at >= ?",
            key,
            to_text(midnight),
        )
        dollars = user.daily_usd if user.daily_usd is not None else self._rules.daily_usd
        if spent is not None and spent["usd"] >= dollars:
            until = max(until or midnight, midnight + timedelta(days=1))
        if until is None:
            return Admitted()
        await self._say_enough(tx, user, row.message, until)
        return Waiting(until)

    async def _say_enough(self, tx: Transaction, user: ExternalUser, message: InboundMessage, until: datetime) -> None:
        outbox, rules = self._repository.journal.outbox, self._rules
        told = await tx.one(
            "SELECT 1 FROM outbox WHERE chat_id = ? AND once LIKE 'enough %' AND created_at > ?",
            user.id,
            to_text(self._repository.clock.now() - _TELL_AGAIN),
        )
        if told is not None:
            return  # of those that wait some are let in one by one, and the others have no news for anybody
        time = f"{until.astimezone(rules.zone):%Y-%m-%d %H:%M}"
        enough = words.ENOUGH.say(language_of(message.text))
        await outbox.add_once(tx, user.id, RichText(enough), f"enough {user.id} {time}")
        notice = words.ENOUGH_OWNER.say(rules.language, who=user.name, time=time)
        await outbox.add_once(tx, rules.owner_chat, RichText(notice), f"enough {user.id} {time}: owner")
