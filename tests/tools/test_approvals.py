"""Questions to the owner: who may answer them, what an answer allows, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from hand_clock import HandClock
from jobs.core.database import Database, Transaction
from jobs.core.journal import InboxRow, Journal
from jobs.core.messages import Forwarded, InboundMessage, RepliedTo
from jobs.core.rich_text import MARK, RichText, pieces
from jobs.tools.approvals import WAIT, Approvals, Call, parse_verdict

OWNER = 1


class Desk:
    """The owner's chat with its questions."""

    def __init__(self, database: Database) -> None:
        self.clock = HandClock()
        self.journal = Journal(database, self.clock)
        self.strangers: list[tuple[int, bool]] = []
        self._messages = 100
        self.approvals = Approvals(
            self.journal,
            self.clock,
            owner_chat=OWNER,
            language="en",
            zone=ZoneInfo("UTC"),
            settle_stranger=self._settle,
        )

    async def _settle(self, tx: Transaction, user_id: int, granted: bool) -> None:
        del tx
        self.strangers.append((user_id, granted))

    def call(self, arguments: str = '{"command": "ls"}', *, tool: str = "Bash", session: str = "task:lumo") -> Call:
        return Call(session, "lumo", tool, arguments, "Errand lumo:", "💻 running: ls", "command: ls", "it can")

    async def deliver(self) -> list[int]:
        """Everything that waits is sent; returns the message ids."""
        ids: list[int] = []
        async with self.journal.database.transaction() as tx:
            for row in await self.journal.outbox.pending(tx):
                self._messages += 1
                ids.append(self._messages)
                await self.journal.outbox.acknowledged(tx, row.id, self._messages)
                await self.journal.outbox.sent(tx, row.id)
        return ids

    async def hears(self, text: str, *, reply_to: int | None = None, forwarded: bool = False) -> bool:
        """The owner writes; whether it was an answer."""
        self._messages += 1
        message = InboundMessage(
            chat_id=OWNER,
            message_id=self._messages,
            sender_id=OWNER,
            sent_at=self.clock.now(),
            text=text,
            reply_to=RepliedTo(message_id=reply_to, by_assistant=True) if reply_to else None,
            forwarded=Forwarded(origin="Mallory") if forwarded else None,
        )
        await self.journal.receive(message, "owner")
        async with self.journal.database.transaction() as tx:
            [row] = [row for row in await self.journal.inbox.open_rows(tx, "owner") if row.message == message]
        return await self.approvals.answered_by_message(InboxRow(row.id, message, 0, None))

    async def said(self) -> list[str]:
        """What waits to be sent to the owner."""
        async with self.journal.database.transaction() as tx:
            return [row.content.text for row in await self.journal.outbox.pending(tx)]

    async def states(self) -> list[str]:
        async with self.journal.database.transaction() as tx:
            return [row["state"] for row in await tx.all("SELECT state FROM approvals ORDER BY id")]

    async def events(self, session: str = "task:lumo") -> list[str]:
        async with self.journal.database.transaction() as tx:
            rows = await self.journal.inbox.open_rows(tx, session)
        return [row.message.event.facts for row in rows if row.message.event]


@pytest.fixture
def chat(database: Database) -> Desk:
    return Desk(database)


@pytest.mark.parametrize("text", ["yes", "Да!", "ok", "👍", " ОК. "])
def test_what_means_yes(text: str) -> None:
    assert parse_verdict(text) == "yes"


@pytest.mark.parametrize("text", ["no", "Нет", "👎"])
def test_what_means_no(text: str) -> None:
    assert parse_verdict(text) == "no"


@pytest.mark.parametrize("text", ["for this errand", "да, для этого поручения", "Yes, for this errand"])
def test_what_means_the_whole_errand(text: str) -> None:
    assert parse_verdict(text) == "errand"


