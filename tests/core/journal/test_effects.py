"""A call that an interrupted attempt made is not made again by the attempts that follow, however many."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.core.clock import SystemClock
from jobs.core.database import Database
from jobs.core.journal.effects import Effects, RecordedEffect
from jobs.core.journal.inbox import Inbox
from jobs.core.messages import InboundMessage


class Calls:
    """Calls of one tool with the same arguments, by whatever attempt."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.effects = Effects(SystemClock())
        self.inbox = Inbox(SystemClock())

    async def make(self, call_id: str, attempt: str, *, turn: int = 0, atomic: bool = True) -> RecordedEffect | None:
        """Begin a call; returns the earlier one that stands in for it."""
        async with self.database.transaction() as tx:
            return await self.effects.begin(
                tx,
                tool_use_id=call_id,
                session_key="owner",
                attempt=attempt,
                tool="greet",
                arguments="{}",
                atomic=atomic,
                turn=turn,
            )

    async def finish(self, call_id: str) -> None:
        async with self.database.transaction() as tx:
            await self.effects.end(tx, call_id, "done", f"result of {call_id}")

    async def done(self, call_id: str, attempt: str, *, turn: int = 0) -> None:
        assert await self.make(call_id, attempt, turn=turn) is None
        await self.finish(call_id)

    async def settle(self, attempt: str, turn: int) -> None:
        async with self.database.transaction() as tx:
            await self.effects.settle(tx, "owner", attempt, turn)

    async def submit_message(self) -> int:
        """A message is with the model; returns its row."""
        async with self.database.transaction() as tx:
            message = InboundMessage(chat_id=1, message_id=1, sender_id=1, sent_at=SystemClock().now(), text="hi")
            await self.inbox.add(tx, message, "owner")
            [(_, row)] = await self.inbox.unclaimed(tx, 0)
            await self.inbox.submit(tx, [row.id])
            return row.id

    async def settle_message(self, row_id: int) -> None:
        async with self.database.transaction() as tx:
            await self.inbox.settle(tx, [row_id], "done")

    async def unsettled(self) -> list[str]:
        async with self.database.transaction() as tx:
            return [effect.tool_use_id for effect in await self.effects.unsettled(tx, "owner")]


@pytest.fixture
async def calls(tmp_path: Path) -> AsyncIterator[Calls]:
    async with Database.open(tmp_path / "db.sqlite") as database:
        yield Calls(database)


async def test_a_repeat_gets_the_recorded_result_in_every_later_attempt(calls: Calls) -> None:
    await calls.done("one", "first")
    for attempt in ("second", "third", "fourth"):
        found = await calls.make(f"again in {attempt}", attempt)
        assert found is not None
        assert found.result == "result of one"
        assert await calls.unsettled() == ["one"]


async def test_a_recorded_effect_stands_in_once_in_each_attempt(calls: Calls) -> None:
    await calls.done("one", "first")
    assert await calls.make("again", "second") is not None
    await calls.done("another", "second")
    stood_in = [await calls.make(f"again {n}", "third") for n in range(3)]
    assert [found and found.tool_use_id for found in stood_in] == ["one", "another", None]


async def test_the_same_call_twice_in_one_attempt_is_made_twice(calls: Calls) -> None:
    await calls.done("one", "first")
    assert await calls.make("two", "first") is None


async def test_what_an_answered_turn_did_stands_in_for_nothing(calls: Calls) -> None:
    await calls.done("one", "first", turn=0)
    await calls.settle("first", 0)
    assert await calls.make("again", "second") is None


async def test_a_turn_that_goes_on_after_the_answered_one_stays_up_for_replay(calls: Calls) -> None:
    await calls.submit_message()
    await calls.done("one", "first", turn=0)
    await calls.done("two", "first", turn=1)
    await calls.settle("first", 0)
    assert await calls.unsettled() == ["two"]


async def test_what_an_interrupted_attempt_did_waits_for_all_its_messages(calls: Calls) -> None:
    row_id = await calls.submit_message()
    await calls.done("one", "first")
    await calls.settle("second", 0)  # another message was answered; this one may be what the call was for
    assert await calls.make("again", "third") is not None
    await calls.settle_message(row_id)
    await calls.settle("third", 0)
    assert await calls.unsettled() == []


async def test_a_call_that_only_began_is_made_again_unless_it_may_have_taken_effect(calls: Calls) -> None:
    assert await calls.make("one", "first") is None
    assert await calls.make("again", "second", atomic=True) is None
    found = await calls.make("and again", "third", atomic=False)
    assert found is not None
    assert found.state == "started"
