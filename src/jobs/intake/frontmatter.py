"""Skills, commands and agents may bring hooks and servers in their frontmatter, past everybody: those go."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import yaml

_SHAPE = re.compile(r"(\ufeff?---[ \t]*\r?\n)(.*?)(^---[ \t]*(?:\r?\n|\Z).*)", re.DOTALL | re.MULTILINE)
_OF_CLI = re.compile(r"[\s\ufeff]*---[\s\ufeff]*[\r\n](.*?)---", re.DOTALL)
"""What Claude's CLI takes for frontmatter, and somewhat more: it may end in the middle of a line."""
_BY_ITSELF = re.compile(r"```!|(?:^|\s)!`")
_RUNS = ("hooks", "mcpServers")
_MOST = 2**20
_MOST_FRONTMATTER = 64_000


def without_programs(path: Path) -> str:
    """Take what would run out of a Markdown file's frontmatter; returns what was done, "" for nothing."""
    if path.stat().st_size > _MOST:
        path.unlink()
        return "it is larger than 1 MB, so it is left out"
    text = path.read_bytes().decode(errors="replace")
    by_itself = "it runs commands by itself: the assistant runs them only as its own" if _BY_ITSELF.search(text) else ""
    shape, of_cli = _SHAPE.match(text), _OF_CLI.match(text)
    if of_cli is None or not any(name in found for found in _framed(shape, of_cli) for name in (*_RUNS, "\\")):
        return by_itself
    try:
        if shape is None or of_cli[1] != shape[2]:
            raise ValueError("read one way by us and another way by the CLI")
        fields = _fields(shape[2])
    except (yaml.YAMLError, ValueError, RecursionError):
        path.unlink()
        return "it may hold hooks that cannot be read, so it is left out"
    if fields is None or not any(name in fields for name in _RUNS):
        return by_itself
    kept = {name: value for name, value in fields.items() if name not in _RUNS}
    written = yaml.safe_dump(kept, allow_unicode=True, sort_keys=False) if kept else ""
    path.write_text(f"{shape[1]}{written}{shape[3]}", encoding="utf-8")
    return "the hooks or servers in it are left out"


def _framed(shape: re.Match[str] | None, of_cli: re.Match[str]) -> tuple[str, ...]:
    return (of_cli[1],) if shape is None else (of_cli[1], shape[2])


def _fields(text: str) -> dict[object, object] | None:
    if len(text) > _MOST_FRONTMATTER or re.search(r"(?m)[:\-\[,{]\s*[&*][A-Za-z0-9_]", text) or "<<" in text:
        raise ValueError("too long, or with aliases")
    found: object = yaml.safe_load(text)
    return cast("dict[object, object]", found) if isinstance(found, dict) else None
