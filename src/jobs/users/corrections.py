"""Answers that may not be sent as they are: the model writes them again, or the owner decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from jobs.core.ports import Objection

MOST_CORRECTIONS = 2
CORRECTION = "[{objection} Write the answer again without it; nothing of the first was sent.]"


@dataclass(frozen=True, slots=True)
class Correction:
    """Why an answer is not sent, and what to tell the model; "" when no other answer would help."""

    objection: Objection
    text: str


class Corrections:
    """Counts them, in a row, of answers to the same messages."""

    def __init__(self, object_to: Callable[[Sequence[str]], Awaitable[Objection | None]] | None) -> None:
        self._object_to = object_to
        self._count = 0

    async def demanded(self, texts: Sequence[str]) -> Correction | None:
        """What is wrong with an answer; None when it may be sent."""
        objection = await self._object_to(texts) if self._object_to is not None and texts else None
        if objection is None or objection.reason != "private" or self._count >= MOST_CORRECTIONS:
            self._count = 0
            return Correction(objection, "") if objection is not None else None
        self._count += 1
        return Correction(objection, CORRECTION.format(objection=objection.why))
