"""How fast notes are found among 1,000, 10,000 and 100,000 chunks, what that holds in memory, and what an edit costs.

The texts are made up of common words; the vectors are made up as well (near each other in clusters, as those of real
notes are), because to embed 100,000 chunks takes hours: the time that the model takes for a query is measured apart and
added nowhere. A plain scan of all vectors as a matrix of floats runs beside it, on the same vectors.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import psutil
from overhead import machine, report

from jobs.app.process import keep_what_is_loaded
from jobs.core.clock import SystemClock
from jobs.core.i18n import Words
from jobs.memory.embeddings import Kind
from jobs.memory.embeddings_local import LocalEmbedder
from jobs.memory.search import FILE, MemoryIndex
from jobs.memory.vectors import Vector

_DIMENSION, _CLUSTERS, _QUERIES = 384, 500, 200
_PER_FILE = 50
_VOCABULARY = 8_000
_LATIN, _CYRILLIC = "abcdefghiklmnoprstuvw", "абвгдеиклмнопрстуя"
_NAMES = ("Anna", "Boris", "Clara", "Dmitri", "Elena", "Felix", "Galina", "Hugo", "Irina", "Jonas", "Katya", "Leonid")


class MadeUp:
    """Implements `memory.embeddings.Embedder`: a text's vector is one of its cluster, by its hash."""

    model = "made-up/384"
    at_once = 2_000

    def __init__(self) -> None:
        self._centres = np.random.default_rng(1).standard_normal((_CLUSTERS, _DIMENSION)).astype(np.float32)
        self.passages = 0

    async def embed(self, texts: Sequence[str], kind: Kind) -> Sequence[Vector]:
        """See the port."""
        self.passages += len(texts) if kind == "passage" else 0
        return [self.vector(text) for text in texts]

    def vector(self, text: str) -> Vector:
        """Of length 1."""
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        noise = np.random.default_rng(seed).standard_normal(_DIMENSION).astype(np.float32)
        vector = self._centres[seed % _CLUSTERS] + noise
        return vector / np.linalg.norm(vector)

    async def release(self) -> None:
        """See the port."""

    async def close(self) -> None:
        """See the port."""


def vocabulary(letters: str) -> list[str]:
    """Words from the commonest to the rarest."""
    chance = random.Random(letters)  # noqa: S311 - the same words each time
    return ["".join(chance.choices(letters, k=chance.randint(4, 9))) for _ in range(_VOCABULARY)]


def write_notes(folder: Path, chunks: int) -> None:
    """Files of 50 sections each, of 40 words, as common as words are (Zipf), half of them Russian; some have codes."""
    chance = random.Random(chunks)  # noqa: S311
    words = vocabulary(_LATIN), vocabulary(_CYRILLIC)
    weights = list(itertools.accumulate(1 / rank for rank in range(1, _VOCABULARY + 1)))
    (folder / "memory").mkdir(parents=True)
    for start in range(0, chunks, _PER_FILE):
        sections: list[str] = []
        for number in range(start, min(start + _PER_FILE, chunks)):
            text = " ".join(chance.choices(words[number % 2], cum_weights=weights, k=40))
            code = f" AB-{number:06}" if number % 7 == 0 else ""
            sections.append(f"## {number}\n{chance.choice(_NAMES)} {text}{code}.\n")
        (folder / "memory" / f"{start // _PER_FILE:05}.md").write_text("\n".join(sections), encoding="utf-8")


def questions(chunks: int) -> list[tuple[str, str]]:
    """Of a name and four words that are neither common nor rare, in two wordings; every fifth asks for a code."""
    chance = random.Random(7)  # noqa: S311
    latin, cyrillic = vocabulary(_LATIN), vocabulary(_CYRILLIC)
    found: list[tuple[str, str]] = []
    for number in range(_QUERIES):
        if number % 5 == 0:
            found.append((f"AB-{chance.randrange(0, chunks, 7):06}", ""))
        else:
            name, ranks = chance.choice(_NAMES), [int(10 ** chance.uniform(1, 3.5)) for _ in range(4)]
            wordings = (" ".join([*(words[rank] for rank in ranks), name]) for words in (latin, cyrillic))
            found.append((next(wordings), next(wordings)))
    return found


