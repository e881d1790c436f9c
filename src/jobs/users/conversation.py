"""The Claude process behind a session: started when needed, resumed by its id, replaced when it dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from jobs.core.errors import AgentUnavailable, SessionLost
from jobs.core.ports import Fingerprint
from jobs.tools.execution import ToolRunner
from jobs.users import agent_events as ev
from jobs.users.agent import Agent, Content
from jobs.users.pool import Pool, Seat
from jobs.users.session_file import SessionFile
from jobs.users.unless import unless

log = logging.getLogger(__name__)

NewAgent = Callable[[Callable[[ev.AgentEvent], None]], Agent]


class Conversation:
    """At most one process at a time; events of an earlier one are not passed on."""

    def __init__(
        self,
        *,
        session_file: SessionFile,
        new_agent: NewAgent,
        runner: ToolRunner,
        on_event: Callable[[ev.AgentEvent], None],
        on_end: Callable[[], None],
        on_lost: Callable[[str], Awaitable[None]],
        recall: Callable[[], Awaitable[str | None]] | None,
        equipment: Fingerprint | None,
        pool: Pool,
        seat: Seat,
    ) -> None:
        self._file = session_file
        self._new_agent = new_agent
        self._runner = runner
        self._on_event = on_event
        self._on_end = on_end
        self._on_lost = on_lost
        self._recall = recall
        self._equipment = equipment
        self._equipped_with = ""
        self._pool = pool
        self._seat = seat
        self._agent: Agent | None = None
        self._session_id: str | None = None

    async def start(self, urgent: asyncio.Event) -> bool:
        """Have a process, or give up starting one as soon as `urgent` is set; returns whether there is one.

        When the earlier conversation cannot be reopened, that is reported and a fresh one begins.
        Raises AgentUnavailable when no process starts.
        """
        return self._agent is not None or bool(await unless(urgent, self._start()))

    async def _start(self) -> bool:
        session_id = self._file.read()
        if session_id is None and self._recall is not None:
            session_id = await self._recall()
        self._session_id = session_id
        async with self._pool.starting(self._seat):
            try:
                await self._spawn(session_id)
            except SessionLost as error:
                log.warning("Conversation %s cannot be resumed: %s", session_id, error)
                await self._on_lost(str(session_id))
                self.forget()
                await self._spawn(None)
        return True

    async def outdated(self) -> bool:
        """Whether there is a process, and it was started with other equipment than one would be now."""
        return self._agent is not None and await self._fingerprint() != self._equipped_with

    async def renew(self) -> None:
        """End a process that does nothing and is outdated; the next one goes on where it was."""
        if await self.outdated():
            log.info("What a Claude process starts with has changed: it is started anew")
            await self.end()

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._agent is not None

    @property
    def fresh(self) -> bool:
        """Whether no turn of it has ended yet."""
        return self._session_id is None

    async def set_busy(self, busy: bool) -> None:
        """Whether the process has something to do: one that has not may have to make room."""
        await self._pool.set_busy(self._seat, busy)

    async def send(self, message_id: str, content: Content) -> None:
        """Hand a message to the process. Raises AgentUnavailable when it is gone."""
        if self._agent is None:
            raise AgentUnavailable("The Claude process is not running.")
        await self._agent.send(message_id, content)

    async def interrupt(self) -> None:
        """Ask the turn to end; an event will tell. Raises AgentUnavailable when the process does not answer."""
        if self._agent is not None:
            await self._agent.interrupt()

    async def end(self) -> None:
        """End the process, if any; the conversation can be continued by the next one."""
        agent, self._agent = self._agent, None
        if agent is not None:
            await agent.close()
            await self._pool.leave(self._seat)
            self._on_end()

    async def retire(self) -> None:
        """End the process and give up the claim to one: the session has ended."""
        await self.end()
        self._pool.remove(self._seat)

    async def kill(self) -> None:
        """End the process at once, with whatever it runs."""
        agent, self._agent = self._agent, None
        if agent is not None:
            await agent.kill()
            await self._pool.leave(self._seat)
            self._on_end()

    def remember(self, session_id: str) -> bool:
        """Continue `session_id` from now on; whether it is new. It is on disk for sure once a turn has ended."""
        if not session_id or session_id == self._session_id:
            return False
        self._file.write(session_id)
        self._session_id = session_id
        return True

    def adopt(self, session_id: str) -> None:
        """Continue `session_id` with the next process, unless there is a conversation already."""
        if self._agent is None and self._file.read() is None:
            self._file.write(session_id)

    def forget(self) -> None:
        """Begin afresh with the next process."""
        self._file.clear()
        self._session_id = None

    async def _fingerprint(self) -> str:
        return await self._equipment() if self._equipment is not None else ""

    async def _spawn(self, resume: str | None) -> None:
        def on_event(event: ev.AgentEvent) -> None:
            if agent is not self._agent and not starting:
                return
            if isinstance(event, ev.TurnEnded):
                # Counted here, before any tool of the next turn can run.
                event = replace(event, serial=self._runner.turn)
                self._runner.turn += 1
            self._on_event(event)

        self._equipped_with = await self._fingerprint()  # what changes from now on may have been seen, or not
        starting = True
        agent = self._new_agent(on_event)
        await agent.start(resume)
        self._agent = agent
        starting = False
