"""Answers one search from the index: by words, and by meaning where the query could be embedded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from jobs.memory.index import Index
from jobs.memory.matching import matches
from jobs.memory.ranking import WEIGHTS, Candidate, Likeness, Weights, ranked
from jobs.memory.vectors import Signs, Vector, similarities

_NEAREST = 40
"""Hits by meaning that are looked at, for each wording of the query."""

_COMPARED = 60
"""Hits that are compared with each other."""


class Retrieval:
    """The reading side of the index. Belongs to one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._index: Index | None = None
        self._signs: Signs | None = None

    def close(self) -> None:
        """Give back the file and the memory; the next search takes them again."""
        if self._index is not None:
            self._index.close()
        self._index, self._signs = None, None

    def search(
        self,
        queries: Sequence[str],
        vectors: Sequence[Vector],
        model: str | None,
        *,
        today: date,
        limit: int,
        since: date | None = None,
        weights: Weights = WEIGHTS,
    ) -> list[Candidate]:
        """The best chunks. `vectors`: the queries as `model` embeds them, of length 1; none: by words alone."""
        if self._index is None:
            self._index = Index.follow(self._path)
        day = since.isoformat() if since is not None else None
        found = self._by_words(self._index, queries, day)
        if vectors and model is not None:
            self._add_meaning(self._index, found, vectors, model, day)
        candidates = list(found.values())
        return ranked(candidates, _likeness(self._index, candidates), today=today, limit=limit, weights=weights)

    def _by_words(self, index: Index, queries: Sequence[str], since: str | None) -> dict[int, Candidate]:
        found: dict[int, Candidate] = {}
        hits = [hit for query in queries for hit in matches(index, query, since)]
        best = max((hit.bm25 for hit in hits), default=0.0) or 1.0
        for hit in hits:
            one = found.setdefault(hit.row.id, Candidate(hit.row))
            one.words = max(one.words, hit.bm25 / best * hit.share)
            one.sure = max(one.sure, hit.sure)
        return found

    def _add_meaning(
        self, index: Index, found: dict[int, Candidate], vectors: Sequence[Vector], model: str, since: str | None
    ) -> None:
        if self._signs is None or self._signs.model != model:
            self._signs = Signs(model)
        self._signs.update(index)
        allowed = index.vectors_since(since) if since is not None else None
        near: set[int] = set()
        for vector in vectors:
            near |= self._signs.nearest(index, vector, allowed, _NEAREST).keys()
        for row in index.rows(vectors=near):
            if since is None or row.day is None or row.day >= since:
                found.setdefault(row.id, Candidate(row))
        known = similarities(index, {one.row.vector for one in found.values() if one.row.vector is not None})
        for one in found.values():
            vector = known.get(one.row.vector) if one.row.vector is not None else None
            if vector is not None:
                one.meaning = sum(float(vector @ query) for query in vectors) / len(vectors)


def _likeness(index: Index, candidates: Sequence[Candidate]) -> Likeness:
    """How alike two chunks are that have vectors, by their ids."""
    best = sorted(candidates, key=lambda one: -(one.meaning + one.words + one.sure))[:_COMPARED]
    vectors = similarities(index, {one.row.vector for one in best if one.row.vector is not None})
    known = [one.row for one in best if one.row.vector in vectors]
    if not known:
        return lambda _, __: 0.0
    matrix = np.stack([vectors[row.vector] for row in known if row.vector is not None])
    cosines = np.einsum("id,jd->ij", matrix, matrix)  # as in `vectors`: without BLAS
    places = {row.id: place for place, row in enumerate(known)}

    def likeness(one: int, other: int) -> float:
        here, there = places.get(one), places.get(other)
        return float(cosines[here, there]) if here is not None and there is not None else 0.0

    return likeness
