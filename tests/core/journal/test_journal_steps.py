"""Each step of the journal happens whole or not at all, and rings its bell when it did."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interruption import cancelled_everywhere
from jobs.core.journal import Ending, InboxRow, Journal
from jobs.core.messages import InboundMessage
from jobs.core.rich_text import Entity, RichText
from jobs.core.usage import TurnUsage

SAID = (RichText("first"), RichText("second"))
USAGE = TurnUsage(model="m", input_tokens=3, cost_usd=0.5)


def message(session: str, message_id: int, text: str = "hi", edited_at: int = 0) -> InboundMessage:
    return InboundMessage(
        chat_id=hash(session),
        message_id=message_id,
        edited_at=edited_at,
        sender_id=1,
        sent_at=datetime(2026, 1, 1, tzinfo=UTC),
        text=text,
    )


class Setting:
    """A session with three messages, two of them at the model, a draft on the screen and a tool's effect."""

    def __init__(self, journal: Journal, session: str) -> None:
        self.journal = journal
        self.session = session
        self.chat_id = hash(session)

    async def prepare(self) -> None:
        for message_id in (1, 2, 3):
            await self.journal.receive(message(self.session, message_id), self.session)
        self.rows = await self.open_rows()
        await self.journal.begin_attempt(self.session, self.rows[:2])
        async with self.journal.database.transaction() as tx:
            await self.journal.outbox.draft(tx, self.chat_id, RichText("fir"), self.session)
            await self.journal.effects.begin(
                tx,
                tool_use_id=f"call of {self.session}",
                session_key=self.session,
                attempt="a",
                tool="t",
                arguments="{}",
                atomic=True,
                turn=0,
            )

    async def open_rows(self) -> list[InboxRow]:
        async with self.journal.database.transaction() as tx:
            return list(await self.journal.inbox.open_rows(tx, self.session))

    async def answer(self) -> None:
        done, command = [row.id for row in self.rows[:2]], [self.rows[2].id]
        ending = Ending(self.session, self.chat_id, done, "a", 0, "dropped", command, usage=USAGE)
        await self.journal.answer(ending, SAID)

    async def answer_signs(self) -> list[bool]:
        first, second, command = await self.states()
        queued = await self.queued()
        return [
            first == "dropped",
            second == "dropped",
            command == "done",
            "first" in queued,
            "second" in queued,
            await self.count("SELECT count(*) FROM tool_effects WHERE session_key = ? AND settled", self.session) == 1,
            await self.count("SELECT count(*) FROM usage_events WHERE session_key = ?", self.session) == 1,
        ]

    async def postpone(self) -> None:
        ids = [row.id for row in self.rows[:2]]
        await self.journal.postpone(self.session, self.chat_id, row_ids=ids, until=None, notice=SAID)

    async def postpone_signs(self) -> list[bool]:
        (first, second, _), queued = await self.states(), await self.queued()
        return [first == "parked", second == "parked", "first" in queued, "second" in queued]

    async def reply(self) -> None:
        await self.journal.reply(self.rows[2].id, self.chat_id, SAID)

    async def reply_signs(self) -> list[bool]:
        queued = await self.queued()
        return [(await self.states())[2] == "done", "first" in queued, "second" in queued]

    async def notify(self) -> None:
        await self.journal.notify(self.chat_id, SAID, once=f"about {self.session}")

    async def notify_signs(self) -> list[bool]:
        queued = await self.queued()
        return ["first" in queued, "second" in queued]

    async def begin(self) -> None:
        await self.journal.begin_attempt(self.session, self.rows)

    async def begin_signs(self) -> list[bool]:
        attempts = [row.attempts for row in await self.open_rows()]
        return [now == before + 1 for now, before in zip(attempts, (1, 1, 0), strict=True)]

    async def states(self) -> list[str]:
        async with self.journal.database.transaction() as tx:
            rows = await tx.all("SELECT state FROM inbox WHERE session_key = ? ORDER BY id", self.session)
            return [row["state"] for row in rows]

    async def queued(self) -> list[str]:
        async with self.journal.database.transaction() as tx:
            return [row.content.text for row in await self.journal.outbox.pending(tx) if row.chat_id == self.chat_id]

    async def count(self, sql: str, *values: str) -> int:
        async with self.journal.database.transaction() as tx:
            [row] = await tx.all(sql, *values)
            return row[0]


@pytest.fixture
async def setting(journal: Journal) -> Setting:
    setting = Setting(journal, "owner")
    await setting.prepare()
    return setting