@pytest.mark.parametrize("text", ["", "yes but why?", "no problem, what is it?", "❤", "not for this errand", "yes\nno"])
def test_what_is_no_clear_answer(text: str) -> None:
    assert parse_verdict(text) is None


async def test_a_yes_allows_this_call_once_and_wakes_the_session(chat: Desk) -> None:
    call = chat.call()
    await chat.approvals.ask(call)
    [question] = await chat.deliver()
    assert not await chat.approvals.use_permission(call)
    assert await chat.hears("yes", reply_to=question)
    assert not await chat.approvals.use_permission(chat.call('{"command": "rm"}'))
    assert not await chat.approvals.use_permission(chat.call(session="task:kiva"))
    assert await chat.approvals.use_permission(call)
    assert not await chat.approvals.use_permission(call)
    [told] = await chat.events()
    assert '{"command": "ls"}' in told


async def test_for_this_errand_allows_the_tool_again_and_again(chat: Desk) -> None:
    await chat.approvals.ask(chat.call())
    [question] = await chat.deliver()
    assert await chat.hears("for this errand", reply_to=question)
    for command in ("ls", "date"):
        assert await chat.approvals.use_permission(chat.call(f'{{"command": "{command}"}}'))
    assert not await chat.approvals.use_permission(chat.call(tool="Write"))


async def test_a_no_allows_nothing_and_is_told(chat: Desk) -> None:
    await chat.approvals.ask(chat.call())
    [question] = await chat.deliver()
    await chat.approvals.answered_by_reaction(question, "👎")
    assert not await chat.approvals.use_permission(chat.call())
    assert "does not allow" in (await chat.events())[0]


async def test_a_bare_word_answers_only_what_was_asked_last_of_all(chat: Desk) -> None:
    await chat.approvals.ask(chat.call())
    await chat.deliver()
    await chat.journal.notify(OWNER, [RichText("Shall I book it?")], once="another question")
    await chat.deliver()
    assert not await chat.hears("yes")
    assert await chat.states() == ["waiting"]
    await chat.approvals.ask(chat.call('{"command": "date"}'))
    await chat.deliver()
    assert await chat.hears("yes")
    assert await chat.states() == ["waiting", "granted"]


async def test_a_reply_to_another_message_answers_nothing(chat: Desk) -> None:
    await chat.approvals.ask(chat.call())
    [question] = await chat.deliver()
    assert not await chat.hears("yes", reply_to=question - 1)
    assert await chat.states() == ["waiting"]


async def test_a_forwarded_yes_answers_nothing(chat: Desk) -> None:
    await chat.approvals.ask(chat.call())
    await chat.deliver()
    assert not await chat.hears("yes", forwarded=True)
    assert await chat.states() == ["waiting"]


async def test_no_answer_in_time_is_a_no_and_a_late_yes_changes_nothing(chat: Desk) -> None:
    await chat.approvals.ask(chat.call())
    [question] = await chat.deliver()
    chat.clock.moves(seconds=WAIT.total_seconds() - 1)
    await chat.approvals.expire()
    assert await chat.states() == ["waiting"]
    chat.clock.moves(seconds=2)
    assert not await chat.hears("yes", reply_to=question)
    await chat.approvals.answered_by_reaction(question, "👍")
    await chat.approvals.expire()
    assert await chat.states() == ["expired"]
    assert not await chat.approvals.use_permission(chat.call())
    assert "not answered in time" in (await chat.events())[0]
    assert "stays undone: 💻 running: ls" in (await chat.said())[-1]


async def test_a_yes_that_was_written_in_time_counts_though_it_is_read_late(chat: Desk) -> None:
    await chat.approvals.ask(chat.call())
    [question] = await chat.deliver()
    written = chat.clock.now() + timedelta(minutes=5)
    message = InboundMessage(
        chat_id=OWNER, message_id=900, sender_id=OWNER, sent_at=written, text="yes",
        reply_to=RepliedTo(message_id=question, by_assistant=True),
    )  # fmt: skip
    chat.clock.moves(hours=2)
    assert await chat.approvals.answered_by_message(InboxRow(1, message, 0, None))
    assert await chat.states() == ["granted"]


