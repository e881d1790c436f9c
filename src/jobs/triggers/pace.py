"""Asking somebody else's server no faster than it likes to be asked."""

from __future__ import annotations

import asyncio
from collections import deque

from jobs.core.clock import Clock


class Pace:
    """Lets through at most so many requests in so many seconds; the others wait."""

    def __init__(self, clock: Clock, most: int = 30, seconds: float = 30.0) -> None:
        self._clock = clock
        self._most = most
        self._seconds = seconds
        self._moments: deque[float] = deque(maxlen=most)

    async def request(self) -> None:
        """Return when the next request may be made."""
        if (wait := self._wait()) > 0:
            await asyncio.sleep(wait)
        self._moments.append(self._clock.monotonic())

    def _wait(self) -> float:
        if len(self._moments) < self._most:
            return 0.0
        return self._moments[0] + self._seconds - self._clock.monotonic()
