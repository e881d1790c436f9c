"""What runs on the machine for the daemon, seen from outside."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jobs.sandbox.stage import Stage


async def command_pid(stage: Stage) -> int:
    """The process id that a command has written to the file `pid`, once it runs."""
    async with asyncio.timeout(60):
        while not (  # noqa: ASYNC110 - a file of another process rings no bell
            text := (stage.workspace / "pid").read_text() if (stage.workspace / "pid").exists() else ""
        ):
            await asyncio.sleep(0.02)
    return int(text)


async def ended(pid: int, timeout: float) -> None:
    """Return once a process is gone. Raises TimeoutError."""
    async with asyncio.timeout(timeout):
        while Path(f"/proc/{pid}").exists():  # noqa: ASYNC110 - the end of another's process rings no bell
            await asyncio.sleep(0.02)