Step = tuple[Callable[[Setting], Awaitable[None]], Callable[[Setting], Awaitable[list[bool]]]]
STEPS: dict[str, Step] = {
    "answer": (Setting.answer, Setting.answer_signs),
    "postpone": (Setting.postpone, Setting.postpone_signs),
    "reply": (Setting.reply, Setting.reply_signs),
    "notify": (Setting.notify, Setting.notify_signs),
    "begin an attempt": (Setting.begin, Setting.begin_signs),
}


@pytest.mark.parametrize(("work", "signs"), STEPS.values(), ids=STEPS.keys())
async def test_a_step_happens_whole(
    setting: Setting, work: Callable[[Setting], Awaitable[None]], signs: Callable[[Setting], Awaitable[list[bool]]]
) -> None:
    assert not any(await signs(setting))
    await work(setting)
    assert all(await signs(setting))


@pytest.mark.parametrize(("work", "signs"), STEPS.values(), ids=STEPS.keys())
async def test_a_step_that_is_cancelled_at_any_instant_happens_whole_or_not_at_all(
    journal: Journal,
    work: Callable[[Setting], Coroutine[Any, Any, None]],
    signs: Callable[[Setting], Awaitable[list[bool]]],
) -> None:
    settings = [Setting(journal, f"session {n}") for n in range(60)]
    for setting in settings:
        await setting.prepare()
    undone = 0
    async for step in cancelled_everywhere(lambda step: work(settings[step])):
        happened = await signs(settings[step])
        assert len(set(happened)) == 1, happened
        undone += not happened[0]
    assert undone


async def test_the_dispatchers_bell_rings_for_a_message_that_somebody_answers_and_no_other(journal: Journal) -> None:
    await journal.receive(message("stranger", 1), None)
    assert not journal.received.is_set()
    await journal.receive(message("owner", 1), "owner")
    assert journal.received.is_set()
    journal.received.clear()
    assert not await journal.receive(message("owner", 1), "owner")
    assert not journal.received.is_set()


@pytest.mark.parametrize("work", [Setting.answer, Setting.postpone, Setting.reply, Setting.notify])
async def test_the_senders_bell_rings_when_something_is_to_be_sent(
    setting: Setting, work: Callable[[Setting], Awaitable[None]]
) -> None:
    setting.journal.queued.clear()
    await work(setting)
    assert setting.journal.queued.is_set()


async def test_both_bells_ring_at_start(journal: Journal) -> None:
    await journal.reopen()
    assert journal.received.is_set()
    assert journal.queued.is_set()


async def test_an_edit_changes_a_message_that_waits_and_follows_one_that_does_not(setting: Setting) -> None:
    journal, (seen, _, waiting) = setting.journal, setting.rows
    assert await journal.receive_edit(message("owner", 3, "edited", 50), "owner")
    assert await journal.receive_edit(message("owner", 1, "edited", 50), "owner")
    rows = {(row.message.message_id, row.message.revision): row for row in await setting.open_rows()}
    assert (rows[3, 0].id, rows[3, 0].message.text) == (waiting.id, "edited")
    assert (rows[1, 0].id, rows[1, 0].message.text) == (seen.id, "hi")
    assert rows[1, 50].message.text == "edited"
    assert (3, 50) not in rows


async def test_an_edit_is_told_once_and_an_older_one_told_late_is_no_news(setting: Setting) -> None:
    journal = setting.journal
    assert await journal.receive_edit(message("owner", 1, "at six", 50), "owner")
    await journal.begin_attempt("owner", await setting.open_rows())
    assert await journal.receive_edit(message("owner", 1, "at seven", 60), "owner")
    assert not await journal.receive_edit(message("owner", 1, "at seven", 60), "owner")
    assert not await journal.receive_edit(message("owner", 1, "at six", 50), "owner")
    texts = [row.message.text for row in await setting.open_rows() if row.message.message_id == 1]
    assert texts == ["hi", "at six", "at seven"]


async def test_of_several_edits_within_one_second_none_is_lost_and_none_told_twice(setting: Setting) -> None:
    journal, edits = setting.journal, ["at six", "at seven", "at eight", "at nine"]
    for text in edits:
        assert await journal.receive_edit(message("owner", 1, text, 50), "owner")
        await journal.begin_attempt("owner", await setting.open_rows())
    for text in edits:
        assert not await journal.receive_edit(message("owner", 1, text, 50), "owner")
    assert await journal.receive_edit(message("owner", 1, "at ten", 51), "owner")
    texts = [row.message.text for row in await setting.open_rows() if row.message.message_id == 1]
    assert texts == ["hi", *edits, "at ten"]


