"""A question about a stranger may outlive what it asks about: its answer says what comes of it."""

from __future__ import annotations

import pytest

from jobs.sandbox.claude import ModelRequest, Reply, call
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from roles import Roles


async def asked_about_anna(stage: Stage, roles: Roles) -> tuple[Person, Person, int]:
    """The owner, Anna, and the id of the question about her."""
    roles.owner.on(lambda _: True, "Fine.")
    roles.person.on(lambda _: True, "Hello.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    anna = await stage.person(stage.world.add_user("Anna", username="anna", contact_of=[stage.assistant]))
    await anna.send("are you there?")
    return owner, anna, (await owner.wait_for_text("Anna (@anna) has written to me")).id


async def restart(stage: Stage, policy: str) -> None:
    assert await stage.daemons[-1].stop() == 0
    stage.extra["EXTERNAL_POLICY"] = policy
    await stage.start()


async def test_a_yes_for_somebody_who_is_banned_by_now_says_that_they_are(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("Ban Anna", call("mcp__jobs__ban_user", user="@anna"))
    owner, anna, question = await asked_about_anna(stage, roles)
    await owner.send("Ban Anna")
    await owner.wait_for(lambda seen: [one.text for one in seen].count("Fine.") == 2)
    await owner.send("yes", reply_to=question)
    await owner.wait_for_text("You have banned Anna since I asked")
    await stage.nothing_waits()
    assert anna.received == []


async def test_a_yes_for_somebody_whom_the_policy_does_not_let_in_by_now_says_so(stage: Stage) -> None:
    owner, anna, question = await asked_about_anna(stage, Roles())
    await restart(stage, "closed")
    await owner.send("yes", reply_to=question)
    await owner.wait_for_text("EXTERNAL_POLICY=closed does not let Anna in")
    await stage.nothing_waits()
    assert anna.received == []
    await restart(stage, "ask")
    await anna.ask("and now?", "Hello.")


@pytest.mark.parametrize("policy", ["open", "contacts"])
async def test_a_refusal_holds_under_every_policy_until_it_is_taken_back(stage: Stage, policy: str) -> None:
    roles = Roles()
    roles.owner.on_text("Let her in", call("mcp__jobs__unban_user", user="@anna")).on_result("not banned", "She may.")
    owner, anna, question = await asked_about_anna(stage, roles)
    await owner.send("no", reply_to=question)
    await owner.wait_for_text("I do not answer Anna.")
    await restart(stage, policy)
    await anna.send("hello?")
    await stage.nothing_waits()
    assert anna.received == []
    await owner.ask("Let her in", "She may.")
    await anna.ask("please?", "Hello.")


async def test_who_writes_after_their_errand_was_called_off_is_asked_about_with_the_errand(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("Ask Boris", call("mcp__jobs__create_task", user="@boris", title="The car"))

    def cancel(request: ModelRequest) -> Reply:
        found = next(text for text in request.all_texts if text.startswith("Errand "))
        return call("mcp__jobs__cancel_task", task_id=found.split()[1])

    roles.owner.on_text("Forget the car", cancel)
    roles.owner.on(lambda _: True, "Fine.")
    stage.claude.script = roles
    boris = stage.world.add_user("Boris", username="boris")
    await stage.start()
    owner = await stage.person()
    await owner.ask("Ask Boris", "New errand")
    await owner.wait_for_text("Fine.")
    await owner.send("Forget the car")
    await owner.wait_for(lambda seen: [one.text for one in seen].count("Fine.") == 2)
    stage.world.send_text(boris, stage.assistant, "about your car")
    asked = await owner.wait_for_text("Boris (@boris) has written to me")
    assert ", The car: called off.\nShall I talk with them?" in asked.text
