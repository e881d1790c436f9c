"""Slots behind the `get_…()` façade: `app.py` fills them at start and empties them at stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from jobs.core.errors import NotStartedError

T = TypeVar("T")


class Slot(Generic[T]):
    """A place for one running service."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._value: T | None = None

    @contextmanager
    def filled(self, value: T) -> Iterator[T]:
        """Hold `value` for the length of the block; a slot cannot be filled twice."""
        if self._value is not None:
            raise RuntimeError(f"{self._name} is started already")
        self._value = value
        try:
            yield value
        finally:
            self._value = None

    def get(self) -> T:
        """The running service. Raises NotStartedError before the start and after the stop."""
        if self._value is None:
            raise NotStartedError(f"{self._name} is not running: the application fills it at start.")
        return self._value
