"""How many Claude processes run at once: places are few, and the owner comes first."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_MOST_STARTING = 2
"""Starting is what costs: ten at once take 12 s on two cores, one takes 1 (measured)."""


@dataclass(eq=False, slots=True)
class Seat:
    """A session's claim to a process; `give_up` asks it to end a process that does nothing."""

    first: bool
    """The owner's: always granted, never taken back."""
    give_up: Callable[[], None]
    taken: bool = False
    busy: bool = False
    idle_since: float = field(default_factory=time.monotonic)


class Pool:
    """Hands out seats. One of `size` is kept for the owner."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._seats: list[Seat] = []
        self._starting = 0
        self._changed = asyncio.Condition()
        self._waiting: list[tuple[bool, int]] = []
        self._numbers = itertools.count()

    def seat(self, *, first: bool, give_up: Callable[[], None]) -> Seat:
        """A seat for a session, not taken yet."""
        seat = Seat(first, give_up)
        self._seats.append(seat)
        return seat

    def remove(self, seat: Seat) -> None:
        """A seat whose session has ended for good; its process has left it."""
        self._seats.remove(seat)

    @asynccontextmanager
    async def starting(self, seat: Seat) -> AsyncGenerator[None]:
        """Take a seat for good and start a process in the block; a block that raises gives the seat back."""
        turn = (not seat.first, next(self._numbers))
        self._waiting.append(turn)
        try:
            async with self._changed:
                while not self._may_start(seat, turn):
                    self._ask_for_room(seat)
                    await self._changed.wait()
                self._starting += 1
                seat.taken = seat.busy = True
        finally:
            self._waiting.remove(turn)
        try:
            yield
        except BaseException:
            seat.taken = False
            raise
        finally:
            self._starting -= 1
            await self._tell()

    async def leave(self, seat: Seat) -> None:
        """The seat's process has ended."""
        seat.taken = seat.busy = False
        await self._tell()

    async def set_busy(self, seat: Seat, busy: bool) -> None:
        """Whether the seat's process has something to do."""
        if seat.busy == busy:
            return
        if not busy:
            seat.idle_since = time.monotonic()
        seat.busy = busy
        await self._tell()

    @property
    def taken(self) -> int:
        """How many processes run, or are about to."""
        return sum(seat.taken for seat in self._seats)

    def _may_start(self, seat: Seat, turn: tuple[bool, int]) -> bool:
        if self._starting >= _MOST_STARTING and not seat.first:
            return False
        return seat.taken or (self._has_room(seat) and turn == min(self._waiting))

    def _has_room(self, seat: Seat) -> bool:
        others = sum(other.taken for other in self._seats if not other.first)
        return seat.first or others < self._size - 1

    def _ask_for_room(self, seat: Seat) -> None:
        if self._has_room(seat):
            return
        idle = [other for other in self._seats if other.taken and not other.busy and not other.first]
        if idle:
            min(idle, key=lambda other: other.idle_since).give_up()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
