"""The line that tells the owner which tool is at work."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from jobs.core.i18n import Words
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, tool
from jobs.users.agent import BUILTIN_TOOLS
from jobs.users.status import status_line


class Params(BaseModel):
    to: str = Field(description="To whom")
    note: str = Field(description="What else", default="")


@tool(Role.OWNER, effect=Effect.READ, status=Words(en="writing to {to}", ru="пишу: {to}"))
async def write(ctx: ToolContext, params: Params) -> str:
    """Write."""
    return ""


OURS = {"mcp__jobs__write": write}


@pytest.mark.parametrize(
    ("name", "arguments", "line"),
    [
        ("Bash", {"command": "ls -la", "description": "List"}, "💻 running: ls -la"),
        ("Read", {"file_path": "/w/a.md"}, "📖 reading /w/a.md"),
        ("Write", {"file_path": "/w/a.md", "content": "secret"}, "✍️ writing /w/a.md"),
        ("Edit", {"file_path": "/w/a.md"}, "✍️ writing /w/a.md"),
        ("WebSearch", {"query": "weather"}, "🌐 on the web: weather"),
        ("WebFetch", {"url": "https://example.com", "prompt": "p"}, "🌐 on the web: https://example.com"),
        ("Agent", {"description": "Find flights", "prompt": "p"}, "🧩 working on a part: Find flights"),
        ("TaskCreate", {"subject": "s"}, "📝 making a plan"),
        ("ToolSearch", {"query": "q"}, "🧰 looking for the right tool"),
        ("Monitor", {"x": 1}, "🔧 using Monitor"),
        ("mcp__other__thing", {}, "🔧 using mcp__other__thing"),
        ("mcp__jobs__write", {"to": "Ada", "note": "x"}, "writing to Ada"),
    ],
)
def test_a_tool_is_named_by_what_it_does(name: str, arguments: dict[str, object], line: str) -> None:
    assert status_line(OURS, name, arguments, "en") == line


@pytest.mark.parametrize("name", [*BUILTIN_TOOLS, *OURS])
@pytest.mark.parametrize("arguments", [{}, {"command": None, "to": {"a": [1]}}], ids=["none", "odd"])
def test_arguments_that_are_missing_or_odd_break_no_line(name: str, arguments: dict[str, object]) -> None:
    for language in ("en", "ru"):
        line = status_line(OURS, name, arguments, language)  # type: ignore[arg-type]
        assert line
        assert "\n" not in line


@pytest.mark.parametrize(("name", "field"), [("Bash", "command"), ("mcp__jobs__write", "to")])
def test_a_line_is_one_short_line(name: str, field: str) -> None:
    line = status_line(OURS, name, {field: "cat <<EOF\n" + "x\n" * 500 + "EOF"}, "en")
    assert "cat <<EOF x x x" in line
    assert line.endswith("…")
    assert len(line) < 100


def test_braces_in_an_argument_are_shown_as_they_are() -> None:
    assert status_line(OURS, "Bash", {"command": "echo ${HOME} {x}"}, "en") == "💻 running: echo ${HOME} {x}"
    assert status_line(OURS, "mcp__jobs__write", {"to": "{note}"}, "en") == "writing to {note}"


def test_the_line_speaks_the_owners_language() -> None:
    assert status_line(OURS, "Bash", {"command": "ls"}, "ru") == "💻 выполняю: ls"
    assert status_line(OURS, "mcp__jobs__write", {"to": "Ада"}, "ru") == "пишу: Ада"
