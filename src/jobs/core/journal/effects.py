"""What our own tools did, recorded under the call's id before it runs.

A turn that is tried again (a restart, a Claude process that died) may repeat calls that already took effect. The
model then names them by new ids, so a repeat is known by its session, tool and arguments, among the effects of
earlier attempts whose turn has not been answered yet. Each recorded effect stands in for one repeat in each attempt:
the attempt that got its result may be interrupted in its turn.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

from jobs.core.clock import Clock, to_text
from jobs.core.database import Transaction

EffectState = Literal["started", "done", "failed"]


@dataclass(frozen=True, slots=True)
class RecordedEffect:
    """A call and its outcome; `result` is None while it runs, or for ever if the program died meanwhile."""

    tool_use_id: str
    tool: str
    arguments: str
    state: EffectState
    result: str | None


@dataclass(frozen=True, slots=True)
class _Call:
    tool_use_id: str
    session_key: str
    attempt: str
    tool: str
    arguments: str
    atomic: bool


class Effects:
    """The tool_effects table."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def begin(
        self,
        tx: Transaction,
        *,
        tool_use_id: str,
        session_key: str,
        attempt: str,
        tool: str,
        arguments: str,
        atomic: bool,
        turn: int,
    ) -> RecordedEffect | None:
        """Record a call that is about to run; or return the recorded effect that it repeats.

        `turn` counts the attempt's turns, so that ending one leaves the effects of the next up for replay.
        An `atomic` call takes effect in the transaction that records its end: if it only began, nothing happened.
        """
        call = _Call(tool_use_id, session_key, attempt, tool, arguments, atomic)
        repeated = await self._repeated(tx, call)
        if repeated is not None:
            await tx.execute(
                "UPDATE tool_effects SET replayed_in = ? WHERE tool_use_id = ?",
                attempt,
                repeated["tool_use_id"],
            )
            return RecordedEffect(
                tool_use_id=repeated["tool_use_id"],
                tool=repeated["tool"],
                arguments=repeated["arguments"],
                state=repeated["state"],
                result=repeated["result"],
            )
        await tx.execute(
            "INSERT INTO tool_effects (tool_use_id, session_key, attempt, turn, tool, arguments, state, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, 'started', ?)",
            tool_use_id,
            session_key,
            attempt,
            turn,
            tool,
            arguments,
            to_text(self._clock.now()),
        )
        return None

    async def is_repeat(
        self, tx: Transaction, *, session_key: str, attempt: str, tool: str, arguments: str, atomic: bool
    ) -> bool:
        """Whether such a call would get the result of an earlier one instead of being run."""
        return await self._repeated(tx, _Call("", session_key, attempt, tool, arguments, atomic)) is not None

    async def _repeated(self, tx: Transaction, call: _Call) -> sqlite3.Row | None:
        return await tx.one(
            "SELECT * FROM tool_effects WHERE tool_use_id = ? OR (session_key = ? AND attempt <> ? AND tool = ? "
            "AND arguments = ? AND settled = 0 AND replayed_in IS NOT ? "
            "AND (state = 'done' OR (state = 'started' AND NOT ?))) "
            "ORDER BY tool_use_id = ? DESC, created_at, rowid LIMIT 1",
            call.tool_use_id,
            call.session_key,
            call.attempt,
            call.tool,
            call.arguments,
            call.attempt,
            call.atomic,
            call.tool_use_id,
        )

    async def end(self, tx: Transaction, tool_use_id: str, state: EffectState, result: str) -> None:
        """Record how the call ended."""
        await tx.execute(
            "UPDATE tool_effects SET state = ?, result = ? WHERE tool_use_id = ?", state, result, tool_use_id
        )

    async def unsettled(self, tx: Transaction, session_key: str) -> list[RecordedEffect]:
        """Effects of turns that have not been answered, oldest first."""
        rows = await tx.all(
            "SELECT * FROM tool_effects WHERE session_key = ? AND settled = 0 AND state <> 'failed' "
            "ORDER BY created_at, rowid",
            session_key,
        )
        return [
            RecordedEffect(
                tool_use_id=r["tool_use_id"],
                tool=r["tool"],
                arguments=r["arguments"],
                state=r["state"],
                result=r["result"],
            )
            for r in rows
        ]

    async def settle(self, tx: Transaction, session_key: str, attempt: str, turn: int) -> None:
        """This turn of the session has been answered: what it did is not up for replay any more.

        What other turns and attempts left stays up for replay while a message that they may have acted for is open.
        """
        await tx.execute(
            "UPDATE tool_effects SET settled = 1 WHERE session_key = ? AND settled = 0 AND (attempt = ? AND turn = ? "
            "OR NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.session_key = tool_effects.session_key AND attempts > 0 "
            "AND state IN ('new', 'submitted', 'parked')))",
            session_key,
            attempt,
            turn,
        )
