"""The live conversations, by key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

from jobs.core.journal import InboxRow
from jobs.core.messages import errand_session, trigger_of
from jobs.core.slots import Slot
from jobs.users.session import UserSession


class SessionManager:
    """Starts a session at its first message and keeps it; all of them end with the manager."""

    def __init__(self, new_session: Callable[[str], UserSession]) -> None:
        self._new_session = new_session
        self._sessions: dict[str, UserSession] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[SessionManager]:
        """The sessions' lifetime; on leaving, every one is ended and its Claude process with it."""
        try:
            yield self
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def session(self, key: str) -> UserSession:
        """The session with this key, started if need be."""
        session = self._sessions.get(key)
        if session is None:
            session = self._sessions[key] = self._new_session(key)
            self._tasks[key] = asyncio.create_task(self._live(key, session), name=f"session {key}")
        return session

    async def _live(self, key: str, session: UserSession) -> None:
        """A session that has ended by itself is forgotten; what came too late for it is for the next of its key."""
        late = await session.run()
        del self._sessions[key], self._tasks[key]
        for row in late:
            self.submit(key, row)

    def create_task_session(self, task_id: str) -> UserSession:
        """The session of an errand, started if need be."""
        return self.session(errand_session(task_id))

    def get_task_session(self, task_id: str, session_id: str) -> UserSession:
        """The session of an errand, which goes on with the conversation `session_id` unless it has one of its own."""
        session = self.create_task_session(task_id)
        session.adopt(session_id)
        return session

    def typing(self, session_key: str) -> None:
        """The person of a session is writing; nothing when there is no such session."""
        session = self._sessions.get(session_key)
        if session is not None:
            session.typing()

    def submit(self, session_key: str, row: InboxRow) -> None:
        """Hand a message to its session."""
        self.session(session_key).put(row)

    def stop(self, session_key: str, row: InboxRow) -> None:
        """Interrupt the owner's session, drop what they have said behind it, and end the runs in sessions of their own.

        Each of these says by itself what was stopped.
        """
        self.session(session_key).command("stop", row, [run.halt() for run in self._runs()])

    def stop_unwritten(self, session_key: str) -> None:
        """The same for a /stop that the journal could not take: it comes once more, by `stop`."""
        for session in (self.session(session_key), *self._runs()):
            session.command("stop", None)

    def clear(self, session_key: str, row: InboxRow) -> None:
        """Interrupt the session and begin it afresh."""
        self.session(session_key).command("clear", row)

    def _runs(self) -> Sequence[UserSession]:
        return [session for key, session in self._sessions.items() if trigger_of(key) is not None]

    @property
    def alive(self) -> bool:
        """Whether every session's loop is running."""
        return all(not task.done() for task in self._tasks.values())


_slot: Slot[SessionManager] = Slot("The session manager")
fill_session_manager = _slot.filled
get_session_manager = _slot.get
