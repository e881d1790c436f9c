"""One question to a small model, outside of every conversation: no tools, no files, nothing of it is kept."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from jobs.core.errors import AgentUnavailable, TurnFailed
from jobs.core.journal import Journal
from jobs.core.usage import TurnUsage
from jobs.users import agent_events as ev
from jobs.users.agent import Agent
from jobs.users.composition import text_block
from jobs.users.pool import Pool

SESSION = "memory"
"""What /usage and the log call it."""

NewSmallAgent = Callable[[str, Callable[[ev.AgentEvent], None]], Agent]
"""Makes a process, not started yet, with this system prompt."""


Ask = Callable[[str, str, str], Awaitable[str]]
"""`SmallTurns.ask`."""


class SmallTurns:
    """Asks, one question at a time; a process is started for each, and ends with it."""

    def __init__(self, new_agent: NewSmallAgent, journal: Journal, pool: Pool, *, timeout: float) -> None:
        self._new_agent = new_agent
        self._journal = journal
        self._pool = pool
        self._timeout = timeout  # seconds without a sign of life
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, purpose: str, system: str, text: str) -> str:
        """The answer to `text`. Raises AgentUnavailable or TurnFailed; what it cost is written down for `purpose`."""
        events: asyncio.Queue[ev.AgentEvent] = asyncio.Queue()
        seat = self._pool.seat(first=False, give_up=lambda: None)
        try:
            async with self._one_at_a_time:
                agent = self._new_agent(system, events.put_nowait)
                async with self._pool.starting(seat):
                    await agent.start(None)
                try:
                    await agent.send(str(uuid.uuid4()), [text_block(text)])
                    answer, usage, failure = await self._listen(events)
                    await self._record(usage, purpose, failure)
                finally:
                    await agent.kill()
                    await self._pool.leave(seat)
        finally:
            self._pool.remove(seat)
        if failure is not None:
            raise failure
        return answer

    async def _listen(self, events: asyncio.Queue[ev.AgentEvent]) -> tuple[str, TurnUsage, TurnFailed | None]:
        texts: list[str] = []
        while True:
            try:
                async with asyncio.timeout(self._timeout):
                    event = await events.get()
            except TimeoutError:
                raise AgentUnavailable(f"The model gave no sign of life for {self._timeout:.0f} seconds.") from None
            match event:
                case ev.TextWritten(text):
                    texts.append(text)
                case ev.TurnEnded(usage=usage, failure=failure, interrupted=False):
                    return "\n".join(texts).strip(), usage, failure
                case ev.TurnEnded() | ev.Died():
                    raise AgentUnavailable("The Claude process ended before it had answered.")
                case _:
                    pass

    async def _record(self, usage: TurnUsage, purpose: str, failure: TurnFailed | None) -> None:
        async with self._journal.database.transaction() as tx:
            outcome = "done" if failure is None else failure.reason
            await self._journal.usage.record(tx, usage, session_key=SESSION, started_by=purpose, outcome=outcome)
