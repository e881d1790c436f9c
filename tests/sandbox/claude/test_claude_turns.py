"""The real CLI against the sandbox's Messages API, when all goes well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from asking import Open, ask, result, texts
from claude_agent_sdk import (
    AssistantMessage,
    StreamEvent,
    ThinkingBlock,
    ToolResultBlock,
    UserMessage,
    create_sdk_mcp_server,
    tool,
)

from jobs.sandbox.claude import MessagesServer, Reply, Rules, Scripted, Text, Thinking, ToolUse, call


async def test_a_question_gets_the_scripted_answer(server: MessagesServer, open_client: Open) -> None:
    server.script = Rules().on_text("capital", "Paris.")
    async with open_client() as client:
        messages = await ask(client, "What is the capital of France?")
    assert texts(messages) == ["Paris."]
    record = await server.requests.wait_for(lambda record: record.outcome == "answered")
    assert record.request is not None
    assert record.request.prompt == "What is the capital of France?"


async def test_deltas_arrive_in_order_and_wait_for_the_gate(server: MessagesServer, open_client: Open) -> None:
    gate = asyncio.Event()
    server.script = Scripted([Reply([Text(chunks=["one ", "two ", "three"], gate=gate)])])
    seen: list[str] = []
    async with open_client() as client:
        await client.query("Count")
        async for message in client.receive_response():
            if isinstance(message, StreamEvent) and message.event["type"] == "content_block_delta":
                seen.append(message.event["delta"]["text"])
                if len(seen) == 1:
                    assert server.requests[-1].outcome is None
                    gate.set()
    assert seen == ["one ", "two ", "three"]


async def test_thinking_is_streamed_and_handed_back(server: MessagesServer, open_client: Open) -> None:
    server.script = Scripted([Reply([Thinking("Hmm, a greeting.", "c2lnbmVk"), Text("Hello.")]), "Bye."])
    async with open_client() as client:
        messages = await ask(client, "Hi")
        await ask(client, "Bye")
    said = [m for m in messages if isinstance(m, AssistantMessage)]
    [thought] = [block for m in said for block in m.content if isinstance(block, ThinkingBlock)]
    assert (thought.thinking, thought.signature) == ("Hmm, a greeting.", "c2lnbmVk")
    assistant = next(m for m in server.requests.model[-1].messages if m.role == "assistant")
    assert assistant.texts == ["Hello."]
    assert [block.thinking for block in assistant.content] == ["Hmm, a greeting.", ""]


async def test_a_bash_call_runs_and_its_result_comes_back(server: MessagesServer, open_client: Open) -> None:
    server.script = Rules().on_text("echo", call("Bash", command="echo $((6*7))")).on_result("42", "It is 42.")
    async with open_client(tools=["Bash"]) as client:
        messages = await ask(client, "echo six by seven")
    assert texts(messages) == ["It is 42."]
    results = [b for m in messages if isinstance(m, UserMessage) for b in m.content if isinstance(b, ToolResultBlock)]
    assert [result.content for result in results] == ["42"]


async def test_a_tool_of_an_sdk_server_is_called_with_its_arguments(server: MessagesServer, open_client: Open) -> None:
    calls: list[dict[str, Any]] = []

    @tool("greet", "Greets somebody", {"name": str})
    async def greet(arguments: dict[str, Any]) -> dict[str, Any]:
        calls.append(arguments)
        return {"content": [{"type": "text", "text": f"Hello, {arguments['name']}"}]}

    use = ToolUse("mcp__jobs__greet", {"name": "Ada, «who» counts — 😀"})
    server.script = Rules().on_text("greet", Reply([use])).on_result("Hello, Ada", "Done.")
    async with open_client(mcp_servers={"jobs": create_sdk_mcp_server("jobs", tools=[greet])}) as client:
        messages = await ask(client, "greet her")
    assert texts(messages) == ["Done."]
    assert calls == [dict(use.input)]
    assert [result.tool_use_id for result in server.requests.model[-1].tool_results] == [use.id]


async def test_an_image_reaches_the_script(server: MessagesServer, open_client: Open) -> None:
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

    async def prompt() -> AsyncIterator[dict[str, Any]]:
        source = {"type": "base64", "media_type": "image/png", "data": pixel}
        content = [{"type": "text", "text": "Look"}, {"type": "image", "source": source}]
        yield {"type": "user", "message": {"role": "user", "content": content}, "parent_tool_use_id": None}

    async with open_client() as client:
        await client.query(prompt())
        [message async for message in client.receive_response()]
    request = server.requests.model[-1]
    assert request.prompt == "Look"
    assert [image.media_type for image in request.images] == ["image/png"]


async def test_the_second_turn_reads_the_prompt_from_the_cache(server: MessagesServer, open_client: Open) -> None:
    async with open_client(tools=["Bash"]) as client:
        first = await ask(client, "One")
        second = await ask(client, "Two")
    usages = [result(messages).usage or {} for messages in (first, second)]
    created, read = usages[0]["cache_creation_input_tokens"], usages[1]["cache_read_input_tokens"]
    assert usages[0]["cache_read_input_tokens"] == 0
    assert created > 1000
    assert read >= created
