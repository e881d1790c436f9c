"""What is in a plugin: what the owner is shown before it is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Server:
    """An MCP server that a plugin brings."""

    name: str
    runs: str
    """Its command with arguments, or its address."""
    keys: Sequence[str]
    """Of the variables or headers that it is given."""


@dataclass(frozen=True, slots=True)
class Hook:
    """Something that happens by itself in the conversation."""

    event: str
    matcher: str
    runs: str


@dataclass(frozen=True, slots=True)
class Contents:
    """A plugin, looked through."""

    name: str
    version: str
    description: str
    author: str
    skills: Sequence[str] = ()
    commands: Sequence[str] = ()
    agents: Sequence[str] = ()
    servers: Sequence[Server] = ()
    hooks: Sequence[Hook] = ()
    programs: Sequence[str] = ()
    """Of its bin/: commands find them by name."""
    left_out: Sequence[str] = ()
    """What is in it and is not taken, each with the reason."""
    manifest: Mapping[str, object] = field(default_factory=dict[str, object])
    """Its plugin.json as we write it."""
    entries: Mapping[str, object] = field(default_factory=dict[str, object])
    """Its MCP servers, as the CLI gets them."""
