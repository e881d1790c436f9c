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
        self._knows = False  # what the turns before this one have read: a restart forgets it

    async def turn_begins(self, messages: Sequence[InboundMessage], *, joins: bool, again: bool = False) -> None:
        """See the port. Nothing frees a guarded turn but what the owner writes after it.

        What joins it does not, nor what comes due by itself, nor that it is tried again: its words are still there.
        """
        events = [message.event for message in messages if message.event is not None]
        if any(event.quoted for event in events):
            await self._marks.saw_outsiders(self._key)
        if self._key == OWNER_SESSION:
            about = frozenset(event.task_id for event in events if event.task_id)
            guarded = any(map(_is_from_outside, events))
            self._guard.errands = (self._guard.errands | about) if joins else about
            goes_on = joins or again or len(events) == len(messages)
            if again and not self._knows:
                self._guard.has_read, _ = await self._marks.of(self._key)
                self._guard.guarded = self._guard.has_read
            self._knows = True
            self._guard.guarded = (self._guard.guarded and goes_on) or guarded
            self._guard.has_read = self._guard.has_read and goes_on
        elif trigger_of(self._key) is not None:
            self._guard.guarded, _ = await self._marks.of(self._key)

    async def forget(self) -> None:
        """See the port."""
        self._guard.guarded = self._guard.guarded and self._key != OWNER_SESSION
        self._guard.has_read = False
        await self._marks.forget(self._key)


def _is_from_outside(event: SessionEvent) -> bool:
    """The owner's word on a call is none, but most are asked for by a guarded turn, and this goes on with that turn."""
    return bool(event.task_id or event.quoted) or event.kind == "decision"