def percentiles(times: Sequence[float]) -> str:
    """p50 and p99 in milliseconds."""
    ordered = sorted(times)
    return f"p50 {statistics.median(ordered) * 1e3:.1f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1e3:.1f} ms"


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Seconds of each call."""
    found: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return found


def resident() -> float:
    """Megabytes."""
    return psutil.Process().memory_info().rss / 1e6


async def measure(chunks: int, folder: Path) -> None:
    """One size."""
    write_notes(folder / "workspace", chunks)
    embedder = MadeUp()

    async def tell(what: Words) -> None:
        print(what.en)

    index = MemoryIndex(folder / "workspace", folder, embedder, clock=SystemClock(), zone=ZoneInfo("UTC"), tell=tell)
    async with index.running():
        began = time.perf_counter()
        await index.refresh()
        words = time.perf_counter() - began
        await index.embedded()
        size = sum(path.stat().st_size for path in folder.glob(f"{FILE}*")) / 1e6
        report(f"{chunks:,} chunks: index by words", f"{words:.1f} s", f"file {size:.0f} MB")
        before = resident()
        times: list[float] = []
        busy: list[float] = []
        for query, translated in questions(chunks):
            began, spent = time.perf_counter(), time.process_time()
            await index.search(query, translated=translated)
            times.append(time.perf_counter() - began)
            busy.append(time.process_time() - spent)
        report(f"{chunks:,} chunks: search", percentiles(times), f"{resident() - before:+.0f} MB resident for it")
        report(f"{chunks:,} chunks: processor time of it", percentiles(busy))
        await edit(index, embedder, folder / "workspace" / "memory" / "00000.md", chunks)
    scan(chunks)


async def edit(index: MemoryIndex, embedder: MadeUp, path: Path, chunks: int) -> None:
    """One line more in one file."""
    embedded = embedder.passages
    path.write_text(path.read_text(encoding="utf-8").replace("## 3\n", "## 3\na new line, "), encoding="utf-8")
    began = time.perf_counter()
    await index.refresh()
    refreshed = time.perf_counter() - began
    await index.embedded()
    report(
        f"{chunks:,} chunks: after one edit", f"{refreshed * 1e3:.0f} ms", f"embedded {embedder.passages - embedded}"
    )


def scan(chunks: int) -> None:
    """The same vectors as a matrix in memory."""
    before = resident()
    matrix = np.random.default_rng(2).standard_normal((chunks, _DIMENSION)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    query = matrix[chunks // 2]
    times = timed(lambda: np.argpartition(matrix @ query, -10)[-10:], 50)
    report(
        f"{chunks:,} chunks: plain scan, vectors alone", percentiles(times), f"{resident() - before:+.0f} MB resident"
    )


async def model(folder: Path) -> None:
    """What the real model takes."""
    embedder = LocalEmbedder(folder)
    before, began = resident(), time.perf_counter()
    await embedder.embed(["warm up"], "query")
    report("the local model: making and loading it", f"{time.perf_counter() - began:.1f} s")
    await embedder.release()
    began = time.perf_counter()
    await embedder.embed(["warm up"], "query")
    report(
        "the local model: loading it again", f"{time.perf_counter() - began:.1f} s", f"{resident() - before:+.0f} MB"
    )
    kinds: Sequence[tuple[str, str, Kind]] = (
        ("a query", "когда приём у зубного врача", "query"),
        ("a chunk of 400 tokens", "The dentist has moved to the new street behind the station. " * 30, "passage"),
    )
    for what, text, kind in kinds:
        times: list[float] = []
        for _ in range(20):
            began = time.perf_counter()
            await embedder.embed([text], kind)
            times.append(time.perf_counter() - began)
        report(f"the local model: {what}", percentiles(times))
    await embedder.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="*", default=[1_000, 10_000, 100_000], help="how many chunks")
    arguments = parser.parse_args()
    machine()
    keep_what_is_loaded()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(model(Path(folder)))
    for chunks in arguments.chunks:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(chunks, Path(folder)))


if __name__ == "__main__":
    main()
