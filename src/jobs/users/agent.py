"""One connected Claude process, through claude-agent-sdk: typed events out, messages in, errors translated.

What is true of the CLI here was measured with claude-agent-sdk 0.2.187 (CLI 2.1.330).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import claude_agent_sdk
from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, ClaudeSDKError, ResultError
from claude_agent_sdk.types import (
    HookContext,
    HookEvent,
    HookInput,
    HookJSONOutput,
    HookMatcher,
    McpServerConfig,
    Message,
    SdkPluginConfig,
    SystemPromptPreset,
)

from jobs.core.errors import AgentUnavailable, SessionLost
from jobs.core.process_tree import kill_tree
from jobs.tools import gate
from jobs.users.agent_events import AgentEvent, Died
from jobs.users.agent_parsing import EventParser, read_message, servers_of
from jobs.users.environment import PID_FILE

log = logging.getLogger(__name__)

Content = list[dict[str, Any]]
"""Content blocks of a user message, as the Messages API takes them."""

# What a personal assistant needs of the CLI's tools; Glob and Grep are left to Bash (measured: 4 KB a request).
# Bash, Read, Write, Edit, Agent and Skill are in every request, the CLI keeps the rest behind its tool search.
BUILTIN_TOOLS = (
    "Bash", "Read", "Write", "Edit", "WebFetch", "WebSearch", "Agent", "Skill", "ToolSearch", "NotebookEdit",
    "TaskStop", "Monitor", "SendMessage", "TaskCreate", "TaskGet", "TaskList", "TaskUpdate",
)  # fmt: skip
_CODING_AGENTS = ["Agent(Explore)", "Agent(Plan)", "Agent(statusline-setup)", "Agent(claude)"]
_FLAG_SETTINGS = json.dumps(
    {
        "attribution": {"commit": "", "pr": ""},
        "includeGitInstructions": False,
        # A !`command` in a skill would run without a tool call, past the gate and unseen by whoever allowed the skill.
        "disableSkillShellExecution": True,
    }
)

_INTERRUPT_SECONDS = 5.0
_CLOSE_SECONDS = 8.0


Refusal = Callable[[str, Mapping[str, object]], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What a process is started with; the same for all its life."""

    model: str
    cwd: Path
    system: str
    """Appended to the CLI's own prompt; in place of it where the process is `locked`."""
    env: Mapping[str, str]
    mcp_servers: Mapping[str, McpServerConfig] = field(default_factory=dict[str, McpServerConfig])
    plugins: Sequence[Path] = ()
    """Folders of plugins. The CLI says nothing of one that is missing, and runs no server that only a plugin names."""
    locked: bool = False
    """It talks with an outsider: no tools but those of `mcp_servers`, no files, no settings, no skills."""
    allowed_tools: Sequence[str] = ()
    """The tools of a locked process, as the CLI names them."""
    refusal: Refusal | None = None
    """Asked before each call: why it may not run, None when it may."""
    before_compaction: Callable[[], None] | None = None
    """Called when the process is about to shorten its conversation; returns at once."""
    on_servers: Callable[[Mapping[str, str]], None] | None = None
    """Called at the start of each turn with how the process stands to each of `mcp_servers`; returns at once."""
    kept: bool = True
    """Whether the conversation can be continued later."""
    cli_path: Path | None = None
    pid_file: Path | None = None
    """Where the launcher at `cli_path` writes the process id (it reads the name from `environment.PID_FILE`)."""


def bundled_cli() -> Path:
    """The CLI that the SDK ships with."""
    return Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"


