"""Who people are and what is to be settled with them: one door for tools, sessions and the gate."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from jobs.core.clock import Clock
from jobs.core.errors import NotFound, TelegramError, ToolRetry
from jobs.core.i18n import Language
from jobs.core.journal import Journal
from jobs.core.messages import errand_of
from jobs.core.people import PersonCard
from jobs.core.ports import AddressBook
from jobs.core.slots import Slot
from jobs.users.correspondence import Wanted, correspondence
from jobs.users.errands import Errands
from jobs.users.models import OPEN, ConversationTask, ExternalUser
from jobs.users.names import Found, find_people
from jobs.users.people import People

log = logging.getLogger(__name__)

_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)


def language_of(text: str) -> Language:
    """Which of our languages is nearer to a text."""
    return "ru" if _CYRILLIC.search(text) else "en"


class UsersRepository:
    """People and errands over one database, and Telegram's own address book."""

    def __init__(self, journal: Journal, clock: Clock, address_book: AddressBook, owner_id: int) -> None:
        self.journal = journal
        self.clock = clock
        self.people = People(clock)
        self.errands = Errands(clock)
        self._address_book = address_book
        self._owner_id = owner_id

    async def find(self, query: str, *, within: ConversationTask | None = None) -> Found:
        """Who a query names: of an errand's people if one of them is meant, else of all that are known."""
        async with self.journal.database.transaction() as tx:
            known = {user.id: user.card for user in await self.people.all(tx)}
        if within is not None:
            found = find_people(query, [known[p.user_id] for p in within.people if p.user_id in known])
            if found.certain:
                return found
        if _is_exact(query):
            if query.strip() in (str(user_id) for user_id in known):
                return find_people(query, self._others(known))
            # Usernames and numbers change hands: Telegram knows whose they are now.
            card = await self._look_up(query)
            if card is not None and card.id != self._owner_id:
                return Found((card,), certain=True)
        for card in await self._from_address_book():
            known[card.id] = card
        return find_people(query, self._others(known))

    async def one(self, query: str, session_key: str) -> PersonCard:
        """The one person whom a session means. Raises ToolRetry, naming the candidates, when that is not certain."""
        found = await self.find(query, within=await self.errand_of_session(session_key))
        if found.certain and found.people[0].kind == "person":
            return found.people[0]
        if found.certain:
            raise ToolRetry(f"{describe(found.people[0])} is no person to talk with ({found.people[0].kind}).")
        if not found.people:
            raise ToolRetry(
                f"Nobody is known as {query!r}. Use an @username, a phone number in the contacts, or a numeric id; "
                "ask the owner if need be."
            )
        candidates = "; ".join(describe(card) for card in found.people)
        raise ToolRetry(f"{query!r} may be: {candidates}. Do not guess: ask the owner who is meant, then use the id.")

    async def chat(self, who: str) -> tuple[int, str]:
        """The id of a chat, and how to name it. Raises ToolRetry."""
        try:
            chat_id, name = await self._address_book.chat(who)
        except (NotFound, TelegramError) as error:
            raise ToolRetry(str(error)) from error
        return chat_id, f"{name} (id {chat_id})"

    async def text_of(self, chat_id: int, message_id: int) -> str:
        """What a message says, as far as it can be told."""
        try:
            return await self._address_book.text_of(chat_id, message_id) or ""
        except TelegramError as error:
            raise ToolRetry(str(error)) from error

    async def refuse_beside(self, chat_id: int) -> None:
        """See `core.ports.OpenErrands`."""
        async with self.journal.database.transaction() as tx:
            open_with = await self.errands.list(tx, statuses=OPEN, user_id=chat_id)
        if open_with:
            ids = ", ".join(errand.id for errand in open_with)
            raise ToolRetry(
                f"Errand {ids} with this person is open, so that what is said and done with them belongs to it: write "
                "to them with send_to_user (or call it off with cancel_task). Nothing was done."
            )

    async def errand_of_session(self, session_key: str) -> ConversationTask | None:
        """The errand that a session is about."""
        task_id = errand_of(session_key)
        if task_id is None:
            return None
        async with self.journal.database.transaction() as tx:
            try:
                return await self.errands.get(tx, task_id)
            except NotFound:
                return None

    async def user(self, user_id: int) -> ExternalUser:
        """Somebody whom we have met. Raises NotFound."""
        async with self.journal.database.transaction() as tx:
            return await self.people.get(tx, user_id)

    async def name(self, user_id: int) -> str:
        """What to call somebody; the id, if nobody knows more."""
        async with self.journal.database.transaction() as tx:
            user = await self.people.find(tx, user_id)
        card = user.card if user is not None and user.card.first_name else await self._look_up(str(user_id))
        return card.name if card is not None else str(user_id)

    async def language(self, user_id: int) -> Language | None:
        """What somebody writes in, as far as their latest words tell."""
        async with self.journal.database.transaction() as tx:
            said = await correspondence(tx, Wanted([user_id]), limit=20)
        letters = "".join(
            line.text for line in said.lines if line.said_by is not None and not line.text.startswith("/")
        )
        return language_of(letters) if letters.strip() else None

    async def errand(self, task_id: str) -> ConversationTask:
        """An errand by its id. Raises NotFound."""
        async with self.journal.database.transaction() as tx:
            return await self.errands.get(tx, task_id)

    def _others(self, known: dict[int, PersonCard]) -> list[PersonCard]:
        return [card for user_id, card in known.items() if user_id != self._owner_id]

    async def _look_up(self, query: str) -> PersonCard | None:
        try:
            return await self._address_book.look_up(query)
        except TelegramError as error:
            log.warning("%r could not be looked up: %s", query, error)
            return None

    async def _from_address_book(self) -> Sequence[PersonCard]:
        try:
            return await self._address_book.people()
        except TelegramError as error:
            log.warning("The address book could not be read: %s", error)
            return ()


def describe(card: PersonCard) -> str:
    """Somebody in a line for the model."""
    username = f" @{card.username}" if card.username else ""
    return f"{card.name}{username} (id {card.id})"


def _is_exact(query: str) -> bool:
    """Whether a query is an id, a username, a link or a phone number: what Telegram itself can look up."""
    text = query.strip()
    return text.startswith(("@", "+", "http", "t.me")) or text.replace(" ", "").isdigit()


_slot: Slot[UsersRepository] = Slot("The users repository")
fill_users_repository = _slot.filled
get_users_repository = _slot.get
