"""What a scripted model can say: content blocks, a reply made of them, and its usage figures."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

_ALPHANUMERIC = string.ascii_letters + string.digits


def make_id(prefix: str) -> str:
    """An id as the API makes them: `toolu_01…`, `msg_01…`, `req_01…`."""
    return f"{prefix}_01" + "".join(random.choices(_ALPHANUMERIC, k=22))


def split(text: str, size: int = 24) -> tuple[str, ...]:
    """Cut text into deltas of `size` characters, or longer ones when they would be more than 64."""
    size = max(size, len(text) // 64 + 1)
    return tuple(text[start : start + size] for start in range(0, len(text), size)) or ("",)


@dataclass(frozen=True, slots=True)
class Text:
    """Text, streamed as `chunks` (cut from `text` when absent).

    With a `gate` only the first chunk goes out until the event is set; `delay` is the pause in seconds
    before each further chunk.
    """

    text: str = ""
    chunks: Sequence[str] = ()
    gate: asyncio.Event | None = None
    delay: float = 0.0

    @property
    def deltas(self) -> Sequence[str]:
        return self.chunks or split(self.text)

    @property
    def whole(self) -> str:
        return "".join(self.deltas)


@dataclass(frozen=True, slots=True)
class Thinking:
    """A thinking block; clients hand its signature back unchanged."""

    thinking: str
    signature: str = "c2FuZGJveC1zaWduYXR1cmU="


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call of a tool; `id` is made up when absent."""

    name: str
    input: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    id: str = field(default_factory=lambda: make_id("toolu"))


ReplyBlock = Text | Thinking | ToolUse


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request; the three input figures add up to the whole input."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """One assistant message; stop reason and usage are worked out when absent."""

    blocks: Sequence[ReplyBlock]
    stop_reason: str | None = None
    usage: Usage | None = None

    @property
    def reason(self) -> str:
        if self.stop_reason:
            return self.stop_reason
        return "tool_use" if any(isinstance(block, ToolUse) for block in self.blocks) else "end_turn"


def say(*texts: str) -> Reply:
    """A reply of text blocks that ends the turn."""
    return Reply([Text(text) for text in texts])


def call(name: str, /, **arguments: JsonValue) -> Reply:
    """A reply that calls one tool."""
    return Reply([ToolUse(name, arguments)])
