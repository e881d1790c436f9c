"""Each way the sandbox's Messages API misbehaves, seen from the real CLI."""

from __future__ import annotations

import asyncio

import pytest
from asking import Open, ask, result, texts
from claude_agent_sdk import StreamEvent, SystemMessage

from jobs.sandbox.claude import (
    FORBIDDEN,
    OUT_OF_CREDIT,
    OVERLOADED,
    SERVER_ERROR,
    UNAUTHORIZED,
    DropBeforeHeaders,
    DropMidStream,
    MessagesServer,
    NeverAnswer,
    Refuse,
    Scripted,
    SlowHeaders,
    StallMidStream,
    Text,
    rate_limited,
)

IMPATIENT = {"CLAUDE_CODE_MAX_RETRIES": "1", "API_TIMEOUT_MS": "1000"}


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (UNAUTHORIZED, "Invalid API key"),
        (FORBIDDEN, "does not have permission"),
        (OUT_OF_CREDIT, "Credit balance is too low"),
        (rate_limited(3600), "rate limit"),
        (OVERLOADED, "Overloaded"),
        (SERVER_ERROR, "Internal server error"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Refuse) else "",
)
async def test_a_refusal_ends_the_turn_with_its_status(
    server: MessagesServer, open_client: Open, refusal: Refuse, words: str
) -> None:
    server.faults.add(refusal, times=None)
    # Nobody has to forbid trying again when the answer says to wait for an hour.
    variables = {} if refusal.retry_after else {"CLAUDE_CODE_MAX_RETRIES": "0"}
    async with open_client(**variables) as client:
        ended = result(await ask(client, "Hi"))
    assert ended.is_error
    assert ended.api_error_status == refusal.status
    assert words in (ended.result or "")
    assert [record.outcome for record in server.requests] == [f"refused {refusal.status}"]


@pytest.mark.parametrize("refusal", [OVERLOADED, SERVER_ERROR, rate_limited(0)], ids=lambda r: str(r.status))
async def test_a_passing_refusal_is_retried(server: MessagesServer, open_client: Open, refusal: Refuse) -> None:
    met = server.faults.add(refusal)
    server.script = Scripted(["Here I am."])
    async with open_client() as client:
        messages = await ask(client, "Hi")
    assert texts(messages) == ["Here I am."]
    assert met.hits == 1
    retries = [m for m in messages if isinstance(m, SystemMessage) and m.subtype == "api_retry"]
    assert [retry.data["error_status"] for retry in retries] == [refusal.status]


async def test_a_connection_dropped_before_the_headers_is_retried(server: MessagesServer, open_client: Open) -> None:
    server.faults.add(DropBeforeHeaders())
    server.script = Scripted(["Here I am."])
    async with open_client() as client:
        assert texts(await ask(client, "Hi")) == ["Here I am."]
    assert [record.outcome for record in server.requests] == ["dropped", "answered"]


async def test_a_stream_that_is_cut_is_asked_for_again(server: MessagesServer, open_client: Open) -> None:
    server.faults.add(DropMidStream(sent=[Text("Half of an ans")]))
    server.script = Scripted(["A whole answer."])
    async with open_client() as client:
        messages = await ask(client, "Hi")
    assert texts(messages)[-1] == "A whole answer."
    assert [record.outcome for record in server.requests] == ["dropped", "answered"]


async def test_a_stream_that_stalls_holds_the_turn_until_it_is_released(
    server: MessagesServer, open_client: Open
) -> None:
    stall = StallMidStream(sent=[Text("Half of an ans")])
    server.faults.add(stall)
    server.script = Scripted(["A whole answer."])
    seen = ""
    async with open_client() as client:
        await client.query("Hi")
        async for message in client.receive_response():
            if isinstance(message, StreamEvent) and message.event["type"] == "content_block_delta":
                seen += message.event["delta"]["text"]
                if seen == "Half of an ans":
                    assert [record.outcome for record in server.requests] == [None]
                    stall.release.set()
    assert seen.endswith("A whole answer.")
    assert [record.outcome for record in server.requests] == ["dropped", "answered"]


async def test_a_request_that_is_never_answered_times_out(server: MessagesServer, open_client: Open) -> None:
    server.faults.add(NeverAnswer())
    server.script = Scripted(["Here I am."])
    async with open_client(**IMPATIENT) as client:
        messages = await ask(client, "Hi")
    assert texts(messages)[-1] == "Here I am."
    assert [record.outcome for record in server.requests] == ["client left", "answered"]


async def test_slow_headers_only_delay_the_answer(server: MessagesServer, open_client: Open) -> None:
    server.faults.add(SlowHeaders(0.5))
    async with open_client() as client:
        assert texts(await ask(client, "Hi")) == ["Fine."]
    [record] = server.requests
    assert record.finished is not None
    assert 0.5 <= record.finished - record.arrived < 5


async def test_an_interrupted_turn_leaves_a_request_that_nobody_reads(
    server: MessagesServer, open_client: Open
) -> None:
    server.faults.add(NeverAnswer())
    async with open_client() as client:
        turn = asyncio.create_task(ask(client, "Hi"))
        await server.requests.wait_for()
        await client.interrupt()
        ended = result(await turn)
        left = await server.requests.wait_for(lambda record: record.outcome == "client left")
    assert ended.terminal_reason == "aborted_streaming"
    assert left.number == 1


async def test_a_key_that_is_not_accepted_is_refused(server: MessagesServer, open_client: Open) -> None:
    server.accepted_keys = {"sk-ant-right"}
    async with open_client(ANTHROPIC_API_KEY="sk-ant-wrong", CLAUDE_CODE_MAX_RETRIES="0") as client:
        assert result(await ask(client, "Hi")).api_error_status == 401
    async with open_client(ANTHROPIC_API_KEY="sk-ant-right") as client:
        assert texts(await ask(client, "Hi")) == ["Fine."]


async def test_an_oauth_token_is_accepted_as_a_bearer(server: MessagesServer, open_client: Open) -> None:
    server.accepted_keys = {"sk-ant-oat01-right"}
    variables = {"ANTHROPIC_API_KEY": "", "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-right"}
    async with open_client(**variables) as client:
        assert texts(await ask(client, "Hi")) == ["Fine."]
    assert server.requests.model[-1].headers["authorization"] == "Bearer sk-ant-oat01-right"
