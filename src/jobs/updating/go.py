"""A new version waits to be let go: until then it claims no message and sends none."""

from __future__ import annotations

import asyncio
import os
import signal

GO = "JOBS_GO"
"""Names the pipe over which it is let go; its end means that nobody watches any more."""
WAITING = "waiting"
"""What the health report says of the dispatcher meanwhile."""


class Leave:
    """The leave of a version that is watched. Made in the event loop."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._given = asyncio.Event()
        os.set_blocking(pipe, False)
        os.set_inheritable(pipe, False)
        asyncio.get_running_loop().add_reader(pipe, self._read)

    @property
    def is_given(self) -> bool:
        """Whether it may work."""
        return self._given.is_set()

    async def wait(self) -> None:
        """Return once it may."""
        await self._given.wait()

    def _read(self) -> None:
        if os.read(self._pipe, 100):
            self._given.set()
            return
        asyncio.get_running_loop().remove_reader(self._pipe)
        os.kill(os.getpid(), signal.SIGTERM)  # the watch was killed: the next start decides
