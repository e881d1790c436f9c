"""Cancelling a coroutine at each place where it can be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from typing import Any


class _CancelledAt(Awaitable[None]):
    """Cancels the current task, as asyncio does it, when `work` waits for the `step`-th time (from 0)."""

    def __init__(self, work: Coroutine[Any, Any, object], step: int) -> None:
        self._work = work
        self._step = step
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, None]:
        task = asyncio.current_task()
        assert task is not None
        resume: Callable[[], Any] = lambda: self._work.send(None)  # noqa: E731
        while True:
            try:
                future = resume()
            except StopIteration:
                return
            if self.waits == self._step:
                task.cancel()
            self.waits += 1
            try:
                yield future
            except BaseException as error:  # noqa: BLE001 - the work gets it, whatever it is
                thrown = error
                resume = lambda: self._work.throw(thrown)  # noqa: B023, E731
            else:
                resume = lambda: self._work.send(None)  # noqa: E731


async def cancelled_at(step: int, work: Coroutine[Any, Any, object]) -> bool:
    """Run `work` in a task that is cancelled at its `step`-th wait; False when it ended before."""
    awaited = _CancelledAt(work, step)

    async def run() -> None:
        await awaited

    await asyncio.gather(asyncio.create_task(run()), return_exceptions=True)
    return awaited.waits > step


async def cancelled_everywhere(work: Callable[[int], Coroutine[Any, Any, object]]) -> AsyncIterator[int]:
    """Yields after each run of `work(step)`, which was cancelled at its `step`-th wait, until one is not."""
    step = 0
    while await cancelled_at(step, work(step)):
        yield step
        step += 1
    assert step, "the work never waits"
