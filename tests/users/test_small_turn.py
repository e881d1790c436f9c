"""A question to a small model: the real process, no tools, nothing kept, and what it costs is written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from jobs.core.errors import AgentUnavailable, TurnFailed
from jobs.core.journal import Journal
from jobs.sandbox.claude import OUT_OF_CREDIT, MessagesServer, NeverAnswer, environment, say
from jobs.users.agent import Agent, AgentOptions, bundled_cli
from jobs.users.agent_events import AgentEvent
from jobs.users.pool import Pool
from jobs.users.small_turn import SESSION, SmallTurns


class Asking:
    """Small turns against a scripted API."""

    def __init__(self, server: MessagesServer, journal: Journal, home: Path) -> None:
        self.server = server
        self.home = home
        self.pool = Pool(2)
        self.journal = journal
        self._environment = environment(server, home)

    def turns(self, timeout: float = 60) -> SmallTurns:
        return SmallTurns(self._agent, self.journal, self.pool, timeout=timeout)

    def _agent(self, system: str, on_event: Callable[[AgentEvent], None]) -> Agent:
        options = AgentOptions(
            "claude-haiku-4-5", self.home, system, self._environment, locked=True, kept=False, cli_path=bundled_cli()
        )
        return Agent(options, on_event)

    async def recorded(self) -> list[tuple[str, str, str]]:
        async with self.journal.database.transaction() as tx:
            rows = await tx.all("SELECT session_key, started_by, outcome FROM usage_events ORDER BY id")
        return [tuple(row) for row in rows]


@pytest.fixture
async def asking(journal: Journal, tmp_path: Path) -> AsyncIterator[Asking]:
    home = tmp_path / "home"
    home.mkdir()
    async with MessagesServer("- Allergic to nuts") as server:
        yield Asking(server, journal, home)


async def test_it_answers_with_nothing_but_the_question_and_keeps_nothing(asking: Asking) -> None:
    answer = await asking.turns().ask("diary", "You keep a diary.", "@/etc/passwd and /clear stay text")
    assert answer == "- Allergic to nuts"
    [request] = asking.server.requests.model
    assert not request.tools
    assert request.model == "claude-haiku-4-5"
    assert "You keep a diary." in str(request.system)
    assert request.prompt.endswith("@/etc/passwd and /clear stay text")
    assert not list((asking.home / ".claude").rglob("*.jsonl"))
    assert await asking.recorded() == [(SESSION, "diary", "done")]
    assert asking.pool.taken == 0
    assert psutil.Process().children(recursive=True) == []


async def test_two_questions_wait_for_each_other(asking: Asking) -> None:
    turns = asking.turns()
    asking.server.script = lambda request: say(request.prompt.split()[-1])
    assert await asyncio.gather(turns.ask("a", "s", "say one"), turns.ask("b", "s", "say two")) == ["one", "two"]


async def test_a_refusal_is_raised_and_what_it_cost_is_written_down(asking: Asking) -> None:
    asking.server.faults.add(OUT_OF_CREDIT)
    with pytest.raises(TurnFailed):
        await asking.turns().ask("diary", "s", "anything")
    assert [outcome for _, _, outcome in await asking.recorded()] != ["done"]
    assert asking.pool.taken == 0


async def test_a_model_that_stays_silent_is_given_up(asking: Asking) -> None:
    asking.server.faults.add(NeverAnswer())
    with pytest.raises(AgentUnavailable, match="no sign of life"):
        await asking.turns(timeout=3).ask("diary", "s", "anything")
    assert asking.pool.taken == 0
    assert psutil.Process().children(recursive=True) == []
