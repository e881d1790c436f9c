"""What counts as the owner's word on a question, and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from jobs.core.database import Transaction
from jobs.core.journal import InboxRow, Journal
from jobs.core.messages import OWNER_SESSION, Forwarded, InboundMessage, RepliedTo
from jobs.core.rich_text import RichText
from jobs.tools.approvals import Approvals, Call
from jobs.tools.gate import canonical

OWNER = 7
SESSION = "task:lumo"
START = datetime(2030, 1, 7, 12, 0, tzinfo=UTC)
_ids = count(1)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def approvals(journal: Journal, clock: SetClock) -> Approvals:
    async def settle(tx: Transaction, user_id: int, granted: bool) -> None:
        raise AssertionError("no stranger was asked about")

    return Approvals(journal, clock, owner_chat=OWNER, language="en", zone=ZoneInfo("UTC"), settle_stranger=settle)


def wanted(tool: str = "mcp__jobs__send_to_user", **arguments: object) -> Call:
    shown: Mapping[str, object] = arguments or {"user": "Anna", "message": "Hello"}
    people = str(shown.get("user", ""))
    return Call(SESSION, "lumo", tool, canonical(shown), "Errand lumo:", tool, str(shown), "of the test", people)


async def put(journal: Journal, approvals: Approvals, call: Call, *, message_id: int | None) -> None:
    """Ask; with a `message_id` the question stands in the owner's chat."""
    await approvals.ask(call)
    if message_id is not None:
        await deliver(journal, message_id)


async def deliver(journal: Journal, message_id: int) -> None:
    """Telegram has taken everything that waited."""
    async with journal.database.transaction() as tx:
        for number, row in enumerate(await journal.outbox.pending(tx)):
            await journal.outbox.acknowledged(tx, row.id, message_id + number)
            await journal.outbox.sent(tx, row.id)


async def said(
    journal: Journal,
    text: str,
    *,
    message_id: int,
    reply_to: int | None = None,
    forwarded: bool = False,
    at: datetime = START,
) -> InboxRow:
    """A message of the owner in their chat."""
    message = InboundMessage(
        chat_id=OWNER,
        message_id=message_id,
        sender_id=OWNER,
        sent_at=at,
        text=text,
        reply_to=RepliedTo(message_id=reply_to, by_assistant=True) if reply_to else None,
        forwarded=Forwarded(origin="Mallory") if forwarded else None,
    )
    assert await journal.receive(message, OWNER_SESSION)
    async with journal.database.transaction() as tx:
        rows = await journal.inbox.unclaimed(tx, 0)
    return next(row for _, row in rows if row.message.message_id == message_id)


async def states(journal: Journal) -> list[str]:
    async with journal.database.transaction() as tx:
        return [row["state"] for row in await tx.all("SELECT state FROM approvals ORDER BY id")]


@pytest.mark.parametrize("word", ["yes", "Да!", "ok.", "👍", "ОК"])
async def test_a_bare_word_right_after_the_question_answers_it(
    journal: Journal, approvals: Approvals, word: str
) -> None:
    await put(journal, approvals, wanted(), message_id=100)
    assert await approvals.answered_by_message(await said(journal, word, message_id=101))
    assert await states(journal) == ["granted"]
    assert await approvals.use_permission(wanted())
    assert not await approvals.use_permission(wanted())


async def test_a_word_that_was_written_before_the_question_stood_there_grants_nothing(
    journal: Journal, approvals: Approvals
) -> None:
    row = await said(journal, "yes", message_id=99)
    await put(journal, approvals, wanted(), message_id=100)
    assert not await approvals.answered_by_message(row)
    assert await states(journal) == ["waiting"]


async def test_a_word_grants_nothing_while_the_question_is_not_in_the_chat(
    journal: Journal, approvals: Approvals
) -> None:
    await put(journal, approvals, wanted(), message_id=None)
    assert not await approvals.answered_by_message(await said(journal, "yes", message_id=99))
    assert await states(journal) == ["waiting"]


