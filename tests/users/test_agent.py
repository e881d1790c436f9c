"""What becomes of a Claude process that does not do what it should."""

import sys
from pathlib import Path

import pytest

from jobs.core.errors import AgentUnavailable
from jobs.users.agent import Agent, AgentOptions
from jobs.users.agent_events import AgentEvent

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
