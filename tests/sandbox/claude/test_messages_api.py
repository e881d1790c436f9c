"""The sandbox's Messages API seen by a plain HTTP client."""

from __future__ import annotations

import asyncio
import json
from time import monotonic
from typing import Any

import httpx2
import pytest

from jobs.sandbox.claude import (
    DropMidStream,
    MessagesServer,
    Reply,
    Scripted,
    ScriptError,
    StallMidStream,
    Text,
    Usage,
    call,
    rate_limited,
)


def body(*texts: str, stream: bool = False, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text} for text in texts]
    return {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": messages, "stream": stream, **more}


async def test_it_starts_at_once() -> None:
    took: list[float] = []
    for _ in range(5):  # the machine may be busy with something else at one of them
        started = monotonic()
        async with MessagesServer():
            took.append(monotonic() - started)
    assert min(took) < 0.1


async def test_it_stops_while_an_answer_hangs() -> None:
    server = MessagesServer()
    server.faults.add(StallMidStream())
    async with server, httpx2.AsyncClient(base_url=server.base_url) as client:
        asking = asyncio.create_task(client.post("/v1/messages", json=body("Hi", stream=True)))
        await server.requests.wait_for()
        async with asyncio.timeout(60):
            await server.__aexit__(None, None, None)
        with pytest.raises(httpx2.RemoteProtocolError):
            await asking
    assert server.requests[0].outcome == "client left"


async def test_an_answer_that_is_not_streamed_is_one_message() -> None:
    script = call("Bash", command="ls")
    async with MessagesServer(script) as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        answer = (await client.post("/v1/messages", json=body("Hi"))).json()
    [block] = answer["content"]
    assert answer["stop_reason"] == "tool_use"
    assert (block["type"], block["name"], block["input"]) == ("tool_use", "Bash", {"command": "ls"})
    assert block["id"].startswith("toolu_01")


async def test_a_streamed_answer_is_the_same_text_in_several_deltas() -> None:
    text = "A long answer, with «quotes», 😀 and\nlines. " * 5
    async with MessagesServer(text) as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        answer = await client.post("/v1/messages", json=body("Hi", stream=True))
    events = [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n") if line[:5] == "data:"]
    deltas = [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
    assert "".join(deltas) == text
    assert len(deltas) > 3
    assert [events[0]["type"], events[-1]["type"]] == ["message_start", "message_stop"]
    assert "ping" in [event["type"] for event in events]


async def test_usage_that_a_script_gives_is_reported_as_it_is() -> None:
    script = Reply([Text("Hi")], usage=Usage(1, 2, 3, 4))
    async with MessagesServer(script) as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        usage = (await client.post("/v1/messages", json=body("Hi"))).json()["usage"]
    assert usage == {
        "input_tokens": 1,
        "output_tokens": 2,
        "cache_read_input_tokens": 3,
        "cache_creation_input_tokens": 4,
    }


async def test_a_changed_prefix_misses_the_cache() -> None:
    def marked(system: str) -> dict[str, Any]:
        block = {"type": "text", "text": system * 100, "cache_control": {"type": "ephemeral"}}
        return body("Hi", system=[block])

    async with MessagesServer() as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        answers = [await client.post("/v1/messages", json=marked(s)) for s in ("Monday", "Monday", "Tuesday")]
    usages = [answer.json()["usage"] for answer in answers]
    assert [usage["cache_read_input_tokens"] > 100 for usage in usages] == [False, True, False]
    assert [usage["cache_creation_input_tokens"] > 100 for usage in usages] == [True, False, True]
    digests = [request.prefix_sha256 for request in server.requests.model]
    assert digests[0] == digests[1] != digests[2]


async def test_what_follows_a_change_is_not_read_from_the_cache() -> None:
    def marked(*words: str) -> dict[str, Any]:
        blocks = [{"type": "text", "text": word * 100} for word in words]
        blocks[-1]["cache_control"] = {"type": "ephemeral"}
        return body("Hi", system=blocks)

    async with MessagesServer() as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        asked = [("one", "two"), ("ein", "two"), ("one", "zwo")]
        answers = [await client.post("/v1/messages", json=marked(*words)) for words in asked]
    read = [answer.json()["usage"]["cache_read_input_tokens"] for answer in answers]
    assert read[:2] == [0, 0]
    assert 50 < read[2] < 110


async def test_a_tool_that_a_search_has_brought_in_is_no_part_of_the_prefix() -> None:
    tools = [{"name": "Bash", "description": "Runs", "input_schema": {}, "cache_control": {"type": "ephemeral"}}]
    found = {"name": "WebFetch", "description": "Fetches " * 100, "input_schema": {}, "defer_loading": True}
    async with MessagesServer() as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        asked = [tools, [found, *tools]]
        usages = [(await client.post("/v1/messages", json=body("Hi", tools=t))).json()["usage"] for t in asked]
    first, second = server.requests.model
    assert first.prefix_sha256 == second.prefix_sha256
    assert usages[1]["cache_read_input_tokens"] == usages[0]["cache_creation_input_tokens"] > 0
    assert usages[1]["input_tokens"] == usages[0]["input_tokens"]


async def test_a_key_check_sees_models_and_counts_tokens() -> None:
    async with MessagesServer() as server:
        server.accepted_keys = {"sk-ant-right"}
        async with httpx2.AsyncClient(base_url=server.base_url, headers={"x-api-key": "sk-ant-right"}) as client:
            models = (await client.get("/v1/models?limit=1")).json()["data"]
            count = (await client.post("/v1/messages/count_tokens", json=body("word " * 400))).json()
            wrong = await client.get("/v1/models", headers={"x-api-key": "sk-ant-wrong"})
    assert [model["type"] for model in models] == ["model"] * len(models) != []
    assert 400 < count["input_tokens"] < 600
    assert (wrong.status_code, wrong.json()["error"]["type"]) == (401, "authentication_error")
    assert [record.outcome for record in server.requests] == ["answered", "answered", "refused 401"]


async def test_a_script_that_fails_fails_the_test_that_wrote_it() -> None:
    server = MessagesServer(Scripted([]))
    await server.__aenter__()
    async with httpx2.AsyncClient(base_url=server.base_url) as client:
        answer = await client.post("/v1/messages", json=body("Hi"))
    assert answer.status_code == 400
    with pytest.raises(ExceptionGroup) as caught:
        await server.__aexit__(None, None, None)
    assert [type(error) for error in caught.value.exceptions] == [ScriptError]


async def test_waiting_for_a_request_that_does_not_come_ends() -> None:
    async with MessagesServer() as server:
        with pytest.raises(TimeoutError):
            await server.requests.wait_for(timeout=0.05)


async def test_waiting_for_the_second_of_two_requests_ends_with_it() -> None:
    async with MessagesServer() as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        second = asyncio.create_task(server.requests.wait_for(lambda r: r.outcome == "answered", count=2))
        await client.post("/v1/messages", json=body("a"))
        assert not second.done()
        await client.post("/v1/messages", json=body("b"))
        assert (await second).request == server.requests.model[1]


async def test_a_request_that_is_malformed_is_refused() -> None:
    async with MessagesServer() as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        answer = await client.post("/v1/messages", json={"model": "claude-sonnet-4-6"})
    assert (answer.status_code, server.requests[0].outcome) == (400, "refused 400")


async def test_a_stream_that_is_cut_has_sent_its_beginning() -> None:
    read, cut = b"", ""
    async with MessagesServer() as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        server.faults.add(DropMidStream(sent=[Text("Half of an ans")]), when=lambda r: r.prompt == "Hi")
        async with client.stream("POST", "/v1/messages", json=body("Hi", stream=True)) as answer:
            try:
                async for data in answer.aiter_raw():
                    read += data
            except httpx2.RemoteProtocolError as error:
                cut = str(error)
    assert b'"text": "Half of an ans"' in read
    assert "incomplete" in cut
    assert server.requests[0].outcome == "dropped"


async def test_a_fault_meets_only_the_requests_it_is_meant_for() -> None:
    async with MessagesServer() as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        met = server.faults.add(rate_limited(7), times=2, when=lambda request: request.prompt == "b")
        answers = [await client.post("/v1/messages", json=body(text)) for text in "abbba"]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 200, 200]
    assert answers[1].headers["retry-after"] == "7"
    assert met.hits == 2


async def test_a_delay_spaces_the_deltas() -> None:
    script = Reply([Text(chunks=["a", "b", "c"], delay=0.05)])
    async with MessagesServer(script) as server, httpx2.AsyncClient(base_url=server.base_url) as client:
        await client.post("/v1/messages", json=body("Hi", stream=True))
        [record] = server.requests
    assert record.finished is not None
    assert record.finished - record.arrived >= 0.1
