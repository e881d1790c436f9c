"""From what the CLI says, as the SDK reads it, to our events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from claude_agent_sdk._internal.message_parser import parse_message
from claude_agent_sdk.types import (
    AssistantMessage,
    Message,
    RateLimitEvent,
    ResultMessage,
    StreamEvent,
    SystemMessage,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
    UserMessage,
)

from jobs.core.errors import TurnFailed
from jobs.core.usage import TurnUsage
from jobs.users.agent_events import (
    AgentEvent,
    PlanWindow,
    SignOfLife,
    TextDelta,
    TextWritten,
    ToolEnded,
    ToolStarted,
    TurnEnded,
)


def read_message(line: dict[str, Any]) -> Message | None:
    """What the SDK makes of a line of the CLI, except that the `model_usage` of a result is what this result adds.

    The SDK passes on the running total alone, and no turn's cost can be told from that: in a resumed conversation
    it goes on from what the transcript saved, which is less than was spent where the process was killed.
    """
    if line.get("type") == "result":
        line = {**line, "modelUsage": line.get("model_usage_since_last_result") or {}}
    return parse_message(line)


def servers_of(message: Message) -> Mapping[str, str]:
    """What the CLI says at the start of a turn of the MCP servers that it was given: "connected", "failed", ..."""
    match message:
        case SystemMessage(subtype="init", data=data):
            return dict(_server_states(data.get("mcp_servers")))
        case _:
            return {}


def _server_states(servers: object) -> Iterator[tuple[str, str]]:
    for server in cast("list[object]", servers) if isinstance(servers, list) else ():
        match server:
            case {"name": str(name), "status": str(status)}:
                yield name, status
            case _:
                pass


class EventParser:
    """Parses the messages of one connection."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._limit_resets_at: datetime | None = None

    def parse(self, message: Message) -> Iterator[AgentEvent]:
        """The events in a message; at least one, for every message is a sign of life."""
        if getattr(message, "parent_tool_use_id", None) is not None:
            yield SignOfLife()  # a subagent at work
            return
        match message:
            case StreamEvent():
                yield _stream_event(message.event)
            case AssistantMessage():
                yield from _assistant(message)
            case UserMessage(content=list(blocks)):
                yield SignOfLife()
                yield from (ToolEnded(b.tool_use_id) for b in blocks if isinstance(b, ToolResultBlock))
            case ResultMessage():
                yield self._result(message)
            case RateLimitEvent():
                yield from self._plan(message)
            case SystemMessage():
                yield SignOfLife()
            case _:
                yield SignOfLife()

    def _result(self, message: ResultMessage) -> TurnEnded:
        interrupted = (message.terminal_reason or "").startswith("aborted")
        failure = None
        if message.is_error and not interrupted:
            failure = classify(message, self._limit_resets_at)
        return TurnEnded(
            message_ids=tuple(message.user_message_uuids or ()),
            session_id=message.session_id,
            usage=_usage(message, self._model),
            interrupted=interrupted,
            unsolicited=bool(message.origin) and not message.user_message_uuids,
            failure=failure,
        )

    def _plan(self, message: RateLimitEvent) -> Iterator[AgentEvent]:
        yield SignOfLife()
        info = message.rate_limit_info
        if info.status == "rejected" and info.resets_at:
            self._limit_resets_at = datetime.fromtimestamp(info.resets_at, UTC)
        for name in ("five_hour", "seven_day"):
            match info.raw:
                case {"unifiedWindows": {**windows}} if name in windows:
                    match windows[name]:
                        case {"utilization": int(used) | float(used)}:
                            yield PlanWindow(name, float(used))
                        case _:
                            pass
                case _:
                    pass


def _stream_event(event: Mapping[str, Any]) -> AgentEvent:
    match event:
        case {"type": "content_block_start", "content_block": {"type": "text"}}:
            return TextDelta("", fresh=True)
        case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": str(text)}}:
            return TextDelta(text)
        case _:
            return SignOfLife()


def _assistant(message: AssistantMessage) -> Iterator[AgentEvent]:
    yield SignOfLife()
    if message.error is not None:
        return  # the CLI's own words about an API error; the result says it in a form to act on
    for block in message.content:
        if isinstance(block, TextBlock) and block.text:
            yield TextWritten(block.text)
        elif isinstance(block, ToolUseBlock):
            yield ToolStarted(block.id, block.name, block.input)


def _usage(message: ResultMessage, model: str) -> TurnUsage:
    by_model = message.model_usage or {}
    used = by_model.values()  # subagents included
    return TurnUsage(
        model=next(iter(by_model)) if len(by_model) == 1 else model,
        input_tokens=sum(one.get("inputTokens", 0) for one in used),
        output_tokens=sum(one.get("outputTokens", 0) for one in used),
        cache_read_tokens=sum(one.get("cacheReadInputTokens", 0) for one in used),
        cache_write_tokens=sum(one.get("cacheCreationInputTokens", 0) for one in used),
        cost_usd=sum(one.get("costUSD", 0.0) for one in used),
        duration_ms=message.duration_ms,
    )


def classify(message: ResultMessage, limit_resets_at: datetime | None) -> TurnFailed:
    """Why a turn failed, from the result's status and words (the subtype says "success" even then)."""
    text = message.result or "; ".join(message.errors or []) or message.subtype
    status = message.api_error_status
    by_words = next((reason for pattern, reason in _BY_WORDS if re.search(pattern, text, re.IGNORECASE)), None)
    if by_words:
        reason = by_words
    elif status is None:
        reason = "no_network" if message.terminal_reason == "api_error" else "refused"
    elif status >= 500:
        reason = "overloaded"
    else:
        reason = _BY_STATUS.get(status, "refused")
    return TurnFailed(reason, text, retry_at=limit_resets_at if reason == "rate_limited" else None)


_BY_WORDS = (
    (r"credit balance|billing", "out_of_credit"),
    (r"prompt is too long|context (window|length)", "too_long"),
)
_BY_STATUS = {401: "key_refused", 403: "forbidden", 404: "forbidden", 408: "no_network", 429: "rate_limited"}
