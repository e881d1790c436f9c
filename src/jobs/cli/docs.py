"""`jobs docs`: the pages that are derived from the code, which a test compares to it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from pydantic.fields import FieldInfo

from jobs.catalog import TOOLS
from jobs.core.settings import SECRETS, Settings, variable_name
from jobs.tools.roles import Role
from jobs.tools.spec import ToolSpec

_REQUIRED = ("TG_API_ID", "TG_API_HASH", "TG_USER_ID", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN")

_SETTINGS_HEAD = """\
# Settings

Every setting is an environment variable, or a line `NAME=value` of the file `.env` in the folder where
Jobs is started; the environment comes first. `jobs setup` asks for what is needed and writes `.env`;
`jobs doctor` says what is wrong with it.

Needed to start: `TG_API_ID`, `TG_API_HASH`, `TG_USER_ID`, and one of `ANTHROPIC_API_KEY` (which wins where
both are set) and `CLAUDE_CODE_OAUTH_TOKEN`.

A secret may also come as a file, the way container platforms hand them over:
`ANTHROPIC_API_KEY_FILE=/run/secrets/claude`. This works for {secrets}.
The variable itself wins over its file.

| Variable | Meaning | Default | Example |
|---|---|---|---|
"""

_TOOLS_HEAD = """\
# Who may call which tool

A session speaks for somebody: the *owner*, one errand (*task*), something that happened (*trigger*), or a person
from outside (*external*). It is given the tools of its role and no others; the built-in tools of Claude are for
the owner, tasks and triggers alone.

Effects: *read* changes nothing, *state* changes the assistant's own state, *outward* is seen by somebody else,
*power* runs code or changes what the assistant can do.

"""

_ENV_HEAD = """\
# Copy to .env (mode 0600), or let `jobs setup` write it. docs/settings.md says more about each.
"""


def pages() -> dict[Path, str]:
    """The text of every derived page, by its path inside the checkout."""
    return {
        Path("docs/settings.md"): settings_page(),
        Path("docs/tool-access.md"): tool_access_page(TOOLS),
        Path(".env.example"): env_example(),
    }


def settings_page() -> str:
    head = _SETTINGS_HEAD.format(secrets=", ".join(f"`{name}`" for name in SECRETS))
    rows = [
        f"| `{name}` | {field.description} | {_code(_default(field))} | {_code(_example(field))} |"
        for name, field in _fields()
    ]
    return head + "\n".join(rows) + "\n"


def tool_access_page(tools: Iterable[ToolSpec]) -> str:
    """Who may call which tool; a session is given the tools of its role and no others."""
    head = f"| Tool | What it does | Effect | {' | '.join(role.value for role in Role)} |\n"
    rule = "|" + "---|" * (3 + len(Role)) + "\n"
    rows = [
        f"| `{spec.name}` | {spec.description.splitlines()[0]} | {spec.effect.value} | "
        f"{' | '.join('✓' if role in spec.roles else '' for role in Role)} |\n"
        for spec in sorted(tools, key=lambda spec: spec.name)
    ]
    return _TOOLS_HEAD + head + rule + "".join(rows)


def env_example() -> str:
    blocks = [_ENV_HEAD]
    for name, field in _fields():
        about = textwrap.fill(field.description or "", 98, initial_indent="# ", subsequent_indent="# ")
        default = _default(field)
        value = default if default and " " not in default else _example(field)
        line = f"{name}=" if name in _REQUIRED else f"# {name}={value}"
        blocks.append(f"{about}\n{line}\n")
    return "\n".join(blocks)


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    for field_name, field in Settings.model_fields.items():
        yield variable_name(field_name), field


def _default(field: FieldInfo) -> str:
    shown = cast("dict[str, str]", field.json_schema_extra or {}).get("default")
    default = cast("object", field.default)
    return shown or ("" if default in (None, 0) or field.default_factory else _plain(default))


def _plain(value: object) -> str:
    text = str(value)
    return "" if set(text) == {"*"} else text


def _example(field: FieldInfo) -> str:
    return str(cast("list[object]", field.examples or [""])[0])


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def main() -> int:
    """Write the pages below the current folder."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path)
    return 0
