"""A repository on a real database, with an address book and a clock that the test holds in its hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hand_clock import HandClock
from jobs.core.database import Database
from jobs.core.errors import NotFound
from jobs.core.journal import Journal
from jobs.core.people import PersonCard
from jobs.users.models import ConversationTask, ErrandContext, Participant
from jobs.users.repository import UsersRepository

OWNER = 1
MASHA = PersonCard(10, "Masha", "Petrova", "masha", "79161234567")
PAVEL = PersonCard(11, "Pavel", "", "pavel", "79037654321")


class AddressBook:
    """What Telegram would tell."""

    def __init__(self, *cards: PersonCard) -> None:
        self.cards: Sequence[PersonCard] = cards

    async def people(self) -> Sequence[PersonCard]:
        return self.cards

    async def look_up(self, who: str) -> PersonCard | None:
        return next((card for card in self.cards if who.lstrip("@") == card.username), None)

    async def chat(self, who: str) -> tuple[int, str]:
        card = await self.look_up(who)
        if card is None:
            raise NotFound(who)
        return card.id, card.name


class PeopleDesk:
    """The repository and what tests do with it."""

    def __init__(self, database: Database) -> None:
        self.clock = HandClock()
        self.journal = Journal(database, self.clock)
        self.book = AddressBook()
        self.repository = UsersRepository(self.journal, self.clock, self.book, OWNER)

    async def meet(self, *cards: PersonCard) -> None:
        async with self.journal.database.transaction() as tx:
            for card in cards:
                await self.repository.people.meet(tx, card)

    async def errand(self, task_id: str, *people: PersonCard, **context: Any) -> ConversationTask:
        """An open errand with these people, who are met on the way."""
        await self.meet(*people)
        now = self.clock.now()
        errand = ConversationTask(
            id=task_id, title=f"Errand {task_id}", description="", kind="", context=ErrandContext(**context),
            deadline=None, status="waiting", next_step="", result="", session_id=None, created_by="owner",
            created_at=now, updated_at=now, people=[Participant(p.id, p.name, "pending", "") for p in people],
        )  # fmt: skip
        async with self.journal.database.transaction() as tx:
            await self.repository.errands.create(tx, errand)
        return errand

    async def change(self, task_id: str, **values: str) -> None:
        async with self.journal.database.transaction() as tx:
            await self.repository.errands.change(tx, task_id, "owner", values)

    async def told(self, chat_id: int) -> list[str]:
        """What waits to be sent to somebody."""
        async with self.journal.database.transaction() as tx:
            return [row.content.text for row in await self.journal.outbox.pending(tx) if row.chat_id == chat_id]
