"""Counting what a storm left behind, in the chats themselves and in the database."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from numbers_model import effect_text
from phases import Phase, Scene


@dataclass
class Tally:
    """What was done to the daemon, and what came of it."""

    seed: int
    kills: Counter[Phase] = field(default_factory=Counter[Phase])
    mischief: Counter[str] = field(default_factory=Counter[str])
    began: float = field(default_factory=time.monotonic)
    counts: dict[str, int] = field(default_factory=dict[str, int])
    findings: list[str] = field(default_factory=list[str])
    """One sentence for each thing that is not as it must be."""

    def count(self, scene: Scene) -> None:
        """Look at everything once the daemon has been stopped."""
        numbers, answers, effects = list(scene.sent), scene.answered(), scene.effects()
        wanted = {effect_text(number) for number in numbers}
        held_up = [(a, b) for a, b in pairwise(answers) if a >= b]
        open_rows = scene.stage.rows("SELECT id, state, payload FROM inbox WHERE state NOT IN ('done', 'held')")
        unsent = scene.stage.rows("SELECT id, state, chat_id, text FROM outbox WHERE state <> 'sent'")
        self.counts = {
            "numbers sent": len(numbers),
            "answers": len(answers),
            "effects": len(effects),
            "notices": len(scene.notices()),
        }
        self.find("answers missing", sorted(set(numbers) - set(answers)))
        self.find("answers twice", repeated(answers))
        self.find("answers to nobody", sorted(set(answers) - set(numbers)))
        self.find("order violations", held_up)
        self.find("torn messages", scene.torn())
        self.find("effects missing", sorted(wanted - set(effects)))
        self.find("effects twice", repeated(effects))
        self.find("effects of nobody", sorted(set(effects) - wanted))
        self.find("inbox rows open", open_rows)
        self.find("outbox rows unsent", unsent)

    def find(self, what: str, found: Sequence[object]) -> None:
        """Note things that must not be there."""
        self.counts[what] = len(found)
        if found:
            self.findings.append(f"{what}: {found[:10]}")

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"JOBS_CHAOS_SEED={self.seed}, {time.monotonic() - self.began:.0f} s"
        if self.kills:
            yield f"{sum(self.kills.values()):6}  SIGKILLs of the daemon"
        for phase in Phase:
            if self.kills:
                yield f"{self.kills[phase]:10}  {phase}"
        for counter in (self.mischief, self.counts):
            for what, number in counter.items():
                yield f"{number:6}  {what}"


def repeated(things: Iterable[object]) -> list[object]:
    return [thing for thing, times in Counter(things).items() if times > 1]
