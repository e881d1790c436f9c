"""Plays the model in a negotiation: it knows nothing but what stands in the conversation that it is sent."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from jobs.sandbox.claude import ModelRequest, Reply, ToolUse, call, say

_NEWS = re.compile(
    r"(\w+) \(id (\d+)\) answered in errand .*?result: <theirs \w+>(asks for|agrees to) (\d\d:\d\d)<", re.S
)
BEFORE = "2027-03-02T15:30"
"""When the owner is to be reminded."""
_THEIRS = re.compile(r"<theirs (\w+)>(.*?)</theirs \1>", re.S)


def jobs(name: str, **arguments: str) -> ToolUse:
    """A call of one of our tools."""
    return ToolUse(f"mcp__jobs__{name}", arguments)


def errand_id(request: ModelRequest) -> str:
    """The errand that a conversation is about."""
    found = re.search(r"(?:A new errand is yours\.\n|Errand )(\w+): ", "\n".join(request.all_texts))
    assert found is not None
    return found[1]


def theirs(request: ModelRequest) -> list[str]:
    """What the person of a conversation has just said."""
    return [match[2] for match in _THEIRS.finditer(request.prompt)]


class Talker:
    """The model that talks with one person: it writes down which time they want, and thanks."""

    def __call__(self, request: ModelRequest) -> Reply:
        if request.tool_results:
            return say("Thank you, I will come back to you.")
        words = " ".join(theirs(request))
        time = re.findall(r"\d\d:\d\d", words)[-1]
        if "rather" in words:
            terms, status = f"asks for {time}", "in_progress"
        else:
            terms, status = f"agrees to {time}", "done"
        return Reply([jobs("update_task", task_id=errand_id(request), status=status, result=terms)])


@dataclass
class Scheduler:
    """The model of the errand's session: proposes, moves the proposal when somebody asks for it, and settles."""

    first: str = "15:00"
    hold_at: str = ""
    """Whose answer it does not act on before `go_on` is set; `holding` is set when it has got it."""
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: ModelRequest) -> Reply:
        texts = "\n".join(request.all_texts)
        if "# Agreeing on a time" not in texts:
            return call("Skill", skill="schedule-meeting")
        if self.hold_at and re.search(rf"{self.hold_at} \(id \d+\) answered", texts):
            self.holding.set()
            await self.go_on.wait()
        return self._act(request, texts)

    def _act(self, request: ModelRequest, texts: str) -> Reply:
        """News may have come with the results of its own calls: what is left to do follows from the whole of it."""
        people = dict(re.findall(r"- (\w+) \(id (\d+)\)", texts))
        news = [match.groups() for match in _NEWS.finditer(texts)]
        proposal = next((time for _, _, verb, time in reversed(news) if verb == "asks for"), self.first)
        agreed = {name for name, _, _, time in news if time == proposal}
        said = {(str(use.input["user"]), str(use.input["message"])) for use in _said(request)}
        if agreed == people.keys():
            return (
                say("Done.") if any("settled" in text for _, text in said) else self._settle(request, proposal, people)
            )
        asked = {person for person, text in said if proposal in text}
        left = {name: person for name, person in people.items() if name not in agreed and person not in asked}
        return self._propose(request, proposal, left) if left else say("Noted.")

    def _propose(self, request: ModelRequest, time: str, people: dict[str, str]) -> Reply:
        step = f"{time} is proposed; remind at 2027-03-01T10:00+01:00 (1 of 2)"
        noted = jobs("update_task", task_id=errand_id(request), status="waiting", next_step=step)
        question = f"Could you make a video call on Tuesday at {time}?"
        return Reply([*(jobs("send_to_user", user=person, message=question) for person in people.values()), noted])

    def _settle(self, request: ModelRequest, time: str, people: dict[str, str]) -> Reply:
        settled = f"It is settled: Tuesday at {time}, a video call of 30 minutes."
        return Reply(
            [
                *(jobs("send_to_user", user=person, message=settled) for person in people.values()),
                jobs("schedule_task", title="The call", prompt=f"Call at {time}", time=BEFORE, kind="reminder"),
                jobs("update_task", task_id=errand_id(request), status="done", result=f"Tuesday {time}"),
                jobs("send_summary_to_owner", summary=f"The call is on Tuesday at {time}, with all three."),
            ]
        )


def _said(request: ModelRequest) -> list[ToolUse]:
    blocks = (block for message in request.messages for block in message.content)
    return [ToolUse(b.name, b.input, b.id) for b in blocks if b.name == "mcp__jobs__send_to_user"]
