"""In which turns the owner's session is guarded."""

from __future__ import annotations

from pathlib import Path

import pytest
from people_desk import MASHA, PAVEL, PeopleDesk

from jobs.catalog import by_cli_name
from jobs.core.messages import EVENTS, OWNER_SESSION, InboundMessage, SessionEvent
from jobs.tools.approvals import Call
from jobs.tools.execution import ToolRunner
from jobs.tools.gate import Pass
from jobs.tools.roles import Role
from jobs.users.guard import Marks, SessionGuard
from jobs.users.turn_guard import GuardedTurns


class OwnersTurns:
    """The guard of the owner's session, and what begins its turns."""

    def __init__(self, desk: PeopleDesk) -> None:
        self._desk = desk
        marks = Marks(desk.journal.database)
        self._guard = SessionGuard(
            OWNER_SESSION,
            repository=desk.repository,
            marks=marks,
            tools=by_cli_name(Role.OWNER),
            mode="guarded",
            language="en",
            skills=Path("/nowhere"),
            runner=ToolRunner(desk.journal),
        )
        self._turns = GuardedTurns(OWNER_SESSION, self._guard, marks)

    async def begins(self, *events: SessionEvent | None, joins: bool = False, again: bool = False) -> None:
        messages = [
            InboundMessage(chat_id=EVENTS, message_id=1, sender_id=EVENTS, sent_at=self._desk.clock.now(), event=event)
            for event in events
        ]
        await self._turns.turn_begins(messages, joins=joins, again=again)

    async def asks_before_a_command(self) -> bool:
        seen = await self._guard.sight("Bash", {"command": "ls"})
        assert isinstance(seen, Pass | Call)
        return isinstance(seen, Call)

    async def reads_a_chat(self) -> None:
        assert isinstance(await self._guard.sight("mcp__jobs__tg_read_chat", {"chat": "@masha"}), Pass)

    async def why_it_asks_before_scheduling(self) -> str:
        seen = await self._guard.sight("mcp__jobs__schedule_task", {"title": "x", "prompt": "y", "time": "2040-01-01"})
        return seen.why if isinstance(seen, Call) else ""


@pytest.fixture
async def turns(desk: PeopleDesk) -> OwnersTurns:
    await desk.errand("lumo", MASHA)
    await desk.errand("mira", PAVEL)
    return OwnersTurns(desk)


async def test_a_turn_of_the_owners_own_is_not_guarded(turns: OwnersTurns) -> None:
    await turns.begins(None)
    assert not await turns.asks_before_a_command()


async def test_news_of_several_errands_guard_a_turn_and_the_owners_word_on_its_calls_guards_the_next(
    turns: OwnersTurns,
) -> None:
    news = [
        SessionEvent(kind="news", task_id=errand, facts="answered", quoted={"x": "y"}) for errand in ("lumo", "mira")
    ]
    await turns.begins(*news)
    assert await turns.asks_before_a_command()
    # A call that several errands have brought about belongs to none of them.
    await turns.begins(SessionEvent(kind="decision", facts="The owner does not allow your call."))
    assert await turns.asks_before_a_command()


async def test_a_turn_that_has_read_a_chat_is_guarded_until_the_owner_begins_another(turns: OwnersTurns) -> None:
    await turns.begins(None)
    await turns.reads_a_chat()
    assert await turns.asks_before_a_command()
    assert "messages were read for this" in await turns.why_it_asks_before_scheduling()
    await turns.begins(None, joins=True)
    assert await turns.asks_before_a_command()
    assert "messages were read for this" in await turns.why_it_asks_before_scheduling()
    await turns.begins(None)
    assert not await turns.asks_before_a_command()
    assert await turns.why_it_asks_before_scheduling() == ""
    await turns.begins(SessionEvent(kind="decision", facts="The owner does not allow your call."))
    assert "have started this" in await turns.why_it_asks_before_scheduling()


async def test_a_turn_that_has_read_a_chat_stays_guarded_when_it_is_tried_again_or_something_comes_due(
    turns: OwnersTurns,
) -> None:
    await turns.begins(None)
    await turns.reads_a_chat()
    await turns.begins(SessionEvent(kind="news", facts="It is eight o'clock."))
    assert await turns.asks_before_a_command()
    assert "messages were read for this" in await turns.why_it_asks_before_scheduling()
    await turns.begins(None, again=True)
    assert await turns.asks_before_a_command()
    await turns.begins(None)
    assert not await turns.asks_before_a_command()


async def test_a_turn_that_a_restart_has_cut_off_after_it_had_read_a_chat_is_guarded_when_it_goes_on(
    turns: OwnersTurns, desk: PeopleDesk
) -> None:
    await turns.begins(None)
    await turns.reads_a_chat()
    restarted = OwnersTurns(desk)
    await restarted.begins(None, again=True)
    assert await restarted.asks_before_a_command()
    await restarted.begins(None)
    assert not await restarted.asks_before_a_command()


async def test_a_turn_that_had_read_nothing_is_as_free_when_it_is_tried_again(turns: OwnersTurns) -> None:
    await turns.begins(None)
    await turns.begins(None, again=True)
    assert not await turns.asks_before_a_command()
