"""What the model's work cost: one event a turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jobs.core.clock import Clock, to_text
from jobs.core.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class TurnUsage:
    """One turn as it was billed; tokens as the API counts them, cost in US dollars, duration in milliseconds."""

    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float = 0.0
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """Sums over a period."""

    turns: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: float


class Usage:
    """The usage_events table."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def record(
        self, tx: Transaction, usage: TurnUsage, *, session_key: str, started_by: str, outcome: str
    ) -> None:
        """Write one turn down; `started_by` is what caused it (owner, background…)."""
        await tx.execute(
            "INSERT INTO usage_events (at, session_key, started_by, model, outcome, input_tokens, output_tokens, "
            "cache_read_tokens, cache_write_tokens, cost_usd, duration_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            to_text(self._clock.now()),
            session_key,
            started_by,
            usage.model,
            outcome,
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_tokens,
            usage.cache_write_tokens,
            usage.cost_usd,
            usage.duration_ms,
        )

    async def since(self, moment: datetime) -> UsageTotal:
        """Totals from a moment until now; `input_tokens` includes what was written to the cache."""
        async with self._database.transaction() as tx:
            row = await tx.one(
                "SELECT count(*) AS turns, coalesce(sum(input_tokens + cache_write_tokens), 0) AS input, "
                "coalesce(sum(output_tokens), 0) AS output, coalesce(sum(cache_read_tokens), 0) AS cached, "
                "coalesce(sum(cost_usd), 0.0) AS cost FROM usage_events WHERE at >= ?",
                to_text(moment),
            )
        assert row is not None  # noqa: S101 - an aggregate always has one row
        return UsageTotal(row["turns"], row["input"], row["output"], row["cached"], row["cost"])
