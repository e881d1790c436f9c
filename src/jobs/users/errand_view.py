"""Errands in words, for the model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, tzinfo

from jobs.core.fence import fenced
from jobs.core.messages import person_of
from jobs.users.models import Change, ConversationTask

_SHORT = 300
_SAID = 600
_STORY = 6_000
"""Characters; with what was said, a whole errand stays below the size of a result that arrives whole."""


def brief(errand: ConversationTask, zone: tzinfo, now: datetime) -> str:
    """An errand in one line."""
    parts = [f"{errand.id}: {errand.title}", f"with {errand.names}", _status(errand, now)]
    if errand.deadline:
        parts.append(f"until {_time(errand.deadline, zone)}")
    if errand.next_step:
        parts.append(f"next: {errand.next_step}")
    if errand.result:
        parts.append(f"result: {fenced(errand.result, limit=_SHORT)}")  # what one of its people said, as a rule
    return " · ".join(parts)


def full(errand: ConversationTask, zone: tzinfo, now: datetime) -> str:
    """Everything that the owner's side knows of an errand; its people's own words are fenced."""
    context = errand.context.model_dump(mode="json", exclude_defaults=True)
    people = "\n".join(
        f"- {person.name} (id {person.user_id}): {person.status}"
        + (f", said {fenced(person.result, limit=_SAID)}" if person.result else "")
        for person in errand.people
    )
    return "\n".join([brief(errand, zone, now), *_details(errand), f"Context: {_json(context)}", "People:", people])


def story(history: Sequence[Change], zone: tzinfo) -> str:
    """The latest of what has happened to an errand; what the sessions wrote that talk with its people is fenced."""
    lines: list[str] = []
    for number, change in enumerate(reversed(history)):
        words = change.change[:_SAID] if person_of(change.actor) is None else fenced(change.change, limit=_SAID)
        lines.append(f"{change.at.astimezone(zone):%Y-%m-%d %H:%M} {change.actor}: {words}")
        if sum(map(len, lines)) > _STORY and number + 1 < len(history):
            lines.append(f"({len(history) - number - 1} earlier changes are left out)")
            break
    return "\n".join(reversed(lines))


def for_person(errands: Sequence[ConversationTask], user_id: int, zone: tzinfo, now: datetime) -> str:
    """What the session that talks with a person may know of their errands: no one else, and nothing unsayable."""
    return "\n\n".join(_for_person(errand, user_id, zone, now) for errand in errands) or "There are none."


def _for_person(errand: ConversationTask, user_id: int, zone: tzinfo, now: datetime) -> str:
    mine = next(person for person in errand.people if person.user_id == user_id)
    lines = [f"Errand {errand.id}: {errand.title}", *_details(errand), f"Where it stands with them: {mine.status}"]
    if not errand.is_open:
        lines.append("It is settled. Should they take something back or correct it, record that all the same.")
    if errand.is_overdue(now):
        lines.append("It is overdue.")
    if errand.deadline:
        lines.append(f"To be settled by {_time(errand.deadline, zone)}")
    if errand.context.other:
        lines.append(f"Limits: {_json(errand.context.other)}")
    if errand.context.may_say:
        lines.append("What may be told: " + "; ".join(errand.context.may_say))
    return "\n".join(lines)


def _details(errand: ConversationTask) -> list[str]:
    found = [errand.description] if errand.description else []
    return found + ([f"Kind: {errand.kind}"] if errand.kind else [])


def _status(errand: ConversationTask, now: datetime) -> str:
    return f"{errand.status}, overdue" if errand.is_overdue(now) else errand.status


def _time(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %z")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
