"""What each turn cost, whatever became of the Claude process before it."""

import pytest

from jobs.sandbox.claude import ModelRequest, Reply, Text, ToolUse, Usage
from jobs.sandbox.stage import Stage

THOUSANDS = Usage(input_tokens=1000, output_tokens=2000, cache_read_input_tokens=3000, cache_creation_input_tokens=0)
COST = "SELECT cost_usd FROM usage_events ORDER BY id"


async def test_a_turn_costs_the_same_in_a_process_that_was_resumed_killed_or_cleared(stage: Stage) -> None:
    stage.claude.script = lambda _: Reply([Text("Fine.")], usage=THOUSANDS)
    owner = await stage.person()

    async def turn() -> None:
        count = owner.texts.count("Fine.")
        await owner.send("hello")
        await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") > count)
        await stage.nothing_waits()

    daemon = await stage.start()
    await turn()
    await turn()
    assert await daemon.stop() == 0
    daemon = await stage.start()
    await turn()
    daemon.kill_claude()  # it had no time to write down what the conversation has cost
    await daemon.wait_for_log("The Claude process of owner ended")
    await turn()
    await daemon.kill()
    daemon = await stage.start()
    await turn()
    await owner.ask("/clear", "fresh conversation")
    await turn()
    assert await daemon.stop() == 0
    first, *others = [cost for (cost,) in stage.rows(COST)]
    assert first > 0
    assert others == pytest.approx([first] * 5)


async def test_what_a_subagent_used_belongs_to_the_turn_that_sent_it(stage: Stage) -> None:
    def script(request: ModelRequest) -> Reply:
        if request.is_background or request.tool_results or "look" not in request.prompt:
            return Reply([Text("Fine.")], usage=THOUSANDS)
        errand = {"description": "look", "prompt": "look around", "subagent_type": "general-purpose"}
        return Reply([ToolUse("Agent", {**errand, "run_in_background": False})], usage=THOUSANDS)

    stage.claude.script = script
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hello", "Fine.")
    await stage.nothing_waits()
    await owner.send("look")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)
    await stage.nothing_waits()
    assert await daemon.stop() == 0
    assert [r for r in stage.claude.requests.model if r.agent_id]
    alone, with_errand = stage.rows(
        "SELECT input_tokens, output_tokens, cache_read_tokens, cost_usd FROM usage_events ORDER BY id"
    )
    assert alone[:3] == (1000, 2000, 3000)
    assert with_errand == pytest.approx([3 * figure for figure in alone])
