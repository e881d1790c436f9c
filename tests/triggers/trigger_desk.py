"""The parts of triggers on a real database, and a clock that the test holds in its hand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hand_clock import HandClock
from jobs.core.database import Database
from jobs.core.journal import InboxRow, Journal
from jobs.triggers.executor import TriggerExecutor
from jobs.triggers.models import SessionChoice, Step, TriggerContext, TriggerEvent
from jobs.triggers.outcomes import Outcomes

OWNER = 1
BERLIN = ZoneInfo("Europe/Berlin")


class TriggerDesk:
    """An executor, and what tests ask of it."""

    def __init__(self, database: Database) -> None:
        self.clock = HandClock()
        self.database = database
        self.journal = Journal(database, self.clock)
        self.executor = TriggerExecutor(self.journal, self.clock, OWNER)
        self.outcomes = Outcomes(database, self.executor.fired, BERLIN)

    def event(
        self,
        key: str = "one",
        session: SessionChoice | None = "isolated",
        *,
        prompt: str = "Look at the weather",
        step: Step | None = None,
        notice: str = "",
        task_id: str | None = None,
    ) -> TriggerEvent:
        context = TriggerContext(about="lumo", title="Brief", task_id=task_id, notice=notice)
        return TriggerEvent("test", key, prompt, context, session, self.clock.now(), step)

    async def waiting(self, session_key: str) -> list[InboxRow]:
        """What a session has to do."""
        async with self.database.transaction() as tx:
            return list(await self.journal.inbox.open_rows(tx, session_key))

    async def told(self) -> list[str]:
        """What is on its way to the owner."""
        async with self.database.transaction() as tx:
            return [row.content.text for row in await self.journal.outbox.pending(tx) if row.chat_id == OWNER]

    async def end(self, session_key: str, text: str) -> None:
        """A session answers all that it has to do."""
        rows = await self.waiting(session_key)
        async with self.database.transaction() as tx:
            await self.outcomes.settled(tx, session_key, rows, "done", text)
            await self.journal.inbox.settle(tx, [row.id for row in rows], "done")
