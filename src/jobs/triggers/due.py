"""What wants looking after, and when it does again: each occasion counts once, so that silence stays the rule."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from jobs.core.clock import to_text
from jobs.tools.approvals import Question
from jobs.users.models import ConversationTask

QUIET = timedelta(days=1)
"""An errand that has not moved for so long is looked at; then after twice as long, and so on."""
AHEAD = timedelta(days=1)
UNANSWERED = timedelta(minutes=10)
_DAY = r"\d{4}-\d\d-\d\d"
_PLUS, _MINUS = r"\+(?:0\d|1[0-4]):?[0-5]\d(?!\d)", r"-(?:0\d|1[0-2]):?[0-5]\d(?!\d)"
_MOMENT = re.compile(
    rf"{_DAY}(?:T\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?| \d\d:\d\d:\d\d(?:[.,]\d+)?)(?:\s?(?:Z\b|{_PLUS})|{_MINUS})?"
    rf"|{_DAY} \d\d:\d\d(?:\s?(?:Z\b|{_PLUS}))?"
)
"""“2026-03-02 10:00-11:30” is a range: a minus begins an offset only where the time is written out (T, seconds)."""
_BOX = re.compile(r"\[([^\]]?)\](?![(\[])\s*")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FIRST = ["list_item_open", "paragraph_open"]


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is due. `occasion` names it: what has been looked after does not come up again for the same."""

    occasion: str
    why: str
    errand: ConversationTask | None = None


def due_errand(errand: ConversationTask, now: datetime, zone: tzinfo) -> Sequence[Due]:
    """Why an open errand is due, if it is: what it planned itself comes first."""
    planned = _planned(errand.next_step, zone)
    found: list[Due] = []
    if come := [moment for moment in planned if moment <= now]:
        found.append(Due(f"{errand.id} step {to_text(max(come))}", "what its next step waits for has come", errand))
    quiet = now - errand.updated_at
    if errand.deadline is not None and errand.deadline <= now:
        days = (now - errand.deadline) // timedelta(days=1)
        found.append(Due(f"{errand.id} overdue {to_text(errand.deadline)} {days}", "it is overdue", errand))
    elif errand.deadline is not None and errand.deadline - now <= AHEAD:
        found.append(Due(f"{errand.id} ahead {to_text(errand.deadline)}", "its deadline is near", errand))
    elif len(come) == len(planned) and quiet >= QUIET:
        times = int(math.log2(quiet / QUIET))
        why = "nothing has happened for long"
        found.append(Due(f"{errand.id} quiet {to_text(errand.updated_at)} {times}", why, errand))
    return found


def due_question(question: Question, now: datetime) -> Due | None:
    """Why a question to the owner is due: nobody has answered it for a while."""
    waited = now - question.asked_at
    if waited < UNANSWERED:
        return None
    about = question.what or "whether somebody who wrote may be talked with"
    days = waited // timedelta(days=1)
    return Due(f"question {question.id} {days}", f"the owner has not answered a question: {about}")


def unchecked(checklist: str) -> Sequence[str]:
    """The items of a Markdown checklist that are not ticked; headings, text, rules, comments and code are no items."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - not needed for a start

    tokens = MarkdownIt("commonmark").parse(checklist)
    items: list[str] = []
    for number, token in enumerate(tokens):
        if token.type != "inline" or [before.type for before in tokens[max(0, number - 2) : number]] != _FIRST:
            continue
        text = " ".join(_COMMENT.sub("", token.content).split())
        box = _BOX.match(text)
        if box is None or box[1] in ("", " "):
            items.append(text[box.end() :] if box else text)
    return [item for item in items if item]


def _planned(step: str, zone: tzinfo) -> Sequence[datetime]:
    """The moments that a next step names in ISO 8601; without an offset they are the owner's time."""
    moments: list[datetime] = []
    for found in _MOMENT.findall(step):
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(re.sub(r"\s(?=[Z+-])", "", found))
            moments.append((moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC))
    return moments
