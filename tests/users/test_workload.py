"""What is handed over next: what was said goes together, what comes due goes alone and last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from hand_clock import HandClock
from jobs.core.journal import InboxRow
from jobs.core.messages import InboundMessage, SessionEvent
from jobs.users.workload import Gathering, Workload


def row(row_id: int, kind: Literal["news", "trigger"] | None = None) -> InboxRow:
    event = SessionEvent(kind=kind, facts="x") if kind else None
    message = InboundMessage(
        chat_id=0, message_id=row_id, sender_id=0, sent_at=datetime(2026, 3, 2, tzinfo=UTC), text="x", event=event
    )
    return InboxRow(row_id, message, 0, None)


@pytest.fixture
def work() -> Workload:
    return Workload(HandClock(), Gathering())


def ids(rows: list[InboxRow]) -> list[int]:
    return [row.id for row in rows]


def test_what_was_said_goes_first_and_together_then_what_came_due_one_by_one(work: Workload) -> None:
    for each in (row(1, "trigger"), row(2), row(3, "trigger"), row(4, "news")):
        work.accept(each)
    assert ids(work.take_next()) == [2, 4]
    assert ids(work.take_next()) == [1]
    assert ids(work.take_next()) == [3]
    assert work.empty


def test_what_came_due_waits_for_the_answers_and_what_is_said_does_not(work: Workload) -> None:
    work.sent("a", [row(1)])
    work.accept(row(2, "trigger"))
    assert work.due_at() is None
    assert not work.empty
    work.accept(row(3))
    assert ids(work.take_next()) == [3]
    work.answered(["a"])
    assert work.due_at() is not None
    assert ids(work.take_next()) == [2]


def test_one_that_is_postponed_holds_the_later_ones_up(work: Workload) -> None:
    work.put_back([row(1, "trigger")], HandClock().now() + timedelta(hours=1))
    work.put_back([row(2, "trigger")])
    due = work.due_at()
    assert due is not None
    assert due > 3000
    assert ids(work.take_all()) == [1, 2]
    assert work.empty
