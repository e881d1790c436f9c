"""A reply as the Messages API puts it on the wire: server-sent events, or one JSON object."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict

from pydantic import JsonValue

from .blocks import Reply, ReplyBlock, Text, Thinking, Usage, make_id, split

Event = Mapping[str, JsonValue]


def encode(event: Event) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def as_message(reply: Reply, model: str, usage: Usage) -> dict[str, JsonValue]:
    """The body of a response that is not streamed."""
    return {
        "id": make_id("msg"),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [_as_json(block) for block in reply.blocks],
        "stop_reason": reply.reason,
        "stop_sequence": None,
        "usage": _usage(usage),
    }


async def as_events(reply: Reply, model: str, usage: Usage) -> AsyncIterator[Event]:
    """The events of a streamed response, at the pace that the reply's blocks ask for."""
    start = as_message(Reply([]), model, Usage(**{**asdict(usage), "output_tokens": 1}))
    yield {"type": "message_start", "message": {**start, "stop_reason": None}}
    for index, block in enumerate(reply.blocks):
        async for event in block_events(index, block):
            yield event
            if index == 0 and event["type"] == "content_block_start":
                yield {"type": "ping"}
        yield {"type": "content_block_stop", "index": index}
    delta: dict[str, JsonValue] = {"stop_reason": reply.reason, "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": _usage(usage)}
    yield {"type": "message_stop"}


async def block_events(index: int, block: ReplyBlock) -> AsyncIterator[Event]:
    """The start and the deltas of one block, without its stop."""
    start = _as_json(block)
    if isinstance(block, Text):
        start["text"] = ""
    elif isinstance(block, Thinking):
        start |= {"thinking": "", "signature": ""}
    else:
        start["input"] = {}
    yield {"type": "content_block_start", "index": index, "content_block": start}
    async for delta in _deltas(block):
        yield {"type": "content_block_delta", "index": index, "delta": delta}


async def _deltas(block: ReplyBlock) -> AsyncIterator[dict[str, JsonValue]]:
    if isinstance(block, Text):
        for number, chunk in enumerate(block.deltas):
            if number == 1 and block.gate is not None:
                await block.gate.wait()
            if number and block.delay:
                await asyncio.sleep(block.delay)
            yield {"type": "text_delta", "text": chunk}
    elif isinstance(block, Thinking):
        for chunk in split(block.thinking):
            yield {"type": "thinking_delta", "thinking": chunk}
        yield {"type": "signature_delta", "signature": block.signature}
    else:
        for chunk in split(json.dumps(dict(block.input), ensure_ascii=False), 120):
            yield {"type": "input_json_delta", "partial_json": chunk}


def _as_json(block: ReplyBlock) -> dict[str, JsonValue]:
    if isinstance(block, Text):
        return {"type": "text", "text": block.whole}
    if isinstance(block, Thinking):
        return {"type": "thinking", "thinking": block.thinking, "signature": block.signature}
    return {"type": "tool_use", "id": block.id, "name": block.name, "input": dict(block.input)}


def _usage(usage: Usage) -> dict[str, JsonValue]:
    return {
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": usage.cache_creation_input_tokens,
        "cache_read_input_tokens": usage.cache_read_input_tokens,
        "output_tokens": usage.output_tokens,
    }
