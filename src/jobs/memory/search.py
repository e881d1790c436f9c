"""Finding notes again: the index of the workspace's Markdown, kept up to date, searched by words and by meaning.

Until there are notes, or somebody searches, nothing of it is loaded; what was loaded goes again when it is idle.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from jobs.core.clock import Clock
from jobs.core.errors import StorageError
from jobs.core.slots import Slot
from jobs.core.words import memory as words
from jobs.memory.embedding import Embedding, Tell
from jobs.memory.embeddings import Embedder, EmbeddingsFailed
from jobs.memory.notes import Notes
from jobs.memory.watching import changes

if TYPE_CHECKING:
    from jobs.memory.indexing import Indexing
    from jobs.memory.ranking import Candidate
    from jobs.memory.retrieval import Retrieval
    from jobs.memory.vectors import Vector

log = logging.getLogger(__name__)

T = TypeVar("T")

FILE = "memory.sqlite"
IDLE_SECONDS = 600.0
"""After so long without a search or a change, what is held in memory is given back."""
_WAIT_FOR_WORDS = 2.0
"""Seconds that a search waits for an index that is being made; then it finds what is there."""
WAIT_FOR_MEANING = 5.0
"""Seconds that a search waits for its vectors; then it goes by words."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Lines of a note that answer a query."""

    path: str
    """From the workspace: `MEMORY.md`, `memory/2026-03-05.md`."""
    first_line: int
    last_line: int
    heading: tuple[str, ...]
    """The headings that they stand under, from the outermost."""
    date: date | None
    """The day whose notes they are."""
    score: float
    """For comparing the hits of one search: a high one does not say that the answer is there."""
    text: str


