"""Replies that do not grow on a screen: other people get finished messages, and errands speak to nobody."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from jobs.core.errors import JobsError
from jobs.telegram.client import Telegram
from jobs.telegram.live import TYPING_SECONDS


class TypingReply:
    """Implements `core.ports.LiveReply`: "typing…" until the answer is there."""

    def __init__(self, telegram: Telegram, chat_id: int) -> None:
        self._telegram = telegram
        self._chat_id = chat_id
        self._typing = asyncio.create_task(self._keep_typing(), name="typing")

    def show(self, texts: Sequence[str], status: str | None) -> None:
        """Nothing is shown before it is finished."""

    async def settle(self) -> None:
        self._typing.cancel()
        await asyncio.gather(self._typing, return_exceptions=True)

    async def _keep_typing(self) -> None:
        while True:
            with contextlib.suppress(JobsError):
                await self._telegram.show_typing(self._chat_id)
            await asyncio.sleep(TYPING_SECONDS)


class SilentReply:
    """Implements `core.ports.LiveReply` where nobody looks on."""

    def show(self, texts: Sequence[str], status: str | None) -> None:
        """Nobody looks on."""

    async def settle(self) -> None:
        """There is nothing to settle."""