@pytest.mark.parametrize("finished", [True, False])
async def test_a_bare_word_after_an_answer_that_came_later_grants_nothing(
    journal: Journal, approvals: Approvals, finished: bool
) -> None:
    await put(journal, approvals, wanted(), message_id=100)
    async with journal.database.transaction() as tx:
        if finished:
            await journal.outbox.add(tx, OWNER, RichText("Shall I book the table?"), "answer")
        else:
            draft = await journal.outbox.draft(tx, OWNER, RichText("Shall I book the"), OWNER_SESSION)
            await journal.outbox.acknowledged(tx, draft.id, 101)
    if finished:
        await deliver(journal, 101)
    assert not await approvals.answered_by_message(await said(journal, "yes", message_id=102))
    assert await states(journal) == ["waiting"]


@pytest.mark.parametrize("text", ["yes please do", "yes?", "да нет", "why?", "♾", "approve all", "yes\nno", "❤"])
async def test_what_is_no_clear_word_grants_nothing(journal: Journal, approvals: Approvals, text: str) -> None:
    await put(journal, approvals, wanted(), message_id=100)
    assert not await approvals.answered_by_message(await said(journal, text, message_id=101, reply_to=100))
    await approvals.answered_by_reaction(100, text)
    assert await states(journal) == ["waiting"]


async def test_a_forwarded_word_or_a_reply_to_something_else_grants_nothing(
    journal: Journal, approvals: Approvals
) -> None:
    await put(journal, approvals, wanted(), message_id=100)
    assert not await approvals.answered_by_message(await said(journal, "yes", message_id=101, forwarded=True))
    assert not await approvals.answered_by_message(await said(journal, "yes", message_id=102, reply_to=98))
    await approvals.answered_by_reaction(98, "👍")
    assert await states(journal) == ["waiting"]


async def test_an_expired_question_is_not_answered_any_more(
    journal: Journal, approvals: Approvals, clock: SetClock
) -> None:
    await put(journal, approvals, wanted(), message_id=100)
    clock.at = late = START + timedelta(minutes=31)
    await approvals.answered_by_reaction(100, "👍")
    row = await said(journal, "yes", message_id=101, reply_to=100, at=late)
    assert not await approvals.answered_by_message(row)
    await approvals.expire()
    assert await states(journal) == ["expired"]
    await approvals.answered_by_reaction(100, "👍")
    assert not await approvals.use_permission(wanted())
    assert await states(journal) == ["expired"]


async def test_a_permission_holds_for_exactly_what_was_shown(journal: Journal, approvals: Approvals) -> None:
    await put(journal, approvals, wanted(user="Anna", message="Hello"), message_id=100)
    await approvals.answered_by_reaction(100, "👍")
    assert not await approvals.use_permission(wanted(user="Anna", message="Hello!"))
    assert not await approvals.use_permission(wanted(user="Boris", message="Hello"))
    assert await approvals.use_permission(wanted(user="Anna", message="Hello"))


async def test_for_this_errand_holds_for_the_person_it_was_said_of(journal: Journal, approvals: Approvals) -> None:
    await put(journal, approvals, wanted(user="Anna", message="Hello"), message_id=100)
    row = await said(journal, "for this errand", message_id=101, reply_to=100)
    assert await approvals.answered_by_message(row)
    assert await approvals.use_permission(wanted(user="Anna", message="And how are you?"))
    assert await approvals.use_permission(wanted(user="Anna", message="And how are you?"))
    assert not await approvals.use_permission(wanted(user="Boris", message="Hello"))
    assert not await approvals.use_permission(wanted("mcp__jobs__tg_send_message", to="Anna", text="Hello"))


async def test_a_no_is_a_no(journal: Journal, approvals: Approvals) -> None:
    await put(journal, approvals, wanted(), message_id=100)
    await approvals.answered_by_reaction(100, "👎")
    await approvals.answered_by_reaction(100, "👍")
    assert await states(journal) == ["denied"]
    assert not await approvals.use_permission(wanted())
