"""The server of a role, through a real MCP client: that role's tools, described, called and refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from mcp import Client
from mcp.types import CallToolResult
from tool_desk import TOOLS, Desk

from jobs.tools.roles import Role
from jobs.tools.server import SERVER_NAME, build_server

ID = "claudecode/toolUseId"

Connect = Callable[[Role], AbstractAsyncContextManager[Client]]


@pytest.fixture
def connect(desk: Desk) -> Connect:
    """Connects a client to the server of a role."""

    @asynccontextmanager
    async def connect(role: Role) -> AsyncIterator[Client]:
        config = build_server(TOOLS, role, desk.runner, lambda call_id: desk.context(call_id, role))
        assert (config["type"], config["name"]) == ("sdk", SERVER_NAME)
        async with asyncio.timeout(60), Client(config["instance"], mode="legacy") as client:
            yield client

    return connect


async def call(client: Client, name: str, call_id: str | None = "call 1", **arguments: object) -> CallToolResult:
    meta: Any = {ID: call_id} if call_id is not None else None
    return await client.call_tool(name, {"whom": "Ada"} | arguments, meta=meta)


def text(result: CallToolResult) -> str:
    [block] = result.content
    assert block.type == "text"
    return block.text


@pytest.mark.parametrize(
    ("role", "names"),
    [
        (Role.OWNER, ["greet", "look", "ring", "refuse"]),
        (Role.TASK, ["ring"]),
        (Role.EXTERNAL, ["look"]),
        (Role.TRIGGER, []),
    ],
)
async def test_a_role_is_offered_its_own_tools_and_no_others(connect: Connect, role: Role, names: list[str]) -> None:
    async with connect(role) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == names


async def test_a_tool_is_described_by_its_declaration(connect: Connect) -> None:
    async with connect(Role.OWNER) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    greet = tools["greet"]
    assert greet.description == "Greet somebody."
    assert greet.input_schema["properties"]["whom"]["description"] == "Whom to greet"
    assert greet.input_schema["required"] == ["whom"]
    assert {name for name, tool in tools.items() if tool.annotations and tool.annotations.read_only_hint} == {"look"}
    assert {name for name, tool in tools.items() if (tool.meta or {}).get("anthropic/alwaysLoad")} == {"refuse"}


async def test_a_call_runs_under_the_id_that_the_cli_gave_it(connect: Connect, desk: Desk) -> None:
    async with connect(Role.OWNER) as client:
        first = await call(client, "greet", "toolu_1")
        again = await call(client, "greet", "toolu_1")
        other = await call(client, "greet", "toolu_2")
    said = [text(result).splitlines()[0] for result in (first, again, other)]
    assert said == ["greeting 1", "greeting 1", "greeting 2"]
    assert not any(result.is_error for result in (first, again, other))
    async with desk.journal.database.transaction() as tx:
        effects = await desk.journal.effects.unsettled(tx, "owner")
    assert [effect.tool_use_id for effect in effects] == ["toolu_1", "toolu_2"]


@pytest.mark.parametrize("call_id", [None, ""])
async def test_a_call_without_an_id_is_not_made(connect: Connect, desk: Desk, call_id: str | None) -> None:
    async with connect(Role.OWNER) as client:
        result = await call(client, "greet", call_id)
    assert result.is_error
    assert "nothing was done" in text(result)
    assert desk.world.greeted == []


@pytest.mark.parametrize("name", ["greet", "ring", "Bash", "no_such_tool"])
async def test_a_tool_that_was_not_offered_cannot_be_called(connect: Connect, desk: Desk, name: str) -> None:
    async with connect(Role.EXTERNAL) as client:
        result = await call(client, name)
    assert result.is_error
    assert text(result) == f"There is no tool named {name} in this session."
    assert desk.world.greeted == []


async def test_a_refusal_is_an_error_with_a_sentence(connect: Connect, desk: Desk) -> None:
    async with connect(Role.OWNER) as client:
        refused = await call(client, "refuse")
        misfit = await call(client, "greet", "call 2", whom="")
        desk.world.failure = ZeroDivisionError("in /root/somewhere.py")
        broken = await call(client, "greet", "call 3")
    assert [result.is_error for result in (refused, misfit, broken)] == [True, True, True]
    assert text(refused) == "I would rather not."
    assert "whom" in text(misfit)
    assert text(broken) == "greet failed unexpectedly (ZeroDivisionError)."


async def test_arguments_may_be_left_out_altogether(connect: Connect) -> None:
    async with connect(Role.OWNER) as client:
        result = await client.call_tool("greet", None, meta={ID: "call 1"})  # type: ignore[arg-type,typeddict-unknown-key]
    assert result.is_error
    assert "whom: Field required" in text(result)
