"""What holds between any two moments of the journal's life, read from the file by a connection of its own."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

SETTLED = ("done", "dropped", "failed")
OPEN = ("new", "submitted", "parked")
NEXT_OUTBOX_STATES = {
    "draft": ("draft", "ready", "failed"),
    "ready": ("ready", "sent", "failed"),
    "sent": ("sent",),
    "failed": ("failed",),
}

Table = dict[int | str, sqlite3.Row]


@dataclass(frozen=True)
class Snapshot:
    """Every row of the journal at one moment, by its primary key."""

    inbox: Table
    outbox: Table
    effects: Table

    def open_rows(self, session_key: str) -> list[int]:
        """Ids of a session's messages that have no answer."""
        return [int(i) for i, row in self.inbox.items() if row["session_key"] == session_key and row["state"] in OPEN]

    def unsettled(self, session_key: str) -> list[sqlite3.Row]:
        """A session's effects that may still stand in for a repeat."""
        return [r for r in self.effects.values() if r["session_key"] == session_key and not r["settled"]]


def take_snapshot(connection: sqlite3.Connection) -> Snapshot:
    """Read what is committed."""

    def table(name: str, key: str) -> Table:
        return {row[key]: row for row in connection.execute(f"SELECT * FROM {name} ORDER BY rowid")}  # noqa: S608

    return Snapshot(table("inbox", "id"), table("outbox", "id"), table("tool_effects", "tool_use_id"))


def check_laws(before: Snapshot, now: Snapshot) -> None:
    """Raise AssertionError where the step from `before` to `now` breaks a law."""
    _check_inbox(before.inbox, now.inbox)
    _check_outbox(before.outbox, now.outbox)
    _check_effects(before.effects, now.effects)


def _check_inbox(before: Table, now: Table) -> None:
    names = [(row["chat_id"], row["message_id"], row["revision"]) for row in now.values()]
    assert len(names) == len(set(names)), "a message is there twice"
    assert before.keys() <= now.keys(), "a message is gone"
    for row in now.values():
        assert (row["state"] == "held") == (row["session_key"] is None), "held is what nobody answers"
        assert row["state"] in ("held", *SETTLED, *OPEN)
        assert (row["settled_at"] is not None) == (row["state"] in SETTLED)
        assert row["not_before"] is None or row["state"] == "new", "only what is in the queue waits for a moment"
    for key, old in before.items():
        row = now[key]
        if old["state"] in SETTLED:
            assert tuple(row) == tuple(old), "what is settled changed"
        assert (row["session_key"], row["received_at"]) == (old["session_key"], old["received_at"])
        assert row["attempts"] >= old["attempts"]
        if old["attempts"]:
            assert row["payload"] == old["payload"], "a message changed after the model may have seen it"


def _check_outbox(before: Table, now: Table) -> None:
    drafts = [row["draft_of"] for row in now.values() if row["state"] == "draft"]
    assert len(drafts) == len(set(drafts)), "a session has two drafts"
    assert None not in drafts
    random_ids = [row["random_id"] for row in now.values()]
    assert len(random_ids) == len(set(random_ids))
    assert 0 not in random_ids
    assert before.keys() <= now.keys(), "an outgoing message is gone"
    for key, old in before.items():
        row = now[key]
        assert row["state"] in NEXT_OUTBOX_STATES[old["state"]]
        assert row["chat_id"] == old["chat_id"]
        if old["state"] in ("sent", "failed"):
            assert tuple(row) == tuple(old), "what is out of our hands changed"
        if old["state"] == "ready":
            assert (row["text"], row["entities"]) == (old["text"], old["entities"]), "a final text changed"
        if row["random_id"] != old["random_id"]:
            assert not row["attempted"], "what Telegram may have goes under another random_id"
            assert row["message_id"] is None


def _check_effects(before: Table, now: Table) -> None:
    assert before.keys() <= now.keys(), "an effect is forgotten"
    for key, old in before.items():
        row = now[key]
        assert row["settled"] >= old["settled"], "an answered turn's effect is up for replay again"
        for column in ("session_key", "attempt", "turn", "tool", "arguments"):
            assert row[column] == old[column]
        if old["state"] != "started":
            assert (row["state"], row["result"]) == (old["state"], old["result"]), "a recorded outcome changed"
