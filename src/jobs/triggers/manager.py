"""Owns the sources' lives: what breaks is begun again, and said when it goes on breaking."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

from jobs.core.errors import JobsError
from jobs.core.slots import Slot
from jobs.triggers.executor import TriggerExecutor
from jobs.triggers.models import Source, TriggerEvent

log = logging.getLogger(__name__)

_PAUSE_AFTER_FAILURE = 5.0
_LONGEST_PAUSE = 300.0
_TELL_AFTER = 3

ReportBroken = Callable[[str, Exception | None], Awaitable[None]]
"""Tells the owner that the source with this name does not work, and what it raised (None: it has ended)."""


class TriggerManager:
    """Runs every source, each in its own task."""

    def __init__(
        self,
        sources: Sequence[Source],
        executor: TriggerExecutor,
        report: ReportBroken,
        *,
        pause: float = _PAUSE_AFTER_FAILURE,
    ) -> None:
        self.sources = tuple(sources)
        self._executor = executor
        self._report = report
        self._pause = pause

    async def run(self) -> None:
        """Run until cancelled; one source's trouble is not another's."""
        async with asyncio.TaskGroup() as group:
            for source in self.sources:
                group.create_task(self._run(source), name=f"source {source.name}")

    async def _run(self, source: Source) -> None:
        failures = 0
        while True:
            why: Exception | None = None
            try:
                async with aclosing(source.events()) as events:
                    refused: JobsError | None = None
                    while (event := await _next(events, refused)) is not None:
                        refused = await self._execute(event)
                        failures = 0 if refused is None else failures
                log.error("The source %s has ended; it is begun again", source.name)
            except Exception as error:  # a source's run ends here
                why = error
                log.exception("The source %s failed; it is begun again", source.name)
            failures += 1
            if failures == _TELL_AFTER:
                await self._tell(source, why)
            await asyncio.sleep(min(_LONGEST_PAUSE, self._pause * 2 ** min(failures - 1, 10)))

    async def _execute(self, event: TriggerEvent) -> JobsError | None:
        """Fire; what has hindered it is given back."""
        try:
            if await self._executor.execute(event):
                log.info("%s fired: %s", event.source, event.key)
        except JobsError as error:
            log.warning("%s could not fire %s: %s", event.source, event.key, error)
            return error
        return None

    async def _tell(self, source: Source, why: Exception | None) -> None:
        try:
            await self._report(source.name, why)
        except Exception:  # whoever is to be told cannot be told now: the log has it
            log.exception("That the source %s fails could not be told", source.name)


async def _next(events: AsyncGenerator[TriggerEvent], refused: JobsError | None) -> TriggerEvent | None:
    """What fires next; None when the source has ended. Its last event was refused: so it is told."""
    try:
        return await (anext(events) if refused is None else events.athrow(refused))
    except StopAsyncIteration:
        return None


_slot: Slot[TriggerManager] = Slot("The trigger manager")
fill_trigger_manager = _slot.filled
get_trigger_manager = _slot.get
