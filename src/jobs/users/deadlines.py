"""Errands whose time has passed: the owner is told once, and the errand's own session acts on it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from jobs.core.i18n import Language
from jobs.core.messages import SessionEvent, errand_session
from jobs.core.rich_text import RichText
from jobs.core.words import people as words
from jobs.users.repository import UsersRepository


async def tell_of_overdue(repository: UsersRepository, owner_chat: int, zone: ZoneInfo, language: Language) -> None:
    """See to every open errand whose deadline has passed since the last time."""
    journal, now = repository.journal, repository.clock.now()
    async with journal.database.transaction() as tx:
        for errand in await repository.errands.list(tx):
            if errand.deadline is None or not errand.is_overdue(now):
                continue
            time = f"{errand.deadline.astimezone(zone):%Y-%m-%d %H:%M}"
            text = words.OVERDUE_NOW.say(language, id=errand.id, title=errand.title, who=errand.names, time=time)
            occasion = f"overdue {errand.id} {errand.deadline.isoformat()}"
            if await journal.outbox.add_once(tx, owner_chat, RichText(text), occasion) and errand.context.skill:
                facts = f"The deadline of errand {errand.id} ({errand.title}) has passed: {time}. The owner knows."
                event = SessionEvent(kind="news", task_id=errand.id, facts=facts)
                await journal.tell(tx, errand_session(errand.id), event)
    journal.ring()
