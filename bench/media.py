"""A file of 50 MB on its way in and out of the real daemon: how fast, and how much memory it takes meanwhile."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from overhead import machine, report

from jobs.sandbox.claude import Rules, call
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.world.model import StoredFile

_MB, _TIMES = 50, 3


def highest_memory_mb(pid: int) -> float:
    """The most that was resident at once since the process started."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


async def measured(folder: Path) -> None:
    """Three files in, and the first of them out again three times."""
    async with Stage.open(folder) as stage:
        rules = Rules().on_text("send it", lambda _: call("mcp__jobs__send_file", path="uploads/first.bin"))
        stage.claude.script = rules.on_text(".", "Fine.").on_result(".", "Sent.")
        daemon = await stage.start()
        owner = await stage.person()
        await owner.ask("hello", "Fine.")
        await stage.nothing_waits()
        before = highest_memory_mb(daemon.pid)
        ways_in: list[float] = []
        for _ in range(_TIMES):
            data = os.urandom(1024) * (_MB * 1024)
            began = time.monotonic()
            stage.world.send_file(stage.owner, stage.assistant, StoredFile(0, data, 0, "application/zip"), "keep this")
            await stage.stored([(1,)], "SELECT count(*) > 0 FROM inbox WHERE state = 'new' OR state = 'submitted'")
            await stage.nothing_waits()
            ways_in.append(time.monotonic() - began)
        report("50 MB in, until answered (median)", f"{_MB / statistics.median(ways_in):.0f} MB/s", f"{_TIMES} files")
        report("memory that it took", f"{highest_memory_mb(daemon.pid) - before:.0f} MB")
        await _out(stage, daemon.pid)


async def _out(stage: Stage, pid: int) -> None:
    first = next(path for path in sorted((stage.workspace / "uploads").rglob("*")) if path.is_file())
    first.rename(stage.workspace / "uploads" / "first.bin")
    owner, before = await stage.person(), highest_memory_mb(pid)
    ways_out: list[float] = []
    for number in range(1, _TIMES + 1):
        began = time.monotonic()
        await owner.send(f"send it {number}")
        await stage.stored([(number,)], "SELECT count(*) FROM outbox WHERE file != '' AND state = 'sent'")
        ways_out.append(time.monotonic() - began)
    report("50 MB out, from the request on (median)", f"{_MB / statistics.median(ways_out):.0f} MB/s")
    report("memory that it took", f"{highest_memory_mb(pid) - before:.0f} MB")


def main() -> None:
    """Print the figures."""
    machine()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measured(Path(folder)))


if __name__ == "__main__":
    main()
