"""An owner who names a tool and its arguments, a model that calls it, and what the tool answered."""

from __future__ import annotations

import json
import re
from typing import Any

from jobs.sandbox.claude import ModelRequest, Reply, Rules, ToolUse, say
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from roles import Roles

_CALLS = re.compile(r"((?:tg_|create_)\w+) (\{.*?\})(?= then |$)", re.S | re.M)


class Desk:
    """The owner at their chat. Several calls may be asked for at once: `… then …`."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.roles = Roles()
        self.answers: list[str] = []
        self._left: list[ToolUse] = []
        self._asked = 0
        self.roles.owner.on(lambda request: bool(request.tool_results), self._on_result)
        self.roles.owner.on_text(r"(tg_|create_)\w+ \{", self._on_text)
        self.roles.owner.on_text("", "Fine.")
        stage.claude.script = self.roles

    def _on_text(self, request: ModelRequest) -> Reply:
        found = _CALLS.findall(request.prompt)
        self._left = [ToolUse(f"mcp__jobs__{name}", json.loads(arguments)) for name, arguments in found]
        return self._next()

    def _on_result(self, request: ModelRequest) -> Reply:
        self.answers.append(request.tool_results[-1].plain)
        return self._next()

    def _next(self) -> Reply:
        return Reply([self._left.pop(0)]) if self._left else say(f"Done {self._asked}.")

    def on_decision(self, call: tuple[str, dict[str, Any]]) -> None:
        """From now on, when the owner has answered a question about a call: make it if it is allowed."""
        made = Reply([ToolUse(f"mcp__jobs__{call[0]}", call[1])])
        self.roles.owner = Rules().on(lambda request: bool(request.tool_results), "Decided.")
        self.roles.owner.on_text("The owner allows your call", made).on_text("", "Decided.")

    async def call(self, owner: Person, *calls: tuple[str, dict[str, Any]]) -> list[str]:
        """Have the tools called, one after another, in one turn; what each answered."""
        self.answers.clear()
        self._asked += 1
        asked = " then ".join(f"{name} {json.dumps(arguments, ensure_ascii=False)}" for name, arguments in calls)
        await owner.ask(asked, f"Done {self._asked}.")
        assert len(self.answers) == len(calls)
        return list(self.answers)


def unfenced(text: str, label: str) -> str:
    """What stands in the only fence of this label."""
    [(_, inside)] = re.findall(rf"<{label} (\w+)>(.*?)</{label} \1>", text, re.S)
    return inside
