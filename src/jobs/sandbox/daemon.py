"""The assistant as a process of its own, started, watched and killed from outside."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from jobs.sandbox.launching import Launch, Process, executed
from jobs.sandbox.patience import PATIENCE


class DaemonError(Exception):
    """The daemon did not do what was asked; the text ends with what it logged."""


class Daemon:
    """One run of `jobs run`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._log: deque[str] = deque(maxlen=5000)
        self._ready = asyncio.Event()
        self._logged = asyncio.Condition()
        self._readers = [asyncio.create_task(self._read_output()), asyncio.create_task(self._read_log())]

    @classmethod
    async def start(
        cls, cwd: Path, environment: Mapping[str, str], *, wait: bool = True, launch: Launch = executed
    ) -> Daemon:
        """Start it in `cwd`, and wait until it says that it is ready. Raises DaemonError when it does not."""
        process = await launch(cwd, environment)
        daemon = cls(process)
        if wait:
            await daemon.ready()
        return daemon

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """What it logged so far."""
        return "\n".join(self._log)

    async def ready(self, timeout: float = PATIENCE) -> None:
        """Return once it is ready. Raises DaemonError when it ends before, or takes longer."""
        ready = asyncio.create_task(self._ready.wait())
        ended = asyncio.create_task(self._process.wait())
        try:
            done, _ = await asyncio.wait((ready, ended), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            ended.cancel()
        if not self._ready.is_set():
            await asyncio.wait(self._readers, timeout=1)
            reason = "ended before it was ready" if done else f"is not ready after {timeout:.0f} s"
            raise DaemonError(f"The daemon {reason}.\n{self.log}")

    async def wait_for_log(self, part: str, *, count: int = 1, timeout: float = PATIENCE) -> None:
        """Return once `count` lines of its log contain `part`. Raises TimeoutError."""
        async with asyncio.timeout(timeout), self._logged:
            await self._logged.wait_for(lambda: sum(part in line for line in self._log) >= count)

    async def wait(self, timeout: float = PATIENCE) -> int:
        """Its exit code. Raises TimeoutError when it goes on."""
        async with asyncio.timeout(timeout):
            code = await self._process.wait()
        await asyncio.wait(self._readers, timeout=5)
        return code

    async def stop(self) -> int:
        """Ask it to end (SIGTERM); returns its exit code. Raises DaemonError, after killing it, when it does not."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return await self.wait()
        except TimeoutError:
            await self.kill()
            raise DaemonError(f"The daemon did not stop within {PATIENCE:.0f} s.\n{self.log}") from None

    async def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        await self.wait()

    def children(self) -> list[int]:
        """The ids of the processes that it started and that run."""
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
            return [int(pid) for pid in text.split()]
        return []

    def kill_claude(self) -> int:
        """SIGKILL the Claude processes; returns how many there were."""
        children = self.children()
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(children)

    async def _read_output(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        async for line in self._process.stdout:
            if line.strip() == b"ready":
                self._ready.set()

    async def _read_log(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - it is a pipe
        async for line in self._process.stderr:
            async with self._logged:
                self._log.append(line.decode(errors="replace").rstrip())
                self._logged.notify_all()
