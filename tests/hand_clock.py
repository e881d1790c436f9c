"""A clock that the test holds in its hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class HandClock:
    """It stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def moves(self, **span: float) -> None:
        """Let time pass: `hours=1`, `seconds=5`."""
        self.moment += timedelta(**span)
