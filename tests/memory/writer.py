"""A process that writes into the notes of a workspace until it is killed: `writer.py WORKSPACE NAME COUNT`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from jobs.core.clock import SystemClock
from jobs.memory.items import Item
from jobs.memory.storage import Storage


async def write(workspace: Path, name: str, count: int) -> None:
    storage = Storage(workspace, SystemClock(), ZoneInfo("UTC"))
    print("ready", flush=True)  # noqa: T201 - for whoever started it
    for number in range(count):
        await storage.add_facts([Item(f"{name} {number} " + "filling " * 200)], "", "none")
        print(number, flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
