"""Which session a request to the model comes from, and scripts by session."""

from __future__ import annotations

from jobs.sandbox.claude import ModelRequest, Reply, Rules, Script
from jobs.sandbox.stage import Stage


def role_of(request: ModelRequest) -> str:
    """owner, errand, trigger, person or memory, by the prompt."""
    system = "\n".join(block.text for block in request.system)
    if "You keep the diary" in system or "You look after the long-term memory" in system:
        return "memory"
    if "You talk with one person" in system:
        return "person"
    if "This conversation began by itself" in system:
        return "trigger"
    return "errand" if "You run one errand" in system else "owner"


class Roles:
    """A script with rules for each kind of session; what no rule fits gets a plain answer."""

    def __init__(self) -> None:
        self.owner = Rules()
        self.errand = Rules()
        self.trigger = Rules()
        self.person = Rules()
        self.memory = Rules()

    def __call__(self, request: ModelRequest) -> Script | Reply:
        rules: Rules = getattr(self, role_of(request))
        return rules(request)  # type: ignore[return-value]


def requests_of(stage: Stage, role: str) -> list[ModelRequest]:
    """What the sessions of a role have asked the model."""
    return [request for request in stage.claude.requests.model if role_of(request) == role]
