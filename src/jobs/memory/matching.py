"""Search by words: BM25, of which only those hits count that hold enough of what was asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from jobs.memory.analysis import Term, terms_of
from jobs.memory.index import Index, Row

_CANDIDATES = 60
_ENOUGH = 0.34
"""The share of a query that a hit holds at least."""
_EVERYWHERE = 0.2
"""What stands in a larger share of all chunks leads nowhere."""
_POSTINGS = 4_000
"""Places in the index that one wording leads to, at most (or those of its rarest term)."""
_RARE = 0.01
_RARE_AT_LEAST = 5
_ALIKE = 80.0
"""How alike a word is to one that is spelled wrong, in percent."""


@dataclass(frozen=True, slots=True)
class Match:
    """A chunk that holds enough of a query."""

    row: Row
    bm25: float
    share: float
    """How much of the query it holds, 0 to 1."""
    sure: float
    """The share of the numbers, codes, dates and names asked for that it holds; 0 where they stand everywhere."""


@dataclass(frozen=True, slots=True)
class _Group:
    """The tokens that stand for one term, and in how many chunks they do."""

    tokens: frozenset[str]
    frequency: int
    telling: bool
    """It is a number, a code, a date or a name."""


def matches(index: Index, query: str, since: str | None = None) -> list[Match]:
    """The hits for a query, best first."""
    groups = [_group(index, term) for term in terms_of(query)]
    if not groups:
        return []
    count = index.count()
    tokens = _leading(groups, max(50, count * _EVERYWHERE))
    if not tokens:
        return []
    rare = max(_RARE_AT_LEAST, count * _RARE)
    telling = [group for group in groups if group.telling and group.frequency <= rare]
    scores = dict(index.matching(tokens, _CANDIDATES, since))
    found = [_match(row, scores[row.id], groups, telling) for row in index.rows(scores)]
    return sorted(
        (match for match in found if match.share >= _ENOUGH or match.sure),
        key=lambda match: (-match.sure, -match.bm25),
    )


def _leading(groups: Sequence[_Group], common: float) -> frozenset[str]:
    """The tokens to look for: those of the rarest terms, as many as can be gone through in no time."""
    there = sorted((group for group in groups if group.frequency), key=lambda group: group.frequency)
    telling = [group for group in there if group.frequency <= common] or there
    left, tokens = _POSTINGS, frozenset[str]()
    for group in telling:
        left -= group.frequency
        if left < 0 and tokens:
            break
        tokens |= group.tokens
    return tokens


def _match(row: Row, bm25: float, groups: Sequence[_Group], telling: Collection[_Group]) -> Match:
    held = sum(not group.tokens.isdisjoint(row.tokens) for group in groups)
    told = sum(not group.tokens.isdisjoint(row.tokens) for group in telling)
    return Match(row, bm25, held / len(groups), told / len(telling) if telling else 0.0)


def _group(index: Index, term: Term) -> _Group:
    """A word that stands nowhere may be a name in another alphabet, or spelled wrong."""
    tokens = set(term.forms)
    frequency = sum(index.frequency(token, _POSTINGS) for token in tokens)
    named = term.name
    if term.word and (term.name or not frequency):
        sounds = {sound: index.frequency(sound, _POSTINGS) for sound in term.sounds}
        tokens |= sounds.keys()
        heard = max(sounds.values(), default=0)
        named = named or (term.capital and heard > 0)
        frequency = max(frequency, heard)
    if term.word and not frequency:
        alike = _spelled_alike(index, term.word)
        tokens |= alike
        frequency = sum(index.frequency(token, _POSTINGS) for token in alike)
    return _Group(frozenset(tokens), frequency, term.exact or named)


def _spelled_alike(index: Index, word: str) -> set[str]:
    if len(word) < 4:
        return set()
    candidates = index.spelled_like(word)
    found = process.extract(word, candidates, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=3)
    return {token for token, _, _ in found}
