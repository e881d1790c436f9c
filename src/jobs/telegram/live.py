"""The answer that grows on the screen: one message, edited in place, and "typing…" above it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence

from jobs.core.errors import JobsError, MessageGone, RetryLater
from jobs.core.journal import Journal
from jobs.core.rich_text import RichText
from jobs.telegram.client import Telegram
from jobs.telegram.outbound import send_once
from jobs.telegram.render import join, preview

log = logging.getLogger(__name__)

EDIT_SECONDS = 1.5
FIRST_SECONDS = 0.8
"""An answer that is complete by then comes as one message, without edits."""
TYPING_SECONDS = 4.0
SETTLE_SECONDS = 3.0


class ScreenReply:
    """Implements `core.ports.LiveReply`; failures here cost only the preview, never the answer."""

    def __init__(self, telegram: Telegram, journal: Journal, chat_id: int, session_key: str) -> None:
        self._telegram = telegram
        self._journal = journal
        self._chat_id = chat_id
        self._session_key = session_key
        self._wanted: tuple[Sequence[str], str | None] = ((), None)
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._shown: RichText | None = None
        self._message_id: int | None = None
        self._typing = asyncio.create_task(self._keep_typing(), name="typing")
        self._pump = asyncio.create_task(self._follow(), name="live reply")

    def show(self, texts: Sequence[str], status: str | None) -> None:
        self._wanted = (texts, status)
        self._changed.set()

    async def settle(self) -> None:
        self._typing.cancel()
        self._closing.set()
        with contextlib.suppress(TimeoutError):
            # An edit that is on its way ends first; behind one that does not, the outbox says its word twice.
            async with asyncio.timeout(SETTLE_SECONDS):
                await asyncio.shield(self._pump)
        self._pump.cancel()
        await asyncio.gather(self._pump, self._typing, return_exceptions=True)

    async def _keep_typing(self) -> None:
        while True:
            with contextlib.suppress(JobsError):
                await self._telegram.show_typing(self._chat_id)
            await asyncio.sleep(TYPING_SECONDS)

    async def _follow(self) -> None:
        next_at = time.monotonic() + FIRST_SECONDS
        while await self._until_changed(next_at):
            try:
                await self._update()
                next_at = time.monotonic() + EDIT_SECONDS
            except RetryLater as error:
                next_at = time.monotonic() + max(EDIT_SECONDS, error.after)
            except JobsError as error:
                log.warning("The answer is not shown while it is written: %s", error)
                return

    async def _until_changed(self, not_before: float) -> bool:
        """Wait for news and for the moment to show them; False when it is time to end."""
        changed = asyncio.create_task(self._changed.wait())
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait((changed, closing), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait((closing,), timeout=max(0.0, not_before - time.monotonic()))
            self._changed.clear()
            return not self._closing.is_set()
        finally:
            changed.cancel()
            closing.cancel()

    async def _update(self) -> None:
        content = await asyncio.to_thread(lambda: preview(self._as_markdown()))
        if content == self._shown or not content.text:
            return
        if self._message_id is None:
            await self._begin(content)
        else:
            try:
                await self._telegram.previews.show(self._chat_id, self._message_id, content)
            except MessageGone:
                return  # deleted by the owner; the final answer will be a new message
        self._shown = content

    def _as_markdown(self) -> str:
        texts, status = self._wanted
        return join(*texts, f"_{status}_" if status else "")

    async def _begin(self, content: RichText) -> None:
        """Journal the draft, then send it; a draft that an earlier attempt left on the screen is taken up."""
        outbox, database = self._journal.outbox, self._journal.database
        async with database.transaction() as tx:
            here = [row for row in await outbox.pending(tx) if row.chat_id == self._chat_id]
            if any(row.message_id is None and row.origin != "notice" for row in here):
                return  # earlier answers are still on their way: it would overtake them
            row = await outbox.draft(tx, self._chat_id, content, self._session_key)
        known = row.message_id is not None
        self._message_id = row.message_id if known else await send_once(self._telegram, self._journal, row)
        if self._message_id is not None and (known or row.attempted):
            await self._telegram.previews.show(self._chat_id, self._message_id, content)