async def test_an_edit_that_came_before_the_handing_over_is_handed_over(setting: Setting) -> None:
    [row] = setting.rows[2:]
    await setting.journal.receive_edit(message("owner", 3, "edited", 50), "owner")
    [fresh], _ = await setting.journal.begin_attempt("owner", [row])
    assert (row.message.text, fresh.message.text) == ("hi", "edited")


async def test_messages_go_out_as_they_were_queued_formatting_included(journal: Journal) -> None:
    said = RichText("bold 😀 link", (Entity("bold", 0, 4), Entity("link", 8, 4, url="https://example.com/?a=b")))
    async with journal.database.transaction() as tx:
        await journal.outbox.add(tx, 5, said, "tool", reply_to=9)
        [row] = await journal.outbox.pending(tx)
    assert (row.chat_id, row.content, row.origin, row.reply_to) == (5, said, "tool", 9)
    assert (row.attempted, row.message_id, row.was_draft) == (False, None, False)


async def test_what_may_be_ours_is_known_before_telegram_names_it(journal: Journal) -> None:
    outbox = journal.outbox
    async with journal.database.transaction() as tx:
        row_id = await outbox.add(tx, 5, RichText("mine"), "answer")
        assert not await outbox.may_be_ours(tx, 5, 100, "mine")  # it has not been sent
        await outbox.attempting(tx, row_id, RichText("mine"))
        assert await outbox.may_be_ours(tx, 5, 100, "mine")
        assert not await outbox.may_be_ours(tx, 5, 100, "the owner's")
        assert not await outbox.may_be_ours(tx, 6, 100, "mine")
        await outbox.acknowledged(tx, row_id, 100)
        assert await outbox.may_be_ours(tx, 5, 100, "edited since")
        assert not await outbox.may_be_ours(tx, 5, 101, "mine")
        assert await outbox.known_ids(tx, 5) == {100}


async def test_how_far_a_chat_was_compared_never_goes_back(journal: Journal) -> None:
    async with journal.database.transaction() as tx:
        assert await journal.inbox.reconciled(tx, 5) is None
        for message_id, expected in ((10, 10), (7, 10), (12, 12)):
            await journal.inbox.set_reconciled(tx, 5, message_id)
            assert await journal.inbox.reconciled(tx, 5) == expected
        assert await journal.inbox.reconciled(tx, 6) is None


async def test_a_postponed_message_keeps_the_moment_until_the_next_start(setting: Setting) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    await setting.journal.postpone("owner", 1, row_ids=[setting.rows[0].id], until=until, notice=())
    assert [row.not_before for row in await setting.open_rows()] == [until, None, None]
    await setting.journal.reopen()
    assert [row.not_before for row in await setting.open_rows()] == [None, None, None]


async def test_an_unfinished_answer_does_not_count_as_sent(setting: Setting) -> None:
    outbox = setting.journal.outbox
    async with setting.journal.database.transaction() as tx:
        draft = await outbox.draft(tx, 5, RichText("fir"), "owner")
        await outbox.sent(tx, draft.id)
        assert await outbox.has_draft(tx, "owner")
        assert await outbox.finish_draft(tx, "owner", RichText("first"))
        await outbox.sent(tx, draft.id)
        assert await outbox.pending(tx) == []
        assert not await outbox.finish_draft(tx, "owner", RichText("second"))


async def test_what_is_withdrawn_is_not_tried_and_what_was_tried_is_not_withdrawn(setting: Setting) -> None:
    outbox = setting.journal.outbox
    async with setting.journal.database.transaction() as tx:
        tried = await outbox.add(tx, 5, RichText("one"), "tool")
        assert await outbox.attempting(tx, tried, RichText("one"))
        waits = await outbox.add(tx, 5, RichText("two"), "tool")
        of_an_errand = await outbox.add(tx, 6, RichText("three"), "tool", task_id="lumo")
        other = await outbox.add(tx, 6, RichText("four"), "tool", task_id="kiva")
        assert [row.id for row in await outbox.withdraw(tx, chat_id=5)] == [waits]
        assert [row.id for row in await outbox.withdraw(tx, task_id="lumo")] == [of_an_errand]
        assert not await outbox.attempting(tx, waits, RichText("two"))
        assert [row.id for row in await outbox.pending(tx)] == [tried, other]
