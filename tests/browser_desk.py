"""The assistant at its browser, for flow tests: what the model does there, and what is seen of it."""

from __future__ import annotations

from collections.abc import Sequence

import psutil

from browser_stack import BrowserStack
from jobs.sandbox.claude import Rules, call
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage


def use(rules: Rules, said: str, tool: str, **arguments: object) -> Rules:
    """When the owner says something, the model uses the browser."""
    return rules.on_text(said, lambda _: call(f"mcp__browser__browser_{tool}", **arguments))


async def say(owner: Person, *texts: str, answer: str = "Done.") -> None:
    """Write these one after another, each when the one before it has its answer."""
    for text in texts:
        count = owner.texts.count(answer) + 1
        await owner.send(text)
        await owner.wait_for(lambda seen, count=count: [each.text for each in seen].count(answer) == count)


def results(stage: Stage) -> Sequence[str]:
    """What the tools have told the model, the oldest first."""
    return [result.plain for request in stage.claude.requests.model for result in request.tool_results]


def drivers(browser: BrowserStack) -> list[psutil.Process]:
    """The Node processes that drive this browser."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        command = process.info["cmdline"] or ()
        if process.info["name"] == "node" and browser.url in command:
            found.append(process)
    return found
