"""The line that says which tool is at work."""

from __future__ import annotations

from collections.abc import Mapping

from jobs.core.i18n import Language, Words
from jobs.core.words import chat as words
from jobs.tools.spec import ToolSpec

_BUILT_IN: dict[str, tuple[Words, str]] = {
    "Bash": (words.TOOL_BASH, "command"),
    "Read": (words.TOOL_READ, "file_path"),
    "Write": (words.TOOL_WRITE, "file_path"),
    "Edit": (words.TOOL_WRITE, "file_path"),
    "NotebookEdit": (words.TOOL_WRITE, "notebook_path"),
    "WebFetch": (words.TOOL_WEB, "url"),
    "WebSearch": (words.TOOL_WEB, "query"),
    "Agent": (words.TOOL_AGENT, "description"),
    "Skill": (words.TOOL_SKILL, "skill"),
    "TaskCreate": (words.TOOL_PLAN, ""),
    "TaskUpdate": (words.TOOL_PLAN, ""),
    "ToolSearch": (words.TOOL_FIND, "query"),
}
_BROWSER = "mcp__browser__browser_"
_LONGEST = 80


def status_line(tools: Mapping[str, ToolSpec], name: str, arguments: Mapping[str, object], language: Language) -> str:
    """What the owner reads while the tool `name` (as the CLI names it) runs."""
    spec = tools.get(name)
    if spec is not None:
        known = {field: _short(arguments.get(field, "")) for field in spec.params.model_fields}
        return spec.status.say(language, **known)
    if name.startswith(_BROWSER):
        shown = arguments.get("url") or arguments.get("element") or name.removeprefix(_BROWSER)
        return words.TOOL_BROWSER.say(language, detail=_short(shown))
    template, key = _BUILT_IN.get(name, (words.TOOL_OTHER, ""))
    return template.say(language, detail=_short(arguments.get(key, name)))


def _short(value: object) -> str:
    line = " ".join(str(value).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
