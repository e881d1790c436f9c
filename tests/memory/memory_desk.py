"""A workspace, what is written into it, and the index that is asked about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from hand_clock import HandClock
from jobs.core.i18n import Words
from jobs.memory.embeddings import Embedder
from jobs.memory.search import FILE, IDLE_SECONDS, Hit, MemoryIndex
from jobs.sandbox.patience import PATIENCE


class Desk:
    """Everything in one folder."""

    def __init__(self, root: Path) -> None:
        self.workspace = root / "workspace"
        self.data = root / "data"
        (self.workspace / "memory").mkdir(parents=True)
        self.data.mkdir()
        self.told: list[Words] = []
        self.clock = HandClock()
        self._indexes: list[MemoryIndex] = []

    def write(self, name: str, text: str) -> Path:
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def index(self, embedder: Embedder | None = None, *, idle_seconds: float = IDLE_SECONDS) -> MemoryIndex:
        async def tell(what: Words) -> None:
            self.told.append(what)

        index = MemoryIndex(
            self.workspace, self.data, embedder, clock=self.clock, zone=ZoneInfo("Europe/Berlin"), tell=tell,
            idle_seconds=idle_seconds,
        )  # fmt: skip
        self._indexes.append(index)
        return index

    def bytes_on_disk(self) -> bytes:
        """Everything that is in the index's files."""
        return b"".join(path.read_bytes() for path in sorted(self.data.glob(f"{FILE}*")))

    async def close(self) -> None:
        for index in self._indexes:
            await index.close()


def paths(hits: Sequence[Hit]) -> list[str]:
    return [hit.path for hit in hits]


async def until(condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
    """Return once something holds that nobody tells of. Raises TimeoutError."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
