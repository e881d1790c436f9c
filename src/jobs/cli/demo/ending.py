"""Ctrl+C ends the demo, and pressed again it does not disturb the tidying up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end. Raises KeyboardInterrupt when Ctrl+C has ended it, and it has tidied up."""
    try:
        return asyncio.run(_ended_once(work))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def be_deaf() -> None:
    """Take no notice of Ctrl+C any more; the command is about to end."""
    asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)  # or the loop's end would bring it back
    signal.signal(signal.SIGINT, signal.SIG_IGN)


async def _ended_once(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(work)

    def end() -> None:
        be_deaf()
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, end)
    return await task
