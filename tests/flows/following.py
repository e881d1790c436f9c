"""Subscriptions in a flow: a model that subscribes when it is told to, and what its runs were given."""

from __future__ import annotations

import re
from typing import Any

from jobs.sandbox.claude import ModelRequest, Reply, ToolUse, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.world import User
from roles import Roles, requests_of


def call_of(name: str, **arguments: Any) -> Reply:
    """One call of a tool of ours."""
    return Reply([ToolUse(f"mcp__jobs__{name}", arguments)])


def following(stage: Stage, **subscription: Any) -> Roles:
    """A script in which the owner's "follow it" subscribes, and every run of its own says what it was given."""
    roles = Roles()
    arguments = {"type": "tg_channel", "source": "News", "prompt": "Tell me what is new", **subscription}
    roles.owner.on_text("Tell me what is new", tell)
    roles.owner.on_text("follow it", lambda _: call_of("subscribe_trigger", **arguments))
    roles.owner.on_text("end that one", lambda _: call_of("unsubscribe_trigger", id=subscription_id(stage)))
    roles.owner.on_text("pause that one", lambda _: call_of("pause_trigger", id=subscription_id(stage)))
    roles.owner.on_text("resume that one", lambda _: call_of("resume_trigger", id=subscription_id(stage)))
    roles.owner.on_text("what do I follow", lambda _: call_of("list_triggers"))
    roles.owner.on_result("", lambda request: say("⇒ " + request.tool_results[-1].plain))
    roles.owner.on_text("", "Fine.")
    roles.trigger.on_text("", tell)
    stage.claude.script = roles
    return roles


def tell(request: ModelRequest) -> Reply:
    """Say every post."""
    return say("New: " + " | ".join(posts(request)))


def subscription_id(stage: Stage) -> str:
    """The id of the only subscription."""
    [(found,)] = stage.rows("SELECT id FROM trigger_subscriptions")
    return str(found)


def posts(request: ModelRequest) -> list[str]:
    """The posts that a run was given, in their order."""
    found = re.finditer(r"\npost [^\n]*?: <theirs (\w+)>(.*?)</theirs \1>", request.prompt, re.S)
    return [match[2] for match in found]


def runs(stage: Stage) -> list[list[str]]:
    """The posts of each run of its own that has begun."""
    return [posts(request) for request in requests_of(stage, "trigger") if not request.tool_results]


def editor(stage: Stage) -> User:
    """Somebody who has channels."""
    return stage.world.add_user("Editor", username="editor")
