"""What was said between people and the assistant, from the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from jobs.core.clock import from_text, to_text
from jobs.core.database import Transaction
from jobs.core.fence import fenced
from jobs.core.journal.outbox import WITHDRAWN
from jobs.core.messages import InboundMessage, Taken

_LONGEST = 12_000
"""Characters of one tool result: what is longer does not arrive whole (measured at 20k)."""

_STATES = {
    "ready": " (not delivered yet)",
    "failed": " (could not be delivered)",
    WITHDRAWN: " (taken back before it was sent)",
}
_LATELY = 8
_MOMENT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Line:
    """One message; `said_by` is None for the assistant's own."""

    at: datetime
    said_by: int | None
    chat_id: int
    text: str
    task_id: str | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages between people and the assistant; those of both sides, unless told otherwise."""

    user_ids: Sequence[int]
    since: datetime | None = None
    until: datetime | None = None
    ours_alone: bool = False
    task_id: str | None = None
    """Of ours, none of other errands; with `ours_alone`, those of this one alone."""
    delivered: bool = False
    """Of ours, none that did not arrive."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some messages, the oldest first, and how many there are before and after them."""

    lines: Sequence[Line]
    earlier: int
    later: int


async def correspondence(tx: Transaction, wanted: Wanted, *, limit: int = 40, skip: int = 0) -> Excerpt:
    """The latest messages to and from people, but for the `skip` very latest."""
    source, values = _selection(wanted)
    rows = await tx.all(
        f"SELECT * FROM ({source}) ORDER BY at DESC, ours DESC, id DESC LIMIT ? OFFSET ?",  # noqa: S608
        *values, limit, skip,
    )  # fmt: skip
    counted = await tx.one(f"SELECT count(*) AS found FROM ({source})", *values)  # noqa: S608
    found = int(counted["found"]) if counted is not None else 0
    return Excerpt([_line(row) for row in reversed(rows)], max(0, found - skip - len(rows)), min(skip, found))


def _selection(wanted: Wanted) -> tuple[str, list[str | int]]:
    """The rows of both tables as SQL, and the values of its places."""
    people = f"chat_id IN ({', '.join('?' for _ in wanted.user_ids)})"
    window: list[str | int] = [
        *wanted.user_ids,
        to_text(wanted.since) if wanted.since else "",
        to_text(wanted.until) if wanted.until else "9999",
    ]
    sent = (
        "SELECT created_at AS at, 1 AS ours, id, chat_id, text, task_id, "  # noqa: S608
        f"CASE WHEN error = '{WITHDRAWN}' THEN error ELSE state END AS state FROM outbox "
        f"WHERE {people} AND created_at >= ? AND created_at <= ? AND state <> 'draft'"
    )
    values = list(window)
    if wanted.delivered:
        sent += " AND state IN ('ready', 'sent')"
    if wanted.task_id is not None:
        sent += f" AND (task_id = ?{'' if wanted.ours_alone else ' OR task_id IS NULL'})"
        values.append(wanted.task_id)
    if wanted.ours_alone:
        return sent, values
    said = (
        "SELECT received_at AS at, 0 AS ours, id, chat_id, payload AS text, NULL AS task_id, '' AS state FROM inbox "  # noqa: S608
        f"WHERE {people} AND received_at >= ? AND received_at <= ?"
    )
    return f"{said} UNION ALL {sent}", [*window, *values]


def _line(row: sqlite3.Row) -> Line:
    if row["ours"]:
        return Line(from_text(row["at"]), None, row["chat_id"], row["text"], row["task_id"], row["state"])
    return _heard(row["at"], row["chat_id"], row["text"])


async def said_in_its_name(tx: Transaction, user_id: int, zone: tzinfo) -> str:
    """What the owner's side has lately sent to a person: the session that talks with them did not say it itself."""
    rows = await tx.all(
        "SELECT created_at, text FROM outbox WHERE chat_id = ? AND origin = 'tool' AND state IN ('ready', 'sent') "
        "ORDER BY id DESC LIMIT ?",
        user_id,
        _LATELY,
    )
    return "\n".join(f"{from_text(r['created_at']).astimezone(zone):{_MOMENT}}: {r['text']}" for r in reversed(rows))


def _heard(received_at: str, chat_id: int, payload: str) -> Line:
    message = InboundMessage.model_validate_json(payload)
    text = " ".join(filter(None, (message.text, _file(message))))
    if message.edited_at:
        text = f"(edited) {text}"
    return Line(from_text(received_at), message.sender_id, chat_id, text)


def _file(message: InboundMessage) -> str:
    """What hung on it, where that lies, and what is said in it."""
    if message.attachment is None:
        return ""
    taken = message.taken or Taken()
    told = message.carried.told.replace("\n", "; ") if message.carried is not None else ""
    facts = ": ".join(filter(None, (", ".join(filter(None, (message.attachment, taken.path))), told)))
    return f"[{facts}] {taken.speech}".strip()


def show(excerpt: Excerpt, names: dict[int, str], zone: tzinfo) -> str:
    """Messages for the model: exact words, fenced; of too many the latest, and how to read those before them."""
    shown: list[str] = []
    length = 0
    for line in reversed(excerpt.lines):
        text = _shown(line, names.get(line.chat_id, str(line.chat_id)), zone)
        length += len(text)
        if length > _LONGEST and shown:
            break
        shown.append(text)
    left_out = excerpt.earlier + len(excerpt.lines) - len(shown)
    if left_out:
        shown.append(f"({left_out} earlier messages are left out: to read on, skip={excerpt.later + len(shown)})")
    shown.reverse()
    if excerpt.later:
        shown.append(f"({excerpt.later} later messages are left out, as you asked)")
    return "\n".join(shown) or "(nothing was said)"


def _shown(line: Line, name: str, zone: tzinfo) -> str:
    moment = f"{line.at.astimezone(zone):{_MOMENT}}"
    if line.said_by is not None:
        return f"{moment} {name}: {fenced(line.text)}"
    state = _STATES.get(line.state, "")
    errand = f" (errand {line.task_id})" if line.task_id else ""
    # Fenced as well: whoever talks with it may have had it repeat their words.
    return f"{moment} the assistant to {name}{state}{errand}: {fenced(line.text)}"
