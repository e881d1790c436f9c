"""A request to the Messages API as a script sees it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue


def _as_blocks(content: object) -> object:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class _Parsed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Source(_Parsed):
    """Where an image's or a document's bytes are; `data` is base64."""

    type: str
    media_type: str = ""
    data: str = ""


class Block(_Parsed):
    """A content block of any type; the fields that its type lacks are empty."""

    type: str
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: Mapping[str, JsonValue] = {}
    tool_use_id: str = ""
    content: Annotated[Sequence[Block], BeforeValidator(_as_blocks)] = ()
    is_error: bool = False
    source: Source | None = None
    cache_control: Mapping[str, JsonValue] | None = None

    @property
    def plain(self) -> str:
        """Its text, or the text of what it contains (a tool's result)."""
        return self.text or "\n".join(block.text for block in self.content if block.type == "text")


Blocks = Annotated[Sequence[Block], BeforeValidator(_as_blocks)]


class Message(_Parsed):
    role: str
    content: Blocks

    @property
    def texts(self) -> list[str]:
        return [block.text for block in self.content if block.type == "text"]


class Tool(_Parsed):
    """A tool offered to the model; `defer_loading` marks one that a tool search has brought in."""

    name: str
    type: str = "custom"
    description: str = ""
    input_schema: Mapping[str, JsonValue] = {}
    defer_loading: bool = False


class _Body(_Parsed):
    model: str
    messages: Sequence[Message]
    system: Blocks = ()
    tools: Sequence[Tool] = ()
    stream: bool = False
    max_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One POST to /v1/messages (or count_tokens): the parsed parts, and the bytes as they came."""

    model: str
    system: Sequence[Block]
    messages: Sequence[Message]
    tools: Sequence[Tool]
    stream: bool
    max_tokens: int
    body: bytes
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, body: bytes, headers: Mapping[str, str]) -> ModelRequest:
        """Raises pydantic.ValidationError (a ValueError) when the body is not a Messages request."""
        parsed = _Body.model_validate_json(body)
        return cls(
            model=parsed.model,
            system=parsed.system,
            messages=parsed.messages,
            tools=parsed.tools,
            stream=parsed.stream,
            max_tokens=parsed.max_tokens,
            body=body,
            headers=headers,
        )

    @property
    def agent_id(self) -> str:
        """The subagent that asks; empty for the conversation itself."""
        return self.headers.get("x-claude-code-agent-id", "")

    @property
    def is_background(self) -> bool:
        """Whether the CLI asks on its own account: a subagent, a web search, or to compact the history."""
        searches = any(tool.type.startswith("web_search") for tool in self.tools)
        compacts = any(text.startswith("CRITICAL: Respond with TEXT ONLY.") for text in self.texts)
        return bool(self.agent_id) or searches or compacts

    @property
    def tool_names(self) -> list[str]:
        return [tool.name for tool in self.tools]

    @property
    def system_text(self) -> str:
        return "\n".join(block.text for block in self.system)

    @property
    def last_user(self) -> Message:
        """The newest message of role user: the CLI puts messages of role system after it."""
        return next(message for message in reversed(self.messages) if message.role == "user")

    @property
    def texts(self) -> list[str]:
        """The text blocks of the newest user message, reminders that the CLI adds included."""
        return self.last_user.texts

    @property
    def prompt(self) -> str:
        """What the newest user message says, without the reminders and image paths that the CLI adds."""
        added = ("<system-reminder>", "[Image: source:")
        return "\n".join(text for text in self.texts if not text.lstrip().startswith(added))

    @property
    def images(self) -> list[Source]:
        """The images of the newest user message."""
        found = [block.source for block in self.last_user.content if block.type == "image"]
        return [source for source in found if source is not None]

    @property
    def tool_results(self) -> list[Block]:
        """The results that the newest user message brings, in the order of the calls."""
        return [block for block in self.last_user.content if block.type == "tool_result"]

    @property
    def all_texts(self) -> list[str]:
        """Every text in the conversation, oldest first: prompts, answers, reminders, tool results."""
        return [block.plain for message in self.messages for block in message.content if block.plain]

    def called(self, tool_use_id: str) -> Block | None:
        """The tool call of that id in the conversation so far."""
        blocks = (block for message in self.messages for block in message.content)
        return next((block for block in blocks if block.type == "tool_use" and block.id == tool_use_id), None)

    @property
    def prefix_sha256(self) -> str:
        """A digest of tools and system prompt, cache markers and deferred tools left out."""
        payload = json.loads(self.body)
        tools = [tool for tool in payload.get("tools", []) if not tool.get("defer_loading")]
        prefix = without_cache_markers([tools, payload.get("system")])
        return hashlib.sha256(json.dumps(prefix, ensure_ascii=False).encode()).hexdigest()


def without_cache_markers(value: JsonValue) -> JsonValue:
    """The same JSON without any `cache_control`: the client moves these from request to request."""
    if isinstance(value, dict):
        return {key: without_cache_markers(item) for key, item in value.items() if key != "cache_control"}
    if isinstance(value, list):
        return [without_cache_markers(item) for item in value]
    return value
