"""Reading what a session still owes, however long the disk refuses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from jobs.core.errors import StorageError
from jobs.core.journal import InboxRow, Journal

READ_AGAIN_SECONDS = 15.0


async def read_open_rows(journal: Journal, session_key: str) -> Sequence[InboxRow]:
    """The messages of a session that have no answer; returns once they can be read."""
    while True:
        with contextlib.suppress(StorageError):  # the alarm has been sounded
            async with journal.database.transaction() as tx:
                return await journal.inbox.open_rows(tx, session_key)
        await asyncio.sleep(READ_AGAIN_SECONDS)
