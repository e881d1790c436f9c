"""When a session is guarded: the errand's always, the owner's in turns that outsiders' words have started or reached.

What runs by itself is guarded from the moment when it has seen words from outside.
"""

from __future__ import annotations

from collections.abc import Sequence

from jobs.core.messages import OWNER_SESSION, InboundMessage, SessionEvent, trigger_of
from jobs.users.guard import Marks, SessionGuard


class GuardedTurns:
    """Implements `users.session_items.TurnGuard`."""

    def __init__(self, session_key: str, guard: SessionGuard, marks: Marks) -> None:
        self._key = session_key
        self._guard = guard
        self._marks = marks

    async def turn_begins(self, messages: Sequence[InboundMessage], *, joins: bool) -> None:
        """See the port. What joins a guarded turn does not free it."""
        events = [message.event for message in messages if message.event is not None]
        if any(event.quoted for event in events):
            await self._marks.saw_outsiders(self._key)
        if self._key == OWNER_SESSION:
            about = frozenset(event.task_id for event in events if event.task_id)
            guarded = any(map(_is_from_outside, events))
            self._guard.errands = (self._guard.errands | about) if joins else about
            self._guard.guarded = (self._guard.guarded or guarded) if joins else guarded
            self._guard.has_read = self._guard.has_read and joins
        elif trigger_of(self._key) is not None:
            self._guard.guarded, _ = await self._marks.of(self._key)

    async def forget(self) -> None:
        """See the port."""
        await self._marks.forget(self._key)


def _is_from_outside(event: SessionEvent) -> bool:
    """The owner's word on a call is none, but most are asked for by a guarded turn, and this goes on with that turn."""
    return bool(event.task_id or event.quoted) or event.kind == "decision"