class MemoryIndex:
    """The index of one workspace. Works by itself between `running()` and its end; a search brings it up to date."""

    def __init__(
        self,
        workspace: Path,
        data_dir: Path,
        embedder: Embedder | None,
        *,
        clock: Clock,
        zone: ZoneInfo,
        tell: Tell,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._workspace = workspace
        self._path = data_dir / FILE
        self._notes = Notes(workspace)
        self._embedder = embedder
        self._clock, self._zone, self._tell = clock, zone, tell
        self._idle_seconds = idle_seconds
        self._writer = ThreadPoolExecutor(1, "memory index")
        self._reader = ThreadPoolExecutor(1, "memory search")
        self._indexing: Indexing | None = None
        self._retrieval: Retrieval | None = None
        self._generation = 0
        self.behind = ""
        """Why the newest changes of the notes may not be found; "" when all are."""
        self._closed = False
        self._used = asyncio.Event()
        self._embedding = Embedding(embedder, self._opened, self._write, tell) if embedder is not None else None

    @property
    def problems(self) -> Mapping[str, str]:
        """Files of notes that are not searched, and why."""
        return self._notes.problems

    @property
    def trouble(self) -> str:
        """Why notes are found by words alone at present, though they should not be; "" when all is well."""
        return self._embedding.trouble if self._embedding is not None else ""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[MemoryIndex]:
        """Watch the notes, index and embed what changes, for the length of the block."""
        tasks = [
            asyncio.create_task(self._watch(), name="memory watch"),
            asyncio.create_task(self._release_when_idle(), name="memory idle"),
        ]
        if self._embedding is not None:
            tasks.append(asyncio.create_task(self._embedding.run(), name="memory embeddings"))
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()

    async def close(self) -> None:
        """Give back files, threads and memory, for good. Needed without `running()`; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._indexing is not None:
            self._indexing.stopping = True
            await self._write(self._indexing.close)
        if self._retrieval is not None:
            await self._read(self._retrieval.close)
        if self._embedder is not None:
            await self._embedder.close()
        self._writer.shutdown(wait=False)
        self._reader.shutdown(wait=False)

    async def search(self, query: str, *, translated: str = "", limit: int = 8, since: date | None = None) -> list[Hit]:
        """The best hits, best first. `translated`: the query in the other language of the notes.

        `since` leaves out the notes of earlier days; what has no day, as MEMORY.md, is always searched.
        An index that can be read but not written, as on a full disk, answers with what it has: see `behind`.
        Raises StorageError when the index cannot be used.
        """
        queries = [text for text in dict.fromkeys((query.strip(), translated.strip())) if text]
        self._used.set()
        if not queries or not (await asyncio.to_thread(self._notes.exist)):
            return []

        async def answer() -> tuple[Sequence[Vector], list[Candidate]]:
            vectors = await self._vectors_of(queries)
            return vectors, await self._found(queries, vectors, limit, since)

        if self._retrieval is None:  # what finds is loaded by what indexes, in its own thread
            await self._catch_up()
            _, found = await answer()
        else:
            (vectors, found), changed = await asyncio.gather(answer(), self._catch_up())
            if changed:  # which is seldom
                found = await self._found(queries, vectors, limit, since)
        return [_hit(one) for one in found]

    async def refresh(self) -> bool:
        """When this returns, the words agree with the files as they are now, and what is gone from those is gone.

        Vectors follow in the background. Returns whether anything had changed. Raises StorageError.
        """
        changed = await self._write(self._refresh)
        self.behind = ""
        if changed:
            self._embed()
        await self._tell_of_damage()
        return changed

    async def embedded(self) -> None:
        """Return once the vectors agree with the files as they are now; while it runs, and there is a model."""
        await self.refresh()
        if self._embedding is not None:
            await self._embedding.finished()

    async def reindex(self) -> None:
        """Make the index anew; returns when search by words has all of it. Raises StorageError."""
        await self._write(lambda: self._opened().heal())
        self._embed()

    # ---- searching ----

    async def _catch_up(self) -> bool:
        """Whether the index has changed, or is changing still."""
        refreshing = asyncio.create_task(self.refresh())
        done, _ = await asyncio.wait((refreshing,), timeout=_WAIT_FOR_WORDS)
        if done:
            try:
                return refreshing.result()
            except StorageError as error:
                if not await asyncio.to_thread(self._path.exists):
                    raise
                log.warning("The notes could not be indexed; what the index has is searched: %s", error)
                self.behind = str(error)
                return False
        refreshing.add_done_callback(_log_failure)
        return True

    async def _vectors_of(self, queries: Sequence[str]) -> Sequence[Vector]:
        if self._embedder is None:
            return []
        try:
            async with asyncio.timeout(WAIT_FOR_MEANING):
                return await self._embedder.embed(queries, "query")
        except TimeoutError:
            log.warning("The query could not be embedded in time; it is searched for by words")
        except EmbeddingsFailed as error:
            log.warning("The query could not be embedded (%s); it is searched for by words", error)
        return []

    async def _found(
        self, queries: Sequence[str], vectors: Sequence[Vector], limit: int, since: date | None
    ) -> list[Candidate]:
        from jobs.memory.index import Damaged  # noqa: PLC0415 - loaded by now

        def search() -> list[Candidate]:
            if not self._path.exists():  # another process leads, or the disk is full
                return []
            return self._reading().search(queries, vectors, self._model, today=self._today(), limit=limit, since=since)

        try:
            return await self._read(search)
        except Damaged as error:
            damage = error
            await self._write(lambda: self._opened().heal(damage))
            self._embed()
            await self._tell_of_damage()
            return await self._read(search)

    def _reading(self) -> Retrieval:
        """In the reading thread: the retrieval of the file as it is now."""
        from jobs.memory.retrieval import Retrieval  # noqa: PLC0415 - at first need

        if self._retrieval is None:
            self._retrieval = Retrieval(self._path)
        generation = self._indexing.generation if self._indexing is not None else 0
        if generation != self._generation:
            self._retrieval.close()
            self._generation = generation
        return self._retrieval

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    # ---- indexing ----

    @property
    def _model(self) -> str:
        return self._embedder.model if self._embedder is not None else ""

    def _opened(self) -> Indexing:
        """In the writing thread: the writing side, made at first need."""
        from jobs.memory.indexing import Indexing  # noqa: PLC0415 - at first need

        if self._indexing is None:
            self._indexing = Indexing(self._path, self._notes, self._model)
        return self._indexing

    def _embed(self) -> None:
        """There may be something to embed."""
        if self._embedding is not None:
            self._used.set()
            self._embedding.wanted.set()

    def _refresh(self) -> bool:
        if self._indexing is None and not self._path.exists() and not self._notes.exist():
            return False
        return self._opened().refresh()

    async def _tell_of_damage(self) -> None:
        if self._indexing is not None and self._indexing.damage is not None:
            self._indexing.damage = None
            await self._tell(words.INDEX_MADE_ANEW)

    async def _watch(self) -> None:
        """Index what changes, from the start on."""
        await self._try(self._check)
        async with aclosing(changes(self._workspace)) as seen:
            async for _ in seen:
                await self._try(self.refresh)

    async def _check(self) -> None:
        if await asyncio.to_thread(self._path.exists):
            await self._write(lambda: self._opened().check())
            self._embed()
        await self.refresh()

    async def _try(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except StorageError as error:
            log.warning("The notes could not be indexed; it is tried again at the next change or search: %s", error)

    # ---- below ----

    async def _release_when_idle(self) -> None:
        while True:
            await self._used.wait()
            while self._used.is_set():
                self._used.clear()
                with suppress(TimeoutError):
                    # Not wait_for: it may swallow a cancellation.
                    async with asyncio.timeout(self._idle_seconds):
                        await self._used.wait()
            if self._retrieval is not None:
                await self._read(self._retrieval.close)
            if self._embedder is not None:
                await self._embedder.release()

    async def _write(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def _read(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, work)


def _log_failure(refreshing: asyncio.Future[bool]) -> None:
    if not refreshing.cancelled() and (error := refreshing.exception()) is not None:
        log.warning("The notes could not be indexed: %s", error)


def _hit(one: Candidate) -> Hit:
    row = one.row
    return Hit(
        path=row.name,
        first_line=row.first_line,
        last_line=row.last_line,
        heading=row.heading,
        date=date.fromisoformat(row.day) if row.day is not None else None,
        score=one.score,
        text=row.text,
    )


_slot: Slot[MemoryIndex] = Slot("The memory index")
fill_index = _slot.filled
get_index = _slot.get
