"""Which plugins fit a query best."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz

from jobs.plugin_manager.catalogue import Catalogue, Entry

_ALIKE = 80
_LIMIT = 15
_MOST_TEXT = 1000


def ranked(query: str, catalogues: Iterable[Catalogue], limit: int = _LIMIT) -> Sequence[tuple[Catalogue, Entry]]:
    """The best, best first: each word of the query counts where it is found, in the name most."""
    words = re.findall(r"\w+", query.casefold())[:20]
    found = [
        (sum(_score(word, entry) for word in words), catalogue, entry)
        for catalogue in catalogues
        for entry in catalogue.entries
    ]
    best = sorted((hit for hit in found if hit[0] > 0), key=lambda hit: (-hit[0], hit[2].name))
    return [(catalogue, entry) for _, catalogue, entry in best[:limit]]


def _score(word: str, entry: Entry) -> float:
    name, tags = entry.name.casefold(), [tag.casefold() for tag in (*entry.tags, *entry.keywords, entry.category)]
    if word == name:
        return 10
    if word in name:
        return 6
    if word in tags:
        return 5
    text = entry.description[:_MOST_TEXT].casefold()
    if len(word) > 2 and (word in text or any(word in tag for tag in tags)):
        return 3
    others = {*re.findall(r"\w+", f"{name} {' '.join(tags)}"), *re.findall(r"\w+", text)}
    best = max((fuzz.ratio(word, other, score_cutoff=_ALIKE) for other in others if len(other) > 3), default=0)
    return best / 50 if len(word) > 3 else 0
