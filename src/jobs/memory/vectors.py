"""The nearest vectors: signs in memory (48 bytes for 384 dimensions) find candidates, the vectors on disk decide.

At 100,000 chunks that takes some 10 ms and 5 MB: a scan by sqlite-vec takes 127 ms there (8 bits a dimension; with
bits and the same rescoring 28 ms find less), a matrix of floats 20 ms and 154 MB. bench/memory_speed measures it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from jobs.memory.index import Index

Vector = NDArray[np.float32]

_CANDIDATES = 600
"""How many are compared in full: fewer lose neighbours, and up to so many chunks the search is exact."""


def pack(vector: Vector) -> tuple[bytes, bytes]:
    """A vector as it is stored: its signs, and itself in half precision."""
    signs = np.packbits(vector > 0)
    return np.pad(signs, (0, -len(signs) % 8)).tobytes(), vector.astype(np.float16).tobytes()


def unpack(data: bytes) -> Vector:
    """The vector that was stored."""
    return np.frombuffer(data, np.float16).astype(np.float32)


class Signs:
    """The signs of all vectors of one model, read as far as they are new."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._ids: NDArray[np.int64] = np.empty(0, np.int64)
        self._bits: NDArray[np.uint64] = np.empty((0, 0), np.uint64)
        """A column for each vector, not a row: to sum along the rows takes a fifth of the time."""

    def update(self, index: Index) -> None:
        """Take in the vectors that came since. Those that went are found out when they are looked at."""
        last = int(self._ids[-1]) if len(self._ids) else 0
        rows = index.bits_after(last, self.model)
        if not rows:
            return
        bits = np.frombuffer(b"".join(bits for _, bits in rows), np.uint64).reshape(len(rows), -1).T
        ids = np.array([vector_id for vector_id, _ in rows], np.int64)
        self._ids = np.concatenate((self._ids, ids))
        self._bits = np.concatenate((self._bits, bits), axis=1) if self._bits.size else np.ascontiguousarray(bits)

    def nearest(self, index: Index, query: Vector, allowed: Collection[int] | None, most: int) -> Mapping[int, float]:
        """The vectors nearest to a query (of length 1): their ids and cosines, best first."""
        ids = self._candidates(query, allowed)
        found = index.vectors(ids)
        if not found:
            return {}
        matrix = np.frombuffer(b"".join(data for _, data in found), np.float16).reshape(len(found), -1)
        # Not by BLAS: its threads wait for each other by spinning, which takes 50 ms on a busy machine.
        cosines = np.einsum("id,d->i", matrix.astype(np.float32), query)
        best = np.argsort(-cosines)[:most]
        return {found[place][0]: float(cosines[place]) for place in best}

    def _candidates(self, query: Vector, allowed: Collection[int] | None) -> list[int]:
        ids, bits = self._ids, self._bits
        if allowed is not None:
            within = np.isin(ids, np.fromiter(allowed, np.int64, len(allowed)))
            ids, bits = ids[within], bits[:, within]
        if len(ids) > _CANDIDATES:
            signs = np.frombuffer(pack(query)[0], np.uint64)
            apart = np.bitwise_count(bits ^ signs[:, None]).sum(axis=0, dtype=np.uint16)
            ids = ids[np.argpartition(apart, _CANDIDATES)[:_CANDIDATES]]
        return [int(vector_id) for vector_id in ids]


def similarities(index: Index, ids: Iterable[int]) -> Mapping[int, Vector]:
    """Vectors by their ids, to compare hits with each other."""
    return {vector_id: unpack(data) for vector_id, data in index.vectors(list(ids))}
