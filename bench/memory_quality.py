"""Whether notes are found again: recall by words, by meaning, and by both, for each kind of question.

189 notes and 345 questions in `bench/memory_eval`, of people who never were. The weights in `memory/ranking.py` were
tuned on every second question of each kind (`--half tuned`); what is printed is the other half. A question counts as
answered where a hit holds one of the notes that answer it. Questions without an answer show which scores the best wrong
hits have. The model in `query_translated` is played by hand: questions in one language come with the other.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from overhead import machine

from jobs.core.clock import SystemClock
from jobs.core.i18n import Words
from jobs.memory.embeddings_local import LocalEmbedder
from jobs.memory.ranking import WEIGHTS, Candidate
from jobs.memory.retrieval import Retrieval
from jobs.memory.search import FILE, MemoryIndex
from jobs.memory.vectors import Vector

_EVAL = Path(__file__).parent / "memory_eval"
_TODAY = date(2026, 11, 27)
_NO_ANSWER = "none"


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the same in the other language, and how the notes begin that answer it."""

    group: str
    query: str
    translated: str
    answers: tuple[str, ...]

    @property
    def wordings(self) -> list[str]:
        """What is searched for."""
        return [text for text in (self.query, self.translated) if text]


Search = Callable[[Question], Sequence[Candidate]]


def questions() -> dict[str, list[Question]]:
    """Both halves: what was tuned on, and what is reported."""
    with (_EVAL / "queries.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = [
        Question(row["group"], row["query"], row["translated"], tuple(filter(None, row["answers"].split(" | "))))
        for row in rows
    ]
    return {"tuned": found[::2], "reported": found[1::2]}


def rank(question: Question, hits: Sequence[Candidate]) -> int:
    """At which place the answer stands; 0 where it is not among the hits."""
    for place, hit in enumerate(hits, 1):
        if any(answer in hit.row.text for answer in question.answers):
            return place
    return 0


def figures(asked: Sequence[Question], search: Search) -> tuple[float, float, float]:
    """R@1, R@5 and MRR@10."""
    places = [rank(question, search(question)) for question in asked]
    return (
        statistics.mean(place == 1 for place in places),
        statistics.mean(0 < place <= 5 for place in places),
        statistics.mean(1 / place if place else 0.0 for place in places),
    )


async def prepare(folder: Path) -> tuple[Retrieval, Mapping[str, Vector], str]:
    """The index of the notes, and the vector of every question."""
    shutil.copytree(_EVAL, folder / "workspace")
    embedder = LocalEmbedder(folder / "models")

    async def tell(what: Words) -> None:
        print(what.en)

    index = MemoryIndex(folder / "workspace", folder, embedder, clock=SystemClock(), zone=ZoneInfo("UTC"), tell=tell)
    async with index.running():
        await index.embedded()
        texts = {text for half in questions().values() for question in half for text in question.wordings}
        vectors = {text: (await embedder.embed([text], "query"))[0] for text in sorted(texts)}
    return Retrieval(folder / FILE), vectors, embedder.model


def ways(retrieval: Retrieval, vectors: Mapping[str, Vector], model: str) -> dict[str, Search]:
    """By words, by meaning, by both, and by both with the question in one language."""
    meaning_only = replace(WEIGHTS, words=0.0, sure=0.0, recent=0.0)

    def words(question: Question) -> list[Candidate]:
        return retrieval.search(question.wordings, [], None, today=_TODAY, limit=10)

    def meaning(question: Question) -> list[Candidate]:
        given = [vectors[text] for text in question.wordings]
        return retrieval.search(question.wordings, given, model, today=_TODAY, limit=10, weights=meaning_only)

    def both(question: Question) -> list[Candidate]:
        given = [vectors[text] for text in question.wordings]
        return retrieval.search(question.wordings, given, model, today=_TODAY, limit=10)

    def both_untranslated(question: Question) -> list[Candidate]:
        return both(replace(question, translated=""))

    return {"words": words, "meaning": meaning, "both": both, "both, untranslated": both_untranslated}


def show(asked: Sequence[Question], searches: Mapping[str, Search], *, misses: bool) -> None:
    """The table, a line for each kind of question, and what scores say of questions without an answer."""
    answerable = [question for question in asked if question.group != _NO_ANSWER]
    groups = [*dict.fromkeys(question.group for question in answerable), "all"]
    print(f"{'':8}{'n':>4}  " + "".join(f"{name:^22}" for name in searches))
    print(f"{'':14}" + f"{' R@1   R@5   MRR@10':<22}" * len(searches))
    for group in groups:
        those = [question for question in answerable if group in ("all", question.group)]
        cells = [figures(those, search) for search in searches.values()]
        shown = "".join(f"{r1:5.2f} {r5:5.2f} {mrr:6.2f}    " for r1, r5, mrr in cells)
        print(f"{group:8}{len(those):4}  {shown}")
    right = [hits[0].score for q in answerable if (hits := searches["both"](q)) and rank(q, hits) == 1]
    wrong = [hits[0].score for q in asked if q.group == _NO_ANSWER and (hits := searches["both"](q))]
    print(f"score of the first hit, right: median {statistics.median(right):.2f}, least {min(right):.2f}")
    print(
        f"score of a first hit where there is no answer: median {statistics.median(wrong):.2f}, most {max(wrong):.2f}"
    )
    if misses:
        for question in answerable:
            if not 0 < (place := rank(question, searches["both"](question))) <= 1:
                print(f"  {place or '-':>2} {question.group}: {question.query} → {question.answers[0]}")


async def run(half: str, *, misses: bool) -> None:
    """Measure one half and print."""
    with tempfile.TemporaryDirectory() as folder:
        retrieval, vectors, model = await prepare(Path(folder))
        try:
            show(questions()[half], ways(retrieval, vectors, model), misses=misses)
        finally:
            retrieval.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("tuned", "reported"), default="reported", help="which questions are asked")
    parser.add_argument("--misses", action="store_true", help="name the questions whose answer is not the first hit")
    arguments = parser.parse_args()
    machine()
    asyncio.run(run(arguments.half, misses=arguments.misses))


if __name__ == "__main__":
    main()
