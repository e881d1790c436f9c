"""Answers that may not be sent as they are: the model writes them again, or the owner decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

MOST_CORRECTIONS = 2
CORRECTION = "[{objection} Write the answer again without it; nothing of the first was sent.]"


class Corrections:
    """Counts them, in a row, of answers to the same messages."""

    def __init__(self, object_to: Callable[[Sequence[str]], Awaitable[str | None]] | None) -> None:
        self._object_to = object_to
        self._count = 0

    async def demanded(self, texts: Sequence[str]) -> str | None:
        """What to tell the model; None when the texts may be sent, "" when it has been told often enough."""
        objection = await self._object_to(texts) if self._object_to is not None and texts else None
        if objection is None or self._count >= MOST_CORRECTIONS:
            self._count = 0
            return None if objection is None else ""
        self._count += 1
        return CORRECTION.format(objection=objection)
