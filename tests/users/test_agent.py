"""What becomes of a Claude process that does not do what it should."""

import asyncio
import gc
import os
import sys
import warnings
from pathlib import Path

import pytest

from jobs.core.errors import AgentUnavailable
from jobs.users.agent import Agent, AgentOptions
from jobs.users.agent_events import AgentEvent, Died

REFUSES = f"""#!{sys.executable}
import json, sys
for line in sys.stdin:
    request_id = json.loads(line)["request_id"]
    answer = {{"subtype": "error", "request_id": request_id, "error": "not today"}}
    print(json.dumps({{"type": "control_response", "response": answer}}), flush=True)
"""


async def test_a_process_that_refuses_to_begin_is_unavailable(tmp_path: Path) -> None:
    binary = tmp_path / "claude"
    binary.write_text(REFUSES)
    binary.chmod(0o700)
    events: list[AgentEvent] = []
    agent = Agent(AgentOptions("claude-sonnet-5", tmp_path, "", {}, cli_path=binary), events.append)
    with pytest.raises(AgentUnavailable, match="not today"):
        await agent.start(None)
    await agent.close()


AGREES = REFUSES.replace('"subtype": "error"', '"subtype": "success"').replace('"error": "not today"', '"response": {}')


async def test_who_is_cancelled_while_a_process_ends_is_cancelled_once_it_has(tmp_path: Path) -> None:
    binary = tmp_path / "claude"
    binary.write_text(AGREES)
    binary.chmod(0o700)
    agent = Agent(AgentOptions("claude-sonnet-5", tmp_path, "", {}, cli_path=binary), list[AgentEvent]().append)
    await agent.start(None)
    [process] = children()
    closing = asyncio.create_task(agent.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing}, timeout=20)
    assert closing.cancelled()
    assert process not in children()


async def test_what_is_closed_while_its_process_ends_by_itself_leaves_nothing_open(tmp_path: Path) -> None:
    binary = tmp_path / "claude"
    binary.write_text(f"{AGREES}    break\n")
    binary.chmod(0o700)
    agents: list[Agent] = []
    closed: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()

    def on_event(event: AgentEvent) -> None:
        if isinstance(event, Died):
            closed.set_result(asyncio.create_task(agents[0].close()))

    agents.append(Agent(AgentOptions("claude-sonnet-5", tmp_path, "", {}, cli_path=binary), on_event))
    await agents[0].start(None)
    async with asyncio.timeout(60):
        await (await closed)
    with warnings.catch_warnings(record=True, action="always") as caught:
        agents.clear()
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


def children() -> list[int]:
    """The processes that this one has started and not waited for."""
    text = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text(encoding="ascii")
    return [int(pid) for pid in text.split()]
