"""Every event goes through here: written down once, and handed to its session in the same transaction."""

from __future__ import annotations

from jobs.core.clock import Clock
from jobs.core.database import Transaction
from jobs.core.journal import Journal
from jobs.core.messages import OWNER_SESSION, SessionEvent, errand_session, trigger_session
from jobs.core.rich_text import pieces
from jobs.triggers.models import TriggerEvent
from jobs.triggers.repository import TriggerEvents
from jobs.users.silence import SILENT

_SILENCE = f"If nothing of it is worth telling the owner, answer {SILENT} and nothing else: then nothing is sent."


class TriggerExecutor:
    """A run is a row of the inbox from then on: kept, ordered, tried again and settled as messages are."""

    def __init__(self, journal: Journal, clock: Clock, owner_chat: int) -> None:
        self._journal = journal
        self._owner_chat = owner_chat
        self.fired = TriggerEvents(clock)

    async def execute(self, event: TriggerEvent) -> bool:
        """Fire; False when it has fired before, or has become void. Raises StorageError: nothing has happened then."""
        async with self._journal.database.transaction() as tx:
            fired = await self.fire(tx, event)
        self._journal.ring()
        return fired

    async def fire(self, tx: Transaction, event: TriggerEvent) -> bool:
        """`execute` as a part of a transaction; ring the journal's bells afterwards."""
        if event.step is not None and not await event.step(tx):
            return False
        target = _target(event)
        event_id = await self.fired.add(tx, event, target)
        if event_id is None:
            return False
        context = event.context
        if not target:
            text = "\n\n".join(filter(None, (event.prompt, context.notice)))
            for piece in pieces(text):
                await self._journal.outbox.add(tx, self._owner_chat, piece, "answer")
            await self.fired.said(tx, event_id, text, unheard=True)
            return True
        for piece in pieces(context.notice):
            await self._journal.outbox.add(tx, self._owner_chat, piece, "notice")
        row_id = await self._journal.tell(tx, target, _for_session(event))
        await self.fired.handed_over(tx, event_id, row_id)
        return True


def _target(event: TriggerEvent) -> str:
    match event.session:
        case "owner":
            return OWNER_SESSION
        case "isolated":
            return trigger_session(event.context.about)
        case "errand":
            return errand_session(event.context.task_id or "")
        case None:
            return ""


def _for_session(event: TriggerEvent) -> SessionEvent:
    facts = [event.context.facts, f"What is to be done now:\n{event.prompt}"]
    if event.session != "errand":
        facts.append(_SILENCE)
    return SessionEvent(
        kind="trigger",
        task_id=event.context.task_id,
        title=event.context.title,
        facts="\n".join(filter(None, facts)),
        quoted=event.context.quoted,
    )