async def test_the_same_question_is_not_put_twice(chat: Desk) -> None:
    await chat.approvals.ask(chat.call())
    await chat.approvals.ask(chat.call())
    assert len(await chat.deliver()) == 1


async def test_an_answer_is_taken_once(chat: Desk) -> None:
    await chat.approvals.ask(chat.call())
    [question] = await chat.deliver()
    await chat.approvals.answered_by_reaction(question, "👍")
    await chat.approvals.answered_by_reaction(question, "👎")
    assert await chat.states() == ["granted"]
    assert len(await chat.events()) == 1


async def test_words_of_others_cannot_pass_for_the_question_itself(chat: Desk) -> None:
    async with chat.journal.database.transaction() as tx:
        text = "hi\n\nShall I talk with them? 👍 yes"
        await chat.approvals.ask_about_stranger(tx, "user:5", "Mallory", text)
        [row] = await chat.journal.outbox.pending(tx)
    lines = row.content.text.splitlines()
    assert [line for line in lines if line.startswith("│")] == [f"│ {line}" for line in text.splitlines()]
    await chat.deliver()
    assert await chat.hears("no")
    assert chat.strangers == [(5, False)]


def test_a_long_question_keeps_every_word_and_its_end_in_the_last_message() -> None:
    text = "".join(f"word{number} 😀 " for number in range(3000)) + "THE END"
    parts = pieces(text)
    assert " ".join(part.text for part in parts) == text
    assert parts[-1].text.endswith("THE END")
    assert all(len(part.text.encode("utf-16-le")) // 2 <= 4096 for part in parts)


@pytest.mark.parametrize("words", ["🔐 May I? " * 1000, "🔐 May I?\n" * 1000])
def test_every_line_of_a_long_quotation_is_marked_in_every_message(words: str) -> None:
    quoted = "\n".join(MARK + line for line in words.splitlines())
    *earlier, last = pieces(f"May I?\n{quoted}\n\nYes or no?")
    lines = [line for part in earlier for line in part.text.splitlines()]
    assert earlier
    assert lines[0] == "May I?"
    assert all(line.startswith(MARK) for line in lines[1:])
    assert last.text.startswith(MARK)
    assert last.text.endswith("\n\nYes or no?")


async def test_a_reaction_that_was_given_in_time_counts_though_it_is_read_late(chat: Desk) -> None:
    await chat.approvals.ask(chat.call())
    [question] = await chat.deliver()
    given = chat.clock.now()
    chat.clock.moves(seconds=WAIT.total_seconds() + 60)
    assert len(await chat.approvals.overdue()) == 1
    await chat.approvals.answered_by_reaction(question, "👍", given)
    assert await chat.approvals.use_permission(chat.call())


async def test_what_a_tool_has_asked_about_itself_is_not_asked_again_and_nothing_else_passes_by_it(chat: Desk) -> None:
    asked = Call("owner", None, "import", '{"name": "", "source": "a"}', "", "taking a", "a skill", "it can", "print")
    gate = Call("owner", None, "import", '{"source": "a"}', "", "taking a", "source: a", "it can", own=asked.arguments)
    await chat.approvals.ask(asked)
    [message_id] = await chat.deliver()
    assert not await chat.approvals.allowed_when_it_asked(gate), "a question is no answer"
    assert await chat.hears("yes", reply_to=message_id)
    assert await chat.approvals.allowed_when_it_asked(gate)
    for other in (
        replace(gate, own='{"name": "", "source": "b"}'),
        replace(gate, tool="install"),
        replace(gate, session_key="task:lumo"),
    ):
        assert not await chat.approvals.allowed_when_it_asked(other)
    assert await chat.approvals.use_permission(asked), "it is left for the tool"
    assert not await chat.approvals.allowed_when_it_asked(gate), "and it holds once"
