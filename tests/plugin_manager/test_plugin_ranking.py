"""Which plugins a search brings, and in which order; and what is left of a server's variables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import JsonValue

from jobs.plugin_manager import programs
from jobs.plugin_manager.catalogue import read
from jobs.plugin_manager.ranking import ranked
from marketplace_folder import marketplace

PLANTS: Sequence[JsonValue] = (
    {"name": "roses", "source": "./a", "description": "Tends flowers", "category": "plants"},
    {"name": "garden-roses", "source": "./b", "description": "Выращивает розы и тюльпаны"},
    {"name": "calendar", "source": "./c", "description": "Knows when roses bloom", "keywords": ["time"]},
    {"name": "shed", "source": "./d", "description": "Keeps tools", "tags": ["roses"]},
    {"name": "kitchen", "source": "./e", "description": "Cooks"},
)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("roses", ["roses", "garden-roses", "shed", "calendar"]),
        ("ROSES bloom", ["roses", "calendar", "garden-roses", "shed"]),
        ("calender", ["calendar"]),
        ("тюльпаны", ["garden-roses"]),
        ("plants", ["roses"]),
        ("nothing", []),
        ("…", []),
    ],
)
def test_the_best_come_first(tmp_path: Path, query: str, names: Sequence[str]) -> None:
    catalogue = read(marketplace(tmp_path, *PLANTS))
    assert [entry.name for _, entry in ranked(query, [catalogue])] == names


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("${ANTHROPIC_API_KEY}", ""),
        ("a${X:-b}c", "abc"),
        ("${X:-${ANTHROPIC_API_KEY}}", ""),
        ("$${X}{ANTHROPIC_API_KEY}", ""),
        ("${CLAUDE_PLUGIN_ROOT}/x", "${CLAUDE_PLUGIN_ROOT}/x"),
        ("${CLAUDE_PLUGIN_ROOTS}", ""),
        ("$PATH", "$PATH"),
    ],
)
def test_no_variable_of_ours_is_left_to_be_filled_in(text: str, left: str) -> None:
    assert programs.filled_in(text) == left


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"command": "A=b"},
        {"command": "-u"},
        {"url": "http://example.org/mcp"},
        {"url": "file:///etc/passwd"},
        {"type": "http", "url": "https://[broken"},
        {"command": ["sh"]},
        "sh",
    ],
)
def test_a_server_that_cannot_be_started_safely_is_left_out(fields: object) -> None:
    with pytest.raises(programs.Unfit, match="the MCP server well"):
        programs.server("well", fields)


def test_a_remote_server_is_taken_without_our_keys() -> None:
    shown, entry = programs.server(
        "well",
        {
            "type": "sse",
            "url": "https://example.org/${X:-mcp}",
            "headers": {"Authorization": "Bearer ${TOKEN}", "${X}": "y"},
        },
    )
    assert (shown.runs, list(shown.keys)) == ("https://example.org/mcp", ["Authorization"])
    assert entry == {"type": "sse", "url": "https://example.org/mcp", "headers": {"Authorization": "Bearer "}}
