"""Usage figures as the real API would report them, prompt cache included."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import JsonValue

from .blocks import Reply, Text, Thinking, Usage
from .request import ModelRequest, without_cache_markers

_BYTES_PER_TOKEN = 4
_TOKENS_PER_IMAGE = 1500


@dataclass(frozen=True, slots=True)
class _Part:
    encoded: bytes
    tokens: int
    marked: bool


@dataclass
class PromptCache:
    """Remembers the prefixes that earlier requests asked to cache, per model, as a chain of digests."""

    _seen: set[bytes] = field(default_factory=set[bytes])

    def count(self, request: ModelRequest, reply: Reply) -> Usage:
        """The figures of one answered request; what it marks for caching is remembered."""
        parts = list(_parts(request))
        digests = _chain(request.model, parts)
        cached = max((i + 1 for i, digest in enumerate(digests) if digest in self._seen), default=0)
        marked = max((i + 1 for i, part in enumerate(parts) if part.marked), default=0)
        self._seen.update(digests[:marked])
        read = sum(part.tokens for part in parts[:cached])
        created = sum(part.tokens for part in parts[cached:marked])
        return Usage(
            input_tokens=sum(part.tokens for part in parts[max(cached, marked) :]),
            output_tokens=_output_tokens(reply),
            cache_read_input_tokens=read,
            cache_creation_input_tokens=created,
        )


def input_tokens(request: ModelRequest) -> int:
    """An estimate of the whole input, from its bytes."""
    return sum(part.tokens for part in _parts(request))


def _chain(model: str, parts: list[_Part]) -> list[bytes]:
    digests: list[bytes] = []
    digest = model.encode()
    for part in parts:
        digest = hashlib.sha256(digest + part.encoded).digest()
        digests.append(digest)
    return digests


def _parts(request: ModelRequest) -> Iterator[_Part]:
    """What the model reads, in order; a deferred tool is no part of it until a search brings it in."""
    body = json.loads(request.body)
    for tool in body.get("tools") or []:
        if not tool.get("defer_loading"):
            yield _part("tool", tool)
    system = body.get("system") or []
    for block in [system] if isinstance(system, str) else system:
        yield _part("system", block)
    for message in body["messages"]:
        content = message["content"]
        for block in [content] if isinstance(content, str) else content:
            yield _part(message["role"], block)


def _part(role: str, value: JsonValue) -> _Part:
    encoded = json.dumps([role, without_cache_markers(value)], ensure_ascii=False).encode()
    block = value if isinstance(value, dict) else {}
    image = block.get("type") == "image"
    tokens = _TOKENS_PER_IMAGE if image else max(1, len(encoded) // _BYTES_PER_TOKEN)
    return _Part(encoded, tokens, marked="cache_control" in block)


def _output_tokens(reply: Reply) -> int:
    size = 0
    for block in reply.blocks:
        if isinstance(block, Text):
            size += len(block.whole.encode())
        elif isinstance(block, Thinking):
            size += len(block.thinking.encode())
        else:
            size += len(json.dumps(dict(block.input), ensure_ascii=False).encode()) + 40
    return max(1, size // _BYTES_PER_TOKEN)