class Agent:
    """A Claude process from `start` to `close`; `on_event` is called on the event loop, in order."""

    def __init__(self, options: AgentOptions, on_event: Callable[[AgentEvent], None]) -> None:
        self._options = options
        self._on_event = on_event
        self._client: ClaudeSDKClient | None = None
        self._running: asyncio.Task[None] | None = None
        self._ending = False
        self._stderr: deque[str] = deque(maxlen=20)

    async def start(self, resume: str | None) -> None:
        """Start the process, continuing conversation `resume` if given.

        Raises SessionLost when that conversation cannot be reopened, AgentUnavailable when nothing starts.
        """
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ending = False
        self._running = asyncio.create_task(self._run(resume, ready), name="agent")
        try:
            await asyncio.shield(ready)
        except asyncio.CancelledError:
            await self.kill()  # one that hangs would not end by itself
            raise

    async def send(self, message_id: str, content: Content) -> None:
        """Hand a user message over, under an id of our own that was never used before."""
        if self._client is None:
            raise AgentUnavailable("The Claude process is not running.")
        try:
            await self._client.query(_one(message_id, content))
        except (ClaudeSDKError, OSError) as error:
            raise AgentUnavailable(f"The Claude process does not take messages: {error}") from error

    async def interrupt(self) -> None:
        """Ask the turn to end. Raises AgentUnavailable when the process does not answer."""
        if self._client is None:
            return
        try:
            async with asyncio.timeout(_INTERRUPT_SECONDS):
                await self._client.interrupt()
        except Exception as error:  # the SDK raises a bare one when the process refuses
            raise AgentUnavailable(f"The Claude process does not answer: {error}") from error

    async def close(self) -> None:
        """End the process; a turn that is underway should be interrupted first, or this takes seconds."""
        running, self._running = self._running, None
        if running is None:
            return
        if not self._ending:  # cancelled in the midst of that, the SDK would leave its streams open
            running.cancel()
        await _ended(running)

    async def kill(self) -> None:
        """End the process and the commands it runs, at once."""
        pid_file = self._options.pid_file
        if self._running is not None and not self._running.done() and pid_file is not None:
            with contextlib.suppress(OSError, ValueError):
                kill_tree(int(pid_file.read_text(encoding="ascii")))
        await self.close()

    async def _run(self, resume: str | None, ready: asyncio.Future[None]) -> None:
        """Everything of the SDK's client in one task: it may only be closed where it was connected."""
        client = ClaudeSDKClient(self._sdk_options(resume))
        parser = EventParser(self._options.model)
        try:
            try:
                self._options.cwd.mkdir(parents=True, exist_ok=True)  # it may have been deleted since the start
                await client.connect()
            except ResultError as error:
                # `--resume` of an unknown or unreadable transcript ends like this.
                ready.set_exception(SessionLost(str(error)) if resume else AgentUnavailable(str(error)))
                return
            except Exception as error:  # noqa: BLE001 - the SDK raises bare ones ("Control request timeout")
                ready.set_exception(AgentUnavailable(f"{error} {' '.join(self._stderr)}".strip()))
                return
            self._client = client
            ready.set_result(None)
            await self._read(_messages(client), parser)
        finally:
            self._client, self._ending = None, True
            if self._options.pid_file is not None:
                self._options.pid_file.unlink(missing_ok=True)
            if not ready.done():
                ready.cancel()
            await _disconnect(client)

    async def _read(self, messages: AsyncIterator[Message], parser: EventParser) -> None:
        try:
            async for message in messages:
                if self._options.on_servers is not None and (servers := servers_of(message)):
                    self._options.on_servers(servers)
                for event in parser.parse(message):
                    self._on_event(event)
            reason = "it ended"
        except (ClaudeSDKError, OSError) as error:
            reason = str(error)
        except Exception as error:  # nobody listens to the process any more: that is the end of it
            log.exception("What the Claude process said could not be read")
            reason = str(error)
        self._client = None
        self._on_event(Died(f"{reason} {' '.join(self._stderr)}".strip()))

    def _sdk_options(self, resume: str | None) -> ClaudeAgentOptions:
        options = self._options
        common = ClaudeAgentOptions(
            model=options.model,
            cwd=options.cwd,
            cli_path=options.cli_path,
            mcp_servers=dict(options.mcp_servers),
            strict_mcp_config=True,
            include_partial_messages=True,
            verbatim_prompts=True,
            resume=resume,
            env={**options.env, **({PID_FILE: str(options.pid_file)} if options.pid_file else {})},
            stderr=self._on_stderr,
            max_buffer_size=64 * 1024 * 1024,
            hooks={**(gate.hooks(options.refusal) if options.refusal else {}), **_compaction(options)} or None,
            extra_args={} if options.kept else {"no-session-persistence": None},
        )
        return _locked(common, options) if options.locked else _able(common, options)

    def _on_stderr(self, line: str) -> None:
        self._stderr.append(line[:500])
        log.debug("claude: %s", line)


def _able(common: ClaudeAgentOptions, options: AgentOptions) -> ClaudeAgentOptions:
    """A process that acts for the owner."""
    return replace(
        common,
        system_prompt=SystemPromptPreset(
            type="preset",
            preset="claude_code",
            append=options.system,
            snapshot=False,  # an update's new words hold from its first start on
        ),
        tools=list(BUILTIN_TOOLS),
        disallowed_tools=_CODING_AGENTS,
        settings=_FLAG_SETTINGS,
        setting_sources=["project"],
        plugins=[SdkPluginConfig(type="local", path=str(path)) for path in options.plugins],
        permission_mode="bypassPermissions",
    )


def _locked(common: ClaudeAgentOptions, options: AgentOptions) -> ClaudeAgentOptions:
    """A process that talks with an outsider (what each of these shuts was measured: see docs/security.md)."""
    return replace(
        common,
        system_prompt=options.system,
        tools=[],
        allowed_tools=list(options.allowed_tools),
        setting_sources=[],
        skills=[],
        permission_mode="default",
    )


def _compaction(options: AgentOptions) -> dict[HookEvent, list[HookMatcher]]:
    heard = options.before_compaction
    if heard is None:
        return {}

    async def before(_hook: HookInput, _tool_use_id: str | None, _context: HookContext) -> HookJSONOutput:
        heard()
        return {}

    return {"PreCompact": [HookMatcher(hooks=[before])]}


async def _one(message_id: str, content: Content) -> AsyncIterator[dict[str, Any]]:
    yield {
        "type": "user",
        "uuid": message_id,
        "message": {"role": "user", "content": content},
        "parent_tool_use_id": None,
    }


async def _messages(client: ClaudeSDKClient) -> AsyncIterator[Message]:
    """What the client's own `receive_messages` gives, read by us."""
    lines: AsyncIterator[dict[str, Any]] = client._query.receive_messages()  # pyright: ignore  # it has no public name
    async for line in lines:
        if (message := read_message(line)) is not None:
            yield message


async def _ended(task: asyncio.Task[None]) -> None:
    """Wait for the end of a task that was cancelled. Who is cancelled meanwhile is so then: the program may stop."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    with contextlib.suppress(asyncio.CancelledError):
        task.result()


async def _disconnect(client: ClaudeSDKClient) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await client.disconnect()
    except (ClaudeSDKError, TimeoutError, OSError) as error:
        log.warning("The Claude process did not end cleanly: %s", error)
