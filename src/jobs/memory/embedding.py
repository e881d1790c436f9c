"""Gives every chunk of the index its vector, in the background, for as long as it takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from jobs.core.errors import StorageError
from jobs.core.i18n import Words
from jobs.core.words import memory as words
from jobs.memory.embeddings import Embedder, EmbeddingsFailed, TextRefused

if TYPE_CHECKING:
    from jobs.memory.index import Missing
    from jobs.memory.indexing import Indexing
    from jobs.memory.vectors import Vector

log = logging.getLogger(__name__)

T = TypeVar("T")

PAUSES = (5.0, 30.0, 120.0, 600.0, 3600.0)
"""Seconds between tries to embed what could not be."""
_MOST_REFUSED = 50
"""Where more are refused, it is not for what stands in them."""
_TOLD_FROM = 20
"""So many chunks are embedded before anybody would wonder what takes so long."""

Tell = Callable[[Words], Awaitable[None]]
"""Tells the owner what happened; the same sentence a second time on one day is not said."""


class Write(Protocol):
    """Runs something in the thread that writes the index."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


class Embedding:
    """The work of one embedder. `wanted` is set when there may be something to do."""

    def __init__(self, embedder: Embedder, indexing: Callable[[], Indexing], write: Write, tell: Tell) -> None:
        self.wanted = asyncio.Event()
        self._done = asyncio.Event()
        self.trouble = ""
        """Why it does not get on; "" when it does."""
        self._refused: set[bytes] = set()
        """The keys of chunks that are not embedded by themselves either."""
        self._embedder, self._indexing, self._write, self._tell = embedder, indexing, write, tell

    async def finished(self) -> None:
        """Return once everything that is in the index now has its vector."""
        self._done.clear()
        self.wanted.set()
        await self._done.wait()

    async def run(self) -> None:
        """Run until cancelled."""
        failures = 0
        while True:
            await self.wanted.wait()
            self.wanted.clear()
            try:
                await self._embed_missing()
                failures, self.trouble = 0, ""
                self._done.set()
            except Exception as error:  # a run of the work ends here: the next one may come further
                if not isinstance(error, EmbeddingsFailed | StorageError):
                    log.exception("Notes could not be embedded, for a reason that nobody thought of")
                failures += 1
                self.trouble = str(error)
                pause = PAUSES[min(failures, len(PAUSES)) - 1]
                lasting = False
                if isinstance(error, EmbeddingsFailed):
                    pause, lasting = max(error.after, pause), error.lasting
                log.warning("Notes could not be embedded; it is tried again in %.0f s: %s", pause, error)
                if lasting or failures == len(PAUSES):
                    await self._tell(words.BY_WORDS_ALONE)
                await asyncio.sleep(pause)
                self.wanted.set()

    async def _missing(self) -> Sequence[Missing]:
        most = self._embedder.at_once
        found = await self._write(lambda: self._indexing().missing(most + len(self._refused)))
        return [one for one in found if one.key not in self._refused][:most]

    async def _vectors(self, missing: Sequence[Missing]) -> list[tuple[bytes, Vector]]:
        """By their keys. What is refused by itself is found by words, and keeps no other from its vector."""
        try:
            texts = ["\n".join((*one.heading, one.text)) for one in missing]
            return list(zip((one.key for one in missing), await self._embedder.embed(texts, "passage"), strict=True))
        except TextRefused as error:
            if len(self._refused) >= _MOST_REFUSED:
                raise
            if len(missing) == 1:
                log.warning("A piece of the notes is not embedded, but found by words: %s", error)
                self._refused.add(missing[0].key)
                return []
            half = len(missing) // 2
            return [*await self._vectors(missing[:half]), *await self._vectors(missing[half:])]

    async def _embed_missing(self) -> None:
        from jobs.memory.vectors import pack  # noqa: PLC0415 - at first need

        done, told = 0, 0
        total, have = await self._write(lambda: self._indexing().coverage())
        while missing := await self._missing():
            if done == 0 and total - have >= _TOLD_FROM:
                log.info("Embedding notes with %s: %d of %d chunks to do", self._embedder.model, total - have, total)
            rows = [(key, *pack(vector)) for key, vector in await self._vectors(missing)]
            await self._write(lambda rows=rows: self._indexing().add_vectors(rows))
            done += len(rows)
            if total - have >= _TOLD_FROM and (share := 10 * (have + done) // max(1, total)) > told:
                told = share
                log.info("Embedded %d of %d chunks of notes", have + done, total)
