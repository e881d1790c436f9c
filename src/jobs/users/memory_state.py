"""The table memory_state: what is on its way into the notes, so that a kill costs nothing of it."""

from __future__ import annotations

from typing import Literal

from jobs.core.database import Transaction

Name = Literal[
    "kept_inbox",  # up to which row of the inbox what was said has been gone through
    "kept_outbox",
    "note",  # what was found, on its way into the log of a day
    "noted_at",  # the moment of that log; UTC
    "distilled_to",  # the last day (owner's zone) whose log has been distilled; "+n": and n characters of the next one
    "facts_to",  # how far the logs had been read when the facts below were found
    "facts",  # what was found in the logs, as JSON, on its way into MEMORY.md
    "to_tell",  # what the owner is to be told of it
]


async def recall(tx: Transaction, name: Name) -> str:
    """A value; "" where there is none."""
    row = await tx.one("SELECT value FROM memory_state WHERE name = ?", name)
    return str(row["value"]) if row else ""


async def keep(tx: Transaction, name: Name, value: str) -> None:
    """Write a value down; "" for none."""
    await tx.execute(
        "INSERT INTO memory_state (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        name,
        value,
    )
