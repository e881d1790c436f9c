"""Few processes at once, the owner's always among them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jobs.users.pool import Pool, Seat


class Session:
    """Somebody with a seat, who makes room when asked to."""

    def __init__(self, pool: Pool, *, first: bool = False) -> None:
        self.pool = pool
        self.asked = asyncio.Event()
        self.seat: Seat = pool.seat(first=first, give_up=self.asked.set)

    async def start(self, gate: asyncio.Event | None = None) -> None:
        async with self.pool.starting(self.seat):
            if gate is not None:
                await gate.wait()

    async def rest(self) -> None:
        await self.pool.set_busy(self.seat, False)


@asynccontextmanager
async def begun(*work: object) -> AsyncGenerator[list[asyncio.Task[None]]]:
    tasks = [asyncio.ensure_future(w) for w in work]  # type: ignore[arg-type]
    try:
        await settle()
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def settle() -> None:
    """Let everything that can run, run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_no_more_run_than_there_are_places_and_one_is_the_owners() -> None:
    pool = Pool(3)
    busy = [Session(pool) for _ in range(2)]
    for session in busy:
        await session.start()
    third, owner = Session(pool), Session(pool, first=True)
    async with begun(third.start()) as [waiting]:
        assert not waiting.done()
        await owner.start()
        assert pool.taken == 3
        await pool.leave(busy[0].seat)
        await waiting
        assert pool.taken == 3


async def test_who_has_been_idle_longest_makes_room() -> None:
    pool = Pool(3)
    one, other, third = Session(pool), Session(pool), Session(pool)
    await one.start()
    await other.start()
    await other.rest()
    await one.rest()
    async with begun(third.start()) as [waiting]:
        assert other.asked.is_set()
        assert not one.asked.is_set()
        await pool.leave(other.seat)
        await waiting


async def test_who_is_at_work_is_not_asked_and_makes_room_once_idle() -> None:
    pool = Pool(2)
    one, other = Session(pool), Session(pool)
    await one.start()
    async with begun(other.start()) as [waiting]:
        assert not one.asked.is_set()
        await one.rest()
        await settle()
        assert one.asked.is_set()
        await pool.leave(one.seat)
        await waiting


async def test_two_start_at_once_and_the_owner_beside_them() -> None:
    pool, gate = Pool(6), asyncio.Event()
    sessions = [Session(pool) for _ in range(3)]
    owner = Session(pool, first=True)
    async with begun(*(s.start(gate) for s in sessions), owner.start(gate)) as tasks:
        assert [s.seat.taken for s in sessions] == [True, True, False]
        assert owner.seat.taken
        gate.set()
        await asyncio.gather(*tasks)


async def test_places_are_given_in_the_order_of_asking() -> None:
    pool = Pool(2)
    held = Session(pool)
    await held.start()
    first, second = Session(pool), Session(pool)
    async with begun(first.start(), second.start()) as [one, two]:
        await pool.leave(held.seat)
        await one
        assert not two.done()


async def test_a_start_that_fails_or_is_given_up_leaves_its_place() -> None:
    pool = Pool(2)
    session = Session(pool)
    async with begun(session.start(asyncio.Event())) as [starting]:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    assert pool.taken == 0
    await Session(pool).start()
