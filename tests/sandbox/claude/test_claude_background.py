"""What the CLI asks the sandbox's Messages API without being told to, and what it reads from its headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from asking import Open, ask, texts
from claude_agent_sdk import RateLimitEvent

from jobs.sandbox.claude import MessagesServer, ModelRequest, Reply, Rules, call, plan_windows, say


async def test_a_conversation_asks_for_nothing_but_its_answers(server: MessagesServer, open_client: Open) -> None:
    async with open_client(tools=["Bash", "Agent", "WebSearch"]) as client:
        await ask(client, "Hi, what a lovely day for a completely new topic")
        await ask(client, "And another one")
    assert [request.is_background for request in server.requests.model] == [False, False]
    assert len(server.requests) == 2


async def test_a_subagent_asks_in_the_background(server: MessagesServer, open_client: Open) -> None:
    delegate = call("Agent", description="Look", prompt="Find it", run_in_background=False)
    server.script = (
        Rules()
        .on(lambda request: request.agent_id != "", "It is under the bed.")
        .on_text("delegate", delegate)
        .on_result("under the bed", "Found.")
    )
    async with open_client(tools=["Agent"]) as client:
        assert texts(await ask(client, "delegate"))[-1] == "Found."
    asked = [(request.is_background, request.prompt) for request in server.requests.model]
    assert asked[:2] == [(False, "delegate"), (True, "Find it")]
    assert asked[2][0] is False


async def test_a_web_search_asks_in_the_background(server: MessagesServer, open_client: Open) -> None:
    def script(request: ModelRequest) -> Reply:
        if request.is_background or request.tool_results:
            return say("Rain.")
        return call("WebSearch", query="weather in Oslo")

    server.script = script
    async with open_client(tools=["WebSearch"]) as client:
        await ask(client, "Will it rain?")
    assert [request.is_background for request in server.requests.model] == [False, True, False]


async def test_compaction_asks_in_the_background(server: MessagesServer, open_client: Open) -> None:
    server.script = Rules().on(lambda request: request.is_background, "<summary>They said hello.</summary>")
    server.script.on(lambda _: True, "Hello.")
    async with open_client() as client:
        await ask(client, "Hi")
        await ask(client, "/compact")
        await ask(client, "Go on")
    assert [request.is_background for request in server.requests.model] == [False, True, False]
    assert any("They said hello." in text for text in server.requests.model[-1].all_texts)


async def test_the_windows_of_a_plan_reach_a_client_with_an_oauth_token(
    server: MessagesServer, open_client: Open
) -> None:
    soon, later = (datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours) for hours in (3, 80))
    server.headers = plan_windows(five_hour=0.42, seven_day=0.1, five_hour_resets=soon, seven_day_resets=later)
    async with open_client(ANTHROPIC_API_KEY="", CLAUDE_CODE_OAUTH_TOKEN="sk-ant-oat01-token") as client:
        messages = await ask(client, "Hi")
    [event] = [message for message in messages if isinstance(message, RateLimitEvent)]
    windows = event.rate_limit_info.raw["unifiedWindows"]
    assert windows["five_hour"]["utilization"] == 0.42
    assert windows["seven_day"]["resetsAt"] == later.timestamp()
