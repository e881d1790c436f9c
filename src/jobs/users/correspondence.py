"""What was said between people and the assistant, from the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from jobs.core.clock import from_text, to_text
from jobs.core.database import Transaction
from jobs.core.messages import InboundMessage
from jobs.users.fence import fenced

_LONGEST = 12_000
"""Characters of one tool result: what is longer does not arrive whole (measured at 20k)."""

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


async def correspondence(
    tx: Transaction, user_ids: Sequence[int], *, since: datetime | None = None, limit: int = 40
) -> list[Line]:
    """The latest messages to and from people, the oldest first."""
    marks = ", ".join("?" for _ in user_ids)
    start = to_text(since) if since else ""
    said = await tx.all(
        f"SELECT received_at, chat_id, payload FROM inbox WHERE chat_id IN ({marks}) AND received_at >= ? "  # noqa: S608
        "ORDER BY id DESC LIMIT ?",
        *user_ids,
        start,
        limit,
    )
    sent = await tx.all(
        f"SELECT created_at, chat_id, text, task_id, state FROM outbox WHERE chat_id IN ({marks}) "  # noqa: S608
        "AND created_at >= ? AND state <> 'draft' ORDER BY id DESC LIMIT ?",
        *user_ids,
        start,
        limit,
    )
    lines = [_heard(row["received_at"], row["chat_id"], row["payload"]) for row in said]
    lines += [Line(from_text(r["created_at"]), None, r["chat_id"], r["text"], r["task_id"], r["state"]) for r in sent]
    return sorted(lines, key=lambda line: line.at)[-limit:]


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
    text = message.text or (f"[{message.attachment}]" if message.attachment else "")
    if message.edited_at:
        text = f"(edited) {text}"
    return Line(from_text(received_at), message.sender_id, chat_id, text)


def show(lines: Sequence[Line], names: dict[int, str], zone: tzinfo) -> str:
    """Lines for the model: exact words, fenced; the oldest are left out when there are too many."""
    shown: list[str] = []
    length = 0
    for line in reversed(lines):
        moment = f"{line.at.astimezone(zone):{_MOMENT}}"
        name = names.get(line.chat_id, str(line.chat_id))
        if line.said_by is None:
            state = {"ready": " (not delivered yet)", "failed": " (could not be delivered)"}.get(line.state, "")
            # Fenced as well: whoever talks with it may have had it repeat their words.
            text = f"{moment} the assistant to {name}{state}: {fenced(line.text)}"
        else:
            text = f"{moment} {name}: {fenced(line.text)}"
        length += len(text)
        if length > _LONGEST:
            shown.append("(earlier messages are left out)")
            break
        shown.append(text)
    return "\n".join(reversed(shown)) or "(nothing was said)"
