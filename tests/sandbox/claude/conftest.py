from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asking import Open
from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, McpServerConfig

from jobs.sandbox.claude import MessagesServer, environment


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK hands the parent's variables on to the CLI."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC", "CLAUDE", "OPENAI")):
            monkeypatch.delenv(name)


@pytest.fixture
async def server() -> AsyncIterator[MessagesServer]:
    async with MessagesServer() as server:
        yield server


@pytest.fixture
def open_client(server: MessagesServer, tmp_path: Path) -> Open:
    """Connects the real CLI to the server."""

    @asynccontextmanager
    async def open_client(
        tools: list[str] | None = None,
        mcp_servers: dict[str, McpServerConfig] | None = None,
        **variables: str,
    ) -> AsyncIterator[ClaudeSDKClient]:
        workspace = tmp_path / "workspace"
        workspace.mkdir(exist_ok=True)
        options = ClaudeAgentOptions(
            model="claude-sonnet-4-6",
            system_prompt="You are a test.",
            cwd=workspace,
            env={**environment(server, tmp_path), **variables},
            tools=tools or [],
            mcp_servers=mcp_servers or {},
            permission_mode="bypassPermissions",
            setting_sources=[],
            include_partial_messages=True,
        )
        async with ClaudeSDKClient(options) as client:
            yield client

    return open_client
