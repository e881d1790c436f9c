"""A small scene for the rules of the guard: an errand with Anna that has a session of its own, and what that does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from jobs.sandbox.claude import ModelRequest, Reply, ToolUse, call, say
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.world.model import Message, User
from roles import role_of

SECRET = "the safe opens with plum jam"
IN_CONFIDENCE = "in confidence"
"""Whoever says so is answered without anything being recorded in the errand."""
_JOBS = "mcp__jobs__"
_ERRAND = re.compile(r"\bErrand (\w+): ")
_ALLOWED = re.compile(r"The owner allows your call of (\S+)\. Make it now, with exactly these arguments: (\{.*\})")


def to_person(user: str, message: str) -> ToolUse:
    """A call that writes to somebody."""
    return ToolUse(f"{_JOBS}send_to_user", {"user": user, "message": message})


@dataclass
class Scene:
    """Made by `Scene.opened`. The errand's session plays `steps`, one a request, once Anna's words have come in."""

    stage: Stage
    anna: Person
    owner: Person
    users: Mapping[str, User]
    skill: str | None
    people: list[JsonValue]
    steps: list[Reply] = field(default_factory=list[Reply])
    results: list[tuple[str, bool, str]] = field(default_factory=list[tuple[str, bool, str]])
    """Tool, whether it was refused or failed, and what it said: of the calls in `steps` and of those allowed."""

    @classmethod
    async def opened(
        cls, stage: Stage, *, skill: str | None = "meet", with_boris: bool = False, **settings: str
    ) -> Scene:
        """The daemon runs, Anna and Boris are known, and the errand with Anna (and Boris) exists."""
        users = {
            name: stage.world.add_user(name, username=f"{name.lower()}_here", contact_of=[stage.assistant])
            for name in ("Anna", "Boris")
        }
        skills = stage.workspace / ".claude" / "skills" / "meet"
        skills.mkdir(parents=True)
        (skills / "SKILL.md").write_text("---\nname: meet\ndescription: Agree on a time.\n---\nAsk, and agree.\n")
        (stage.workspace / "MEMORY.md").write_text(f"- {SECRET}\n", encoding="utf-8")
        stage.extra.update(settings)
        anna, owner = await stage.person(users["Anna"]), await stage.person()
        scene = cls(stage, anna, owner, users, skill, ["@anna_here", *(["@boris_here"] if with_boris else [])])
        stage.claude.script = scene.answer
        await stage.start()
        await owner.ask("begin", "Begun.")
        await stage.nothing_waits()
        return scene

    async def hear(self, words: str, *steps: Sequence[ToolUse] | ToolUse, end: str = "Passed on.") -> None:
        """Anna says something, and the errand's session does these steps; returns when all is done."""
        self.steps = [Reply([step] if isinstance(step, ToolUse) else list(step)) for step in steps]
        before = len(self.anna.texts)
        await self.anna.send(words)
        await self.anna.wait_for(lambda seen: any(end in s.text for s in seen[before:]))
        await self.stage.nothing_waits()
        assert self.steps == []

    def told(self, name: str) -> list[str]:
        """What somebody was written, but for the answers of the session that talks with them."""
        sender = self.stage.assistant
        sent = [m.text for m in self.stage.world.history(self.users[name], sender) if m.sender == sender.id]
        return [text for text in sent if text != "Passed on."]

    def question(self, part: str = "May I?") -> Message:
        """The latest question in the owner's chat that contains this, as the world keeps it."""
        asked = [m for m in self.stage.world.history(self.stage.owner, self.stage.assistant) if "May I?" in m.text]
        return next(m for m in reversed(asked) if part in m.text)

    def approvals(self) -> list[str]:
        """The states of all questions, the oldest first."""
        return [row[0] for row in self.stage.rows("SELECT state FROM approvals ORDER BY id")]

    async def allowed(self) -> None:
        """Return once the owner's yes has been taken, and the session has done what it was allowed."""
        await self.owner.wait_for_text("👍 Allowed")
        await self.stage.nothing_waits()

    # ---- the model ----

    def answer(self, request: ModelRequest) -> Reply:
        match role_of(request):
            case "person":
                return self._person(request)
            case "owner" if "begin" in request.prompt and not request.tool_results and self.skill is not None:
                return self._begin({"skill": self.skill})
            case "owner" if "begin" in request.prompt and not request.tool_results:
                return self._begin({})
            case "owner" if self.skill is not None or (request.tool_results and "Errand " in _results(request)):
                return say("Begun." if request.tool_results else "Fine.")
            case _:
                return self._acting(request)

    def _begin(self, context: dict[str, JsonValue]) -> Reply:
        return call(f"{_JOBS}create_task", user=self.people, title="Dinner", context=context)

    def _person(self, request: ModelRequest) -> Reply:
        if request.tool_results or IN_CONFIDENCE in request.prompt:
            return say("Passed on.")
        errand = _ERRAND.findall("\n".join(request.all_texts))[-1]
        return call(f"{_JOBS}update_task", task_id=errand, result=request.prompt[-300:])

    def _acting(self, request: ModelRequest) -> Reply:
        for result in request.tool_results:
            made = request.called(result.tool_use_id)
            self.results.append((made.name if made else "", result.is_error, result.plain))
        if allowed := _ALLOWED.search(request.prompt):
            if not request.tool_results:
                return Reply([ToolUse(allowed[1], json.loads(allowed[2]))])
        elif "answered in errand" in request.prompt or request.tool_results:
            return self.steps.pop(0) if self.steps else say("Done.")
        return say("Fine.")


def _results(request: ModelRequest) -> str:
    return "\n".join(result.plain for result in request.tool_results)
