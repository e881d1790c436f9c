"""What the sandbox's model answers: a callable, and short ways to write one."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from .blocks import Reply, say
from .request import ModelRequest

Script = Callable[[ModelRequest], Awaitable[Reply] | Reply]


class ScriptError(Exception):
    """The script has no answer to a request."""


class Scripted:
    """Replies in order, one a request; raises ScriptError when there are none left."""

    def __init__(self, replies: Iterable[Reply | str]) -> None:
        self._left = [say(reply) if isinstance(reply, str) else reply for reply in replies]

    def __call__(self, request: ModelRequest) -> Reply:
        if not self._left:
            raise ScriptError(f"no reply left for: {request.texts}")
        return self._left.pop(0)


@dataclass
class Rules:
    """The first rule that fits answers; raises ScriptError when none does."""

    _rules: list[tuple[Callable[[ModelRequest], bool], Script]] = field(
        default_factory=list[tuple[Callable[[ModelRequest], bool], Script]]
    )

    def on(self, fits: Callable[[ModelRequest], bool], reply: Script | Reply | str) -> Rules:
        """Answer with `reply` when `fits` holds."""
        self._rules.append((fits, as_script(reply)))
        return self

    def on_text(self, pattern: str, reply: Script | Reply | str) -> Rules:
        """Answer a prompt (not a tool's result) in which the pattern is found."""
        found = re.compile(pattern)
        return self.on(lambda r: not r.tool_results and found.search(r.prompt) is not None, reply)

    def on_result(self, pattern: str, reply: Script | Reply | str) -> Rules:
        """Answer when the result of a tool in which the pattern is found has just come in."""
        found = re.compile(pattern)
        return self.on(lambda r: any(found.search(result.plain) for result in r.tool_results), reply)

    def __call__(self, request: ModelRequest) -> Awaitable[Reply] | Reply:
        for fits, script in self._rules:
            if fits(request):
                return script(request)
        raise ScriptError(f"no rule for: {request.texts} {[result.plain[:300] for result in request.tool_results]}")


def as_script(reply: Script | Reply | str) -> Script:
    """A script that always gives this reply, unless it is a script already."""
    if isinstance(reply, str):
        reply = say(reply)
    return (lambda _: reply) if isinstance(reply, Reply) else reply
