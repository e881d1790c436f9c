"""The in-process MCP server of a role: it holds that role's tools and no other."""

from __future__ import annotations

import re
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from claude_agent_sdk.types import McpSdkServerConfig
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams, Tool

from jobs.core.errors import ToolError
from jobs.tools.execution import ToolRunner
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, ToolSpec

SERVER_NAME = "jobs"

_TOOL_USE_ID = "claudecode/toolUseId"
"""Where the CLI puts the call's id in a request's `_meta` (measured with CLI 2.1.330)."""


def cli_name(name: str) -> str:
    """A name as Claude's CLI has it in that of a tool."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def build_server(
    specs: Sequence[ToolSpec], role: Role, runner: ToolRunner, context: Callable[[str], ToolContext]
) -> McpSdkServerConfig:
    """A server with the tools of `role`; `context` makes the ToolContext of a call from its id."""
    by_name = {spec.name: spec for spec in specs if role in spec.roles}
    tools = [_describe(spec) for spec in by_name.values()]

    async def list_tools(_: ServerRequestContext[Any, Any], __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=tools)

    async def call_tool(request: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        spec = by_name.get(params.name)
        if spec is None:
            return _result(f"There is no tool named {params.name} in this session.", failed=True)
        call_id = (request.meta or {}).get(_TOOL_USE_ID)
        if not isinstance(call_id, str) or not call_id:
            return _result("The call has no id, so it cannot be recorded; nothing was done.", failed=True)
        try:
            return _result(await runner.run(spec, context(call_id), dict(params.arguments or {})))
        except ToolError as error:
            return _result(str(error), failed=True)

    server = Server[Any](SERVER_NAME, on_list_tools=list_tools, on_call_tool=call_tool)
    return McpSdkServerConfig(type="sdk", name=SERVER_NAME, instance=server)


def serve(
    name: str,
    definitions: Sequence[Mapping[str, Any]],
    call: Callable[[str, dict[str, Any]], Awaitable[CallToolResult]],
) -> McpSdkServerConfig:
    """A server with tools that somebody else describes and runs; the CLI keeps them behind its tool search."""
    tools = [Tool.model_validate(definition) for definition in definitions]

    async def list_tools(_: ServerRequestContext[Any, Any], __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=tools)

    async def call_tool(_: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        if params.name not in {tool.name for tool in tools}:
            return _result(f"There is no tool named {params.name} in this session.", failed=True)
        return await call(params.name, dict(params.arguments or {}))

    return McpSdkServerConfig(
        type="sdk", name=name, instance=Server[Any](name, on_list_tools=list_tools, on_call_tool=call_tool)
    )


def _describe(spec: ToolSpec) -> Tool:
    return Tool.model_validate(
        {
            "name": spec.name,
            "description": spec.description,
            "inputSchema": _lean(spec.params.model_json_schema()),
            "annotations": {"readOnlyHint": spec.effect is Effect.READ},
            "_meta": {"anthropic/alwaysLoad": True} if spec.always_loaded else None,
        }
    )


def _lean(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without what the model learns nothing from: the names of classes, and of parameters once more."""
    return {name: value for name, value in _untitled(schema).items() if name != "description"}


def _untitled(value: Any) -> Any:
    if isinstance(value, Mapping):
        parts = typing.cast("Mapping[str, Any]", value)
        # A parameter may be called "title": it is a schema then, no text.
        return {name: _untitled(part) for name, part in parts.items() if name != "title" or not isinstance(part, str)}
    return [_untitled(part) for part in typing.cast("list[Any]", value)] if isinstance(value, list) else value


def _result(text: str, *, failed: bool = False) -> CallToolResult:
    return CallToolResult.model_validate({"content": [{"type": "text", "text": text}], "isError": failed})
