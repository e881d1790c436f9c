"""What is handed to the model: the messages, and before them what it must know."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jobs.core.journal import InboxRow, RecordedEffect
from jobs.core.messages import person_of
from jobs.core.ports import ShowFile
from jobs.users.agent import Content
from jobs.users.composition import compose, text_block
from jobs.users.session_items import Manner, SessionConfig


class Handover:
    """Composes what a session hands over, and remembers what its model has been told."""

    def __init__(
        self, config: SessionConfig, manner: Manner, show_file: ShowFile, is_fresh: Callable[[], bool]
    ) -> None:
        self._manner = manner
        self._is_fresh = is_fresh  # whether nothing has been said in the conversation yet
        self._zone = config.zone
        self._show_file = None if person_of(config.key) is not None else show_file
        self._told = ""
        self._opened = False

    async def compose(self, rows: Sequence[InboxRow], effects: Sequence[RecordedEffect], *, joins: bool) -> Content:
        """The content of one user message; `joins`: to a turn that is underway."""
        content = await compose(rows, effects, self._show_file, self._zone)
        if self._manner.guard is not None:
            again = any(row.attempts for row in rows)
            await self._manner.guard.turn_begins([row.message for row in rows], joins=joins, again=again)
        briefing = await self._manner.briefing() if self._manner.briefing is not None else ""
        if briefing != self._told:
            self._told = briefing
            content.insert(0, text_block(briefing))
        if self._manner.opening is not None and self._is_fresh() and not self._opened:
            self._opened = True
            if opening := await self._manner.opening():
                content.insert(0, text_block(opening))
        if self._manner.notes is not None and (news := await self._manner.notes.unheard()):
            content.insert(0, text_block(news))
        return content

    def forget(self) -> None:
        """Whether what was told last is in the conversation, nobody knows: it is told again."""
        self._told = ""
        self._opened = False
        if self._manner.notes is not None:
            self._manner.notes.forget()
