"""What is due, why, and how often it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.tools.approvals import Question
from jobs.triggers.due import due_errand, due_question, unchecked
from jobs.users.models import ConversationTask, ErrandContext

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def errand(*, step: str = "", deadline: datetime | None = None, moved: datetime = NOW) -> ConversationTask:
    return ConversationTask(
        id="lumo", title="The keys", description="", kind="", context=ErrandContext(), deadline=deadline,
        status="waiting", next_step=step, result="", session_id=None, created_by="owner", created_at=moved,
        updated_at=moved,
    )  # fmt: skip


def why(errand: ConversationTask, now: datetime = NOW) -> str:
    return ", ".join(due.why for due in due_errand(errand, now, BERLIN))


def occasions(errand: ConversationTask, *moments: datetime) -> list[str]:
    return [due.occasion for moment in moments for due in due_errand(errand, moment, BERLIN)]


def test_an_errand_that_moves_is_not_due() -> None:
    assert why(errand()) == ""
    assert why(errand(deadline=NOW + timedelta(days=3))) == ""


@pytest.mark.parametrize(
    ("step", "due"),
    [
        ("remind her at 2026-03-02T12:00+00:00", True),
        ("remind at 2026-03-02 13:00 (1 of 2)", True),  # the owner's zone
        ("remind at 2026-03-02T13:01+01:00", False),
        ("remind at 2026-03-02 12:00:00 Z", True),
        ("remind at 2026-03-02T12:00:00.000Z", True),
        ("remind at 2026-03-02T12:00:01.000Z", False),
        ("remind at 2026-03-02 07:00:00-05:00", True),
        ("remind at 2026-03-02T07:01-05:00", False),
        ("be there 2026-03-02 13:00-14:30", True),  # from … to …, in the owner's zone
        ("be there 2026-03-02 13:01-14:30", False),
        ("be there 2026-03-02 13:00-11:30", True),
        ("be there 2026-03-02 13:00 -11:30", True),
        ("be there 2026-03-02T13:00:00-14:30", True),  # there is no such offset
        ("call 2026-03-02 13:00+79161234567", True),
        ("remind at 2026-13-45 99:99", False),
        ("once upon a time, 0001-01-01 00:00", False),
        ("asked on 2026-03-01 10:00; remind at 2026-03-02T12:00+00:00", True),
    ],
)
def test_a_next_step_is_due_at_the_time_that_it_names(step: str, due: bool) -> None:
    assert bool(why(errand(step=step))) == due


def test_a_step_that_has_a_time_of_its_own_is_let_alone_until_then() -> None:
    assert why(errand(step="ask on 2026-03-20 10:00", moved=NOW - timedelta(days=5))) == ""


def test_a_step_whose_time_has_passed_hides_neither_its_later_ones_nor_the_deadline() -> None:
    planned = errand(step="asked on 2026-03-01 10:00; remind at 2026-03-03 10:00", deadline=NOW + timedelta(days=2))
    moments = [NOW, NOW + timedelta(hours=25), NOW + timedelta(days=2)]
    found = occasions(planned, *moments)
    assert [occasion.split()[1] for occasion in found] == ["step", "step", "ahead", "step", "overdue"]
    assert len(set(found)) == 4


def test_an_overdue_errand_counts_once_a_day() -> None:
    late = errand(deadline=NOW)
    assert why(late) == "it is overdue"
    moments = [NOW, NOW + timedelta(hours=23), NOW + timedelta(hours=24), NOW + timedelta(hours=25)]
    assert len(set(occasions(late, *moments))) == 2


def test_a_near_deadline_counts_once() -> None:
    near = errand(deadline=NOW + timedelta(hours=20))
    assert why(near) == "its deadline is near"
    assert len(set(occasions(near, NOW, NOW + timedelta(hours=10)))) == 1


def test_a_quiet_errand_counts_ever_more_seldom() -> None:
    quiet = errand(moved=NOW)
    assert why(quiet, NOW + timedelta(hours=23)) == ""
    days = [NOW + timedelta(days=day) for day in range(1, 33)]
    assert len(set(occasions(quiet, *days))) == 6  # after 1, 2, 4, 8, 16 and 32 days


def test_a_question_is_due_once_it_has_waited_and_once_a_day() -> None:
    asked = Question(7, "call", "task:lumo", "lumo", "Bash", "💻 running: ls", "{}", 5, NOW, None)
    assert due_question(asked, NOW + timedelta(minutes=9)) is None
    moments = [NOW + timedelta(minutes=10), NOW + timedelta(hours=20), NOW + timedelta(days=1)]
    found = [due_question(asked, moment) for moment in moments]
    assert [due.occasion for due in found if due] == ["question 7 0", "question 7 0", "question 7 1"]
    assert "running: ls" in str(found[0])


def test_of_a_checklist_the_items_count_that_are_not_ticked() -> None:
    text = (
        "# Every day\nRead this.\n- [ ] the mail\n* [x] done\n1. the weather\n\n```\n- code\n```\n - [X] too\n- [ ]\n"
    )
    assert list(unchecked(text)) == ["the mail", "the weather"]
    assert list(unchecked("# Nothing\n\n<!-- - [x] -->\n")) == []


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("<!--\n- [ ] example\n-->\n- [ ] real", ["real"]),
        ("- [ ] real <!-- since May -->", ["real"]),
        ("Example:\n\n    - [ ] code\n\n- [ ] real\n  - [ ] below it", ["real", "below it"]),
        ("* * *\n- - -\n***\n---", []),
        ("- [x]done\n- [✓] done\n- [-] given up\n- []new\n- [ ]newer", ["new", "newer"]),
        ("~~~\n```\n~~~\n- [ ] after", ["after"]),
        ("- [ ] one\n  that goes on\n\n  and on", ["one that goes on"]),
        ("- [link](http://x) plain\n- [a](http://x)", ["[link](http://x) plain", "[a](http://x)"]),
    ],
)
def test_what_looks_like_an_item_is_read_as_markdown_reads_it(text: str, items: list[str]) -> None:
    assert list(unchecked(text)) == items
