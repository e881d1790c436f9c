"""The servers and hooks of a plugin, rewritten so that they see none of our keys.

Claude's CLI gives them its own environment, and fills in `${ANY_VARIABLE}` of it in a server's command, address and
headers (measured with CLI 2.1.330). So each is wrapped in `env -i`, and only the variables that tell it where it is
are left to the CLI.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from jobs.plugin_manager.contents import Hook, Server

_PLACES = ("CLAUDE_PLUGIN_ROOT", "CLAUDE_PLUGIN_DATA", "CLAUDE_PROJECT_DIR")
"""What the CLI fills in, and passes on to hooks."""
_PASSED = ("PATH", "HOME", "LANG", "TZ")
_VARIABLE = re.compile(r"\$\{(?!(?:" + "|".join(_PLACES) + r")\})([^{}]*)\}")
_OPTION = re.compile(r"\$\{user_config\.[^{}]*\}")
"""Settings of the plugin's own; it has none here."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CLEAN = "exec env -i " + " ".join(f'{name}="${name}"' for name in _PASSED) + ' TMPDIR="$' + '{TMPDIR:-/tmp}"'
_MOST = 100
"""Servers, and hooks, of one plugin."""


class Unfit(Exception):
    """It is not taken; the message says why."""


class _ServerEntry(BaseModel):
    type: Literal["stdio", "http", "streamable-http", "sse"] | None = None
    command: str = ""
    args: list[str] = []
    env: dict[str, str] = {}
    url: str = ""
    headers: dict[str, str] = {}


class _HookEntry(BaseModel):
    type: Literal["command", "prompt"]
    command: str = ""
    args: list[str] = []
    prompt: str = ""
    timeout: float | None = None


class _Group(BaseModel):
    matcher: str = ""
    hooks: list[dict[str, Any]]


def server(name: str, fields: object) -> tuple[Server, Mapping[str, object]]:
    """A server, and its entry as the CLI gets it. Raises Unfit."""
    if _NAME.fullmatch(name) is None:
        raise Unfit(f"the MCP server {name[:80]!r}: no name for one")
    try:
        entry = _ServerEntry.model_validate(fields)
    except ValidationError as error:
        raise Unfit(f"the MCP server {name}: {_first(error)}") from None
    if entry.url and not entry.command:
        return _remote(name, entry)
    command = filled_in(entry.command)
    if not command or "=" in command or command.startswith("-"):
        raise Unfit(f"the MCP server {name}: it has no command that can be run")
    arguments = [filled_in(word) for word in entry.args]
    variables = {key: filled_in(value) for key, value in entry.env.items() if _KEY.fullmatch(key)}
    given = [f"{key}={value}" for key, value in variables.items()]
    places = [f"{place}=${{{place}}}" for place in _PLACES]
    words = ["-c", f'{_CLEAN} "$@"', name, *places, *given, command, *arguments]
    shown = Server(name, shlex.join([command, *arguments]), sorted(variables))
    return shown, {"type": "stdio", "command": "/bin/sh", "args": words}


def _remote(name: str, entry: _ServerEntry) -> tuple[Server, Mapping[str, object]]:
    url = filled_in(entry.url)
    try:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        safe = False
    if not safe:
        raise Unfit(f"the MCP server {name}: its address must begin with https://")
    headers = {key: filled_in(value) for key, value in entry.headers.items() if _HEADER.fullmatch(key)}
    kind = "sse" if entry.type == "sse" else "http"
    return Server(name, url, sorted(headers)), {"type": kind, "url": url, "headers": headers}


def hooks(event: str, groups: object, left_out: list[str]) -> Iterator[tuple[Hook, Mapping[str, object]]]:
    """The hooks of an event, each with its group as the CLI gets it; `left_out` grows by what is not taken."""
    if re.fullmatch(r"[A-Za-z]{1,40}", event) is None or not isinstance(groups, list):
        left_out.append(f"the hooks of {event[:40]!r}: they are no list")
        return
    for fields in list[object](groups)[:_MOST]:  # pyright: ignore[reportUnknownArgumentType]
        try:
            group = _Group.model_validate(fields)
        except ValidationError as error:
            left_out.append(f"hooks of {event}: {_first(error)}")
            continue
        for single in group.hooks[:_MOST]:
            try:
                runs, written = _hook(single)
            except (ValidationError, Unfit):
                left_out.append(f"a hook of {event}: of the kind {str(single.get('type'))[:40]!r}, or broken")
                continue
            yield Hook(event, group.matcher, runs), {"matcher": group.matcher, "hooks": [written]}


def _hook(fields: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    entry = _HookEntry.model_validate(fields)
    limit = {"timeout": min(entry.timeout, 600)} if entry.timeout is not None and entry.timeout > 0 else {}
    if entry.type == "prompt":
        if not entry.prompt:
            raise Unfit("it asks nothing")
        return entry.prompt, {"type": "prompt", "prompt": entry.prompt, **limit}
    runs = shlex.join([entry.command, *entry.args]) if entry.args else entry.command
    runs = _OPTION.sub("", runs)
    if not runs.strip():
        raise Unfit("it runs nothing")
    places = " ".join(f'{name}="${name}"' for name in _PLACES)
    return runs, {"type": "command", "command": f"{_CLEAN} {places} bash -c {shlex.quote(runs)}", **limit}


def filled_in(text: str) -> str:
    """Text without variables of our environment: each has its default, or nothing."""
    while (after := _VARIABLE.sub(_default, text)) != text:
        text = after
    return text


def placed(value: object, places: Mapping[str, str]) -> object:
    """A server's entry with the places filled in: only a plugin's own manifest has the CLI do that."""
    if isinstance(value, str):
        for name, place in places.items():
            value = value.replace(f"${{{name}}}", place)
        return value
    if isinstance(value, Mapping):
        return {key: placed(inner, places) for key, inner in cast("Mapping[str, object]", value).items()}
    return [placed(inner, places) for inner in cast("list[object]", value)] if isinstance(value, list) else value


def wanted(fields: object) -> Sequence[str]:
    """The variables of ours that a server asks for, and is not given."""
    found = {name.partition(":-")[0] for name in _VARIABLE.findall(str(fields)) if ":-" not in name}
    return sorted(name for name in found if name)


def _default(match: re.Match[str]) -> str:
    return match[1].partition(":-")[2]


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}"[:200]
