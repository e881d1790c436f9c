"""The tools of the browser, as the model is told of them, without starting what runs them.

`tools.json` is written from the pinned version by `python -m jobs.browser.definitions` (`make lock` does it).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jobs.browser.wrapper import SERVER
from jobs.tools.roles import Effect

FILE = Path(__file__).with_name("tools.json")
NAME = "browser"
DOWNLOADS = "browser_downloads"
HAND_OVER = "browser_hand_over"

_READING = "snapshot take_screenshot find console_messages network_requests network_request wait_for downloads"
_BETWEEN = "close resize emulate_media hover tabs navigate_back hand_over"
_ACTING = "navigate click type fill_form press_key select_option drag drop file_upload handle_dialog"
_POWERFUL = "evaluate run_code_unsafe"
EFFECTS: Mapping[str, Effect] = {
    f"browser_{name}": effect
    for names, effect in (
        (_READING, Effect.READ),
        (_BETWEEN, Effect.STATE),
        (_ACTING, Effect.OUTWARD),
        (_POWERFUL, Effect.POWER),
    )
    for name in names.split()
}
"""What a call changes: sites see what is typed, clicked and opened there."""

_OURS: tuple[Mapping[str, Any], ...] = (
    {
        "name": DOWNLOADS,
        "description": "List what the browser has downloaded, the newest first, with the paths by which you read it",
        "inputSchema": {"type": "object", "properties": {}},
    },
    {
        "name": HAND_OVER,
        "description": "Get a link by which the owner sees this browser and types into it. For logging in: open the "
        "page, then send the owner this link; never ask for a password or a code in the chat",
        "inputSchema": {"type": "object", "properties": {}},
    },
)


def by_cli_name() -> dict[str, Effect]:
    """The effects, under the names by which the CLI reports calls."""
    return {f"mcp__{NAME}__{name}": effect for name, effect in EFFECTS.items()}


@cache
def definitions() -> tuple[Mapping[str, Any], ...]:
    """Name, description and schema of each tool."""
    return (*json.loads(FILE.read_text(encoding="utf-8")), *_OURS)


def trimmed(tools: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the real server says of its tools, without what could write files or open a page beside `navigate`."""
    found: list[dict[str, Any]] = []
    for tool in tools:
        schema = dict(tool["inputSchema"])
        hidden = {"filename", "url"} if tool["name"] == "browser_tabs" else {"filename"}
        schema["properties"] = {key: value for key, value in schema["properties"].items() if key not in hidden}
        schema.pop("$schema", None)
        found.append({"name": tool["name"], "description": tool["description"], "inputSchema": schema})
    return sorted(found, key=lambda tool: str(tool["name"]))


def asked_for() -> list[dict[str, Any]]:
    """What the installed server says, trimmed; no browser is needed for it. Raises OSError and ValueError."""
    said = "".join(
        json.dumps({"jsonrpc": "2.0", **message}) + "\n"
        for message in (
            {
                "id": 1,
                "method": "initialize",
                "params": {
                    "protocolVersion": "2025-06-18",
                    "capabilities": {},
                    "clientInfo": {"name": "jobs", "version": "1"},
                },
            },
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/list"},
        )
    )
    answered = subprocess.run(
        ["node", str(SERVER), "--no-webmcp"],
        input=said,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    for line in answered.stdout.splitlines():
        message = json.loads(line)
        if message.get("id") == 2:
            return trimmed(message["result"]["tools"])
    raise ValueError(f"no list of tools: {answered.stdout[-300:]}")


if __name__ == "__main__":
    FILE.write_text(json.dumps(asked_for(), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FILE} has {len(definitions()) - len(_OURS)} tools\n")
