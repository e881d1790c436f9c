"""Edits that show an answer while it is written. One that Telegram carries out late would land on the final text."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine

from jobs.core.errors import NoAnswer
from jobs.core.rich_text import RichText

LATE_SECONDS = 10.0
"""How long Telegram may still carry out an edit whose connection ended before it answered."""
MOST_SECONDS = 60.0

Edit = Callable[[int, int, RichText], Awaitable[None]]


class Previews:
    """Sends previews, and knows on which messages one may still land."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        self._underway: defaultdict[tuple[int, int], set[asyncio.Task[None]]] = defaultdict(set)

    async def show(self, chat_id: int, message_id: int, content: RichText) -> None:
        """Edit a message; whoever is cancelled meanwhile leaves the edit on its way. Raises as `Telegram.edit`."""
        await asyncio.shield(self._watch((chat_id, message_id), self._send(chat_id, message_id, content)))

    def may_land(self, chat_id: int, message_id: int) -> bool:
        """Whether Telegram may still carry out a preview of this message."""
        return (chat_id, message_id) in self._underway

    async def over(self, chat_id: int, message_id: int) -> None:
        """Return when no preview of this message can land any more: after a minute, none is expected to."""
        try:
            async with asyncio.timeout(MOST_SECONDS):
                while tasks := self._underway.get((chat_id, message_id)):
                    await asyncio.wait(tasks)
        except TimeoutError:
            return

    async def _send(self, chat_id: int, message_id: int, content: RichText) -> None:
        try:
            await self._edit(chat_id, message_id, content)
        except NoAnswer:
            self._watch((chat_id, message_id), asyncio.sleep(LATE_SECONDS))
            raise

    def _watch(self, message: tuple[int, int], work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="preview")
        self._underway[message].add(task)
        task.add_done_callback(lambda done: self._forget(message, done))
        return task

    def _forget(self, message: tuple[int, int], task: asyncio.Task[None]) -> None:
        self._underway[message].discard(task)
        if not self._underway[message]:
            del self._underway[message]
