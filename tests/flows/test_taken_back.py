"""What waits to be sent and is not wanted any more does not go out, however late its turn comes."""

from __future__ import annotations

import re

import pytest

from jobs.sandbox.claude import ModelRequest, Reply, call
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.world.model import User
from roles import Roles


def begin(user: str, title: str) -> Reply:
    return call("mcp__jobs__create_task", user=user, title=title, message=f"About {title}: are you selling?")


def errand_about(owner: Person, title: str) -> str:
    found = re.search(rf"New errand (\w+): {title} ", "\n".join(owner.texts))
    assert found is not None
    return found[1]


def written_to(stage: Stage, user: User) -> list[str]:
    return [m.text for m in stage.world.messages_between(stage.assistant, user) if m.sender == stage.assistant.id]


async def owner_with_two_errands(stage: Stage, roles: Roles) -> Person:
    """The first messages to Anna and to Boris wait, for nobody may be written to for the first time today."""
    stage.extra["FIRST_CONTACTS_PER_DAY"] = "0"
    roles.owner.on_text("Ask Anna", begin("@anna", "the piano")).on_text("Ask Boris", begin("@boris", "the car"))
    roles.owner.on(lambda _: True, "Fine.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    for name in ("Anna", "Boris"):
        await owner.send(f"Ask {name}")
        await owner.wait_for_text(f"{name} wait")
    return owner


async def let_out(stage: Stage) -> None:
    """From the next start on nothing waits for the pace any more."""
    assert await stage.daemons[-1].stop() == 0
    stage.extra["FIRST_CONTACTS_PER_DAY"] = "10"
    await stage.start()
    await stage.nothing_waits()


async def test_who_is_banned_does_not_get_what_waited_for_them_and_the_owner_reads_what_that_was(
    stage: Stage,
) -> None:
    anna, boris = (stage.world.add_user(name, username=name.lower()) for name in ("Anna", "Boris"))
    roles = Roles()
    roles.owner.on_text("Ban Anna", call("mcp__jobs__ban_user", user="@anna"))
    owner = await owner_with_two_errands(stage, roles)
    await owner.ask("Ban Anna", "not sent any more: Anna: “About the piano: are you selling?”")
    await let_out(stage)
    assert written_to(stage, anna) == []
    assert written_to(stage, boris) == ["About the car: are you selling?"]


@pytest.mark.parametrize("tell_them", [None, "It is settled already."])
@pytest.mark.parametrize("tool", ["cancel_task", "update_task"])
async def test_what_waited_for_an_errand_does_not_go_out_once_it_is_cancelled(
    stage: Stage, tool: str, tell_them: str | None
) -> None:
    anna, boris = (stage.world.add_user(name, username=name.lower()) for name in ("Anna", "Boris"))
    roles = Roles()

    def cancel(_: ModelRequest) -> Reply:
        also = {"status": "cancelled"} if tool == "update_task" else {"tell_them": tell_them} if tell_them else {}
        return call(f"mcp__jobs__{tool}", task_id=errand_about(owner, "the car"), **also)

    roles.owner.on_text("Forget the car", cancel)
    owner = await owner_with_two_errands(stage, roles)
    await owner.ask("Forget the car", "not sent any more: Boris: “About the car: are you selling?”")
    await let_out(stage)
    assert written_to(stage, anna) == ["About the piano: are you selling?"]
    assert written_to(stage, boris) == ([tell_them] if tell_them and tool == "cancel_task" else [])
