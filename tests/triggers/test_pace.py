from __future__ import annotations

import asyncio

from hand_clock import HandClock
from jobs.triggers.pace import Pace


async def test_so_many_requests_go_through_at_once_and_the_next_waits_for_its_time() -> None:
    clock = HandClock()
    pace = Pace(clock, most=3, seconds=0.2)
    async with asyncio.timeout(0.1):
        for _ in range(3):
            await pace.request()
    waiting = asyncio.create_task(pace.request())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    await asyncio.wait_for(waiting, 5)
    clock.moves(seconds=10)
    async with asyncio.timeout(0.1):
        for _ in range(3):
            await pace.request()
