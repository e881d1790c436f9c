"""What is found by words and by meaning, as one list: fused, recent days slightly preferred, repetitions left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from jobs.memory.index import Row

Likeness = Callable[[int, int], float]
"""How alike the chunks with these ids are, up to 1; 0 where nobody knows."""
_SPARE = 24
"""How many more hits are looked at than are wanted: so many may say what others say."""
_DATE = "0d"
"""What tokens of dates begin with (`analysis.DATE`): the same on two days is the same."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each thing counts, beside a cosine (0 to 1, right answers about .36). Tuned by bench/memory_quality."""

    words: float = 0.2
    """The best hit by words; the others in proportion of their BM25."""
    sure: float = 0.6
    """It holds every number, code, date and name that was asked for."""
    recent: float = 0.01
    half_life: float = 30.0
    """Days after which a day's notes are preferred half as much."""
    alike: float = 0.92
    """From this cosine (or share of words) on, two hits say the same."""
    repeats: float = 0.1
    """How much the likeness to a better hit counts against one."""


WEIGHTS = Weights()


@dataclass(slots=True)
class Candidate:
    """A chunk and what speaks for it."""

    row: Row
    meaning: float = 0.0
    """The mean of its cosines with the wordings of the query: what is near one alone is often near by chance."""
    words: float = 0.0
    sure: float = 0.0
    score: float = 0.0


def ranked(
    candidates: Sequence[Candidate],
    likeness: Likeness,
    *,
    today: date,
    limit: int,
    weights: Weights = WEIGHTS,
) -> list[Candidate]:
    """The best ones, best first."""
    for one in candidates:
        one.score = (
            one.meaning
            + weights.words * one.words
            + weights.sure * one.sure
            + weights.recent * _recency(one.row.day, today, weights.half_life)
        )
    left = sorted(candidates, key=lambda one: (-one.score, one.row.id))[: limit + _SPARE]
    said = {one.row.id: frozenset(t for t in one.row.tokens if not t.startswith(_DATE)) for one in left}
    chosen: list[Candidate] = []
    against: dict[int, float] = {}
    while left and len(chosen) < limit:
        best = max(left, key=lambda one: one.score - weights.repeats * against.get(one.row.id, 0.0))
        chosen.append(best)
        rest: list[Candidate] = []
        for one in left:
            alike = max(_shared(said[best.row.id], said[one.row.id]), likeness(best.row.id, one.row.id))
            if one is not best and alike < weights.alike:
                against[one.row.id] = max(against.get(one.row.id, 0.0), alike)
                rest.append(one)
        left = rest
    return chosen


def _recency(day: str | None, today: date, half_life: float) -> float:
    """1 for today and for what has no day, as lasting facts have none; less and less for older days."""
    if day is None:
        return 1.0
    return float(0.5 ** (max(0, (today - date.fromisoformat(day)).days) / half_life))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, len(one | other))
