"""The sources live as long as the program: what breaks is begun again, and said when it goes on breaking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest
from trigger_desk import TriggerDesk

from jobs.core.errors import StorageError
from jobs.triggers.manager import TriggerManager
from jobs.triggers.models import TriggerEvent


@dataclass
class Scripted:
    """A source whose runs are given; after the last it waits for ever."""

    name: str
    runs: list[list[TriggerEvent | Exception]]
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    closed: int = 0

    async def events(self) -> AsyncGenerator[TriggerEvent]:
        try:
            for event in self.runs.pop(0) if self.runs else ():
                if isinstance(event, Exception):
                    raise event
                yield event
            if not self.runs:
                self.idle.set()
                await asyncio.Event().wait()
        finally:
            self.closed += 1


async def run(desk: TriggerDesk, *sources: Scripted) -> list[str]:
    """Run them until each has nothing left; returns which were told to be broken."""
    broken: list[str] = []

    async def report(name: str, _: Exception | None) -> None:
        broken.append(name)

    manager = TriggerManager(sources, desk.executor, report, pause=0)
    running = asyncio.create_task(manager.run())
    async with asyncio.timeout(60):
        for source in sources:
            await source.idle.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    return broken


async def test_a_source_that_breaks_is_begun_again_and_the_others_go_on(desk: TriggerDesk) -> None:
    bad = Scripted("bad", [[desk.event("1"), RuntimeError("no")], [desk.event("1"), desk.event("2")]])
    good = Scripted("good", [[desk.event("3")]])
    assert await run(desk, bad, good) == []
    assert len(await desk.waiting("trigger:lumo")) == 3
    assert bad.closed == 2


async def test_one_that_goes_on_breaking_is_told_of_once(desk: TriggerDesk) -> None:
    broken: list[list[TriggerEvent | Exception]] = [[RuntimeError("no")] for _ in range(7)]
    assert await run(desk, Scripted("bad", [*broken, []])) == ["bad"]


async def test_an_event_that_cannot_be_written_down_is_asked_for_anew(desk: TriggerDesk) -> None:
    async def step(_: object) -> bool:
        steps.append(1)
        if len(steps) == 1:
            raise RuntimeError("the disk refuses")
        return True

    steps: list[int] = []
    source = Scripted("source", [[desk.event(step=step), desk.event("never")], [desk.event(step=step)]])
    await run(desk, source)
    assert len(await desk.waiting("trigger:lumo")) == 1


async def test_a_source_that_can_go_on_without_an_event_does(desk: TriggerDesk) -> None:
    class Lenient(Scripted):
        async def events(self) -> AsyncGenerator[TriggerEvent]:
            for number in range(3):
                try:
                    yield desk.event(str(number), step=refuse if number == 1 else None)
                except StorageError as error:
                    refused.append(str(error))
            self.idle.set()
            await asyncio.Event().wait()

    async def refuse(_: object) -> bool:
        raise StorageError("the disk is full")

    refused: list[str] = []
    assert await run(desk, Lenient("lenient", [])) == []
    assert refused == ["the disk is full"]
    assert len(await desk.waiting("trigger:lumo")) == 2
