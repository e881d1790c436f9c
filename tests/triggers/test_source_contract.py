"""What every source owes: an event is lost by no kill, and made once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from source_rigs import RIGS, Rig

from jobs.core.database import Database, Transaction
from jobs.triggers.models import TriggerEvent


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](database, tmp_path) as rig:
        yield rig


async def following(events: AsyncGenerator[TriggerEvent]) -> TriggerEvent:
    async with asyncio.timeout(60):
        return await anext(events)


async def test_its_events_carry_its_name_a_key_and_what_they_are_about(rig: Rig) -> None:
    about = await rig.happens()
    source = rig.started()
    async with aclosing(source.events()) as events:
        event = await following(events)
    assert event.source == source.name
    assert source.name.isidentifier()
    assert event.key.strip()
    assert event.prompt.strip()
    assert (event.context.about, bool(event.context.title.strip())) == (about, True)
    assert event.created_at.tzinfo is not None


async def test_what_was_not_written_down_before_a_kill_comes_again(rig: Rig) -> None:
    await rig.happens()
    async with aclosing(rig.started().events()) as events:
        lost = await following(events)
    async with aclosing(rig.started().events()) as events:
        again = await following(events)
    assert (again.key, again.prompt) == (lost.key, lost.prompt)
    assert await rig.executor.execute(again)


async def test_what_could_not_be_written_down_comes_again(rig: Rig) -> None:
    await rig.happens()

    async with aclosing(rig.started().events()) as events:
        event = await following(events)

        async def broken(tx: Transaction) -> bool:
            assert event.step is None or await event.step(tx)
            raise RuntimeError("the disk is full")

        with pytest.raises(RuntimeError):
            await rig.executor.execute(replace(event, step=broken))
    async with aclosing(rig.started().events()) as events:
        assert (await following(events)).key == event.key


async def test_what_was_written_down_does_not_come_again(rig: Rig) -> None:
    first = await rig.happens()
    async with aclosing(rig.started().events()) as events:
        event = await following(events)
        assert event.context.about == first
        assert await rig.executor.execute(event)
    second = await rig.happens()
    async with aclosing(rig.started().events()) as events:
        later = await following(events)
        assert later.context.about == second
        assert await rig.executor.execute(later)
    assert not await rig.executor.execute(event)


async def test_it_waits_and_hears_of_what_happens_then(rig: Rig) -> None:
    async with aclosing(rig.started().events()) as events:
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        about = await rig.happens()
        async with asyncio.timeout(60):
            assert (await waiting).context.about == about


async def test_it_ends_at_once_and_leaves_nothing_behind(rig: Rig) -> None:
    before = asyncio.all_tasks()
    events = rig.started().events()
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(60):
        await events.aclose()
    assert [task for task in asyncio.all_tasks() - before if "Queue.get" not in str(task)] == []  # Telethon's own
