"""Errands: what the owner sees of them, and how what people say finds its way back."""

from __future__ import annotations

import re

from scheduling import errand_id, jobs

from jobs.sandbox.claude import ModelRequest, Reply, call, say
from jobs.sandbox.stage import Stage
from roles import Roles, requests_of

BEGIN = call("mcp__jobs__create_task", user="@anna", title="The heating", message="Hello Anna, does the heating work?")
SKILLED = call(
    "mcp__jobs__create_task", user="@anna", title="A call", context={"skill": "schedule-meeting", "slots": ["Tuesday"]}
)


def answered(request: ModelRequest) -> Reply:
    """The person's session writes down what it has heard, and thanks."""
    if request.tool_results:
        return say("Thank you.")
    return Reply([jobs("update_task", task_id=errand_id(request), status="done", result="it is warm again")])


def created(request: ModelRequest) -> str:
    """The errand that the owner's session has begun."""
    return next(found[1] for text in request.all_texts if (found := re.match(r"Errand (\w+) with", text)))


async def test_an_errand_without_a_skill_wakes_the_owners_session_with_the_answer_fenced(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("Ask Anna", BEGIN).on_result(r"^Errand \w+ with", "I have asked her.")
    roles.owner.on_text("answered in errand", "Anna says the heating works.")
    roles.person.on(lambda _: True, answered)
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    anna = await stage.person(stage.world.add_user("Anna", username="anna"))
    await owner.ask("Ask Anna about the heating", "I have asked her.")
    await anna.wait_for_text("does the heating work?")
    await anna.ask("yes, it is warm", "Thank you.")
    await owner.wait_for_text("Anna says the heating works.")
    news = next(r.prompt for r in requests_of(stage, "owner") if "answered in errand" in r.prompt)
    assert re.search(r"Their status is now: done\.\nresult: <theirs (\w{8})>it is warm again</theirs \1>", news)
    await stage.nothing_waits()
    assert stage.rows("SELECT status, result FROM tasks") == [("done", "it is warm again")]


async def test_a_person_may_take_back_what_has_settled_an_errand(stage: Stage) -> None:
    def corrects(request: ModelRequest) -> Reply:
        return Reply([jobs("update_task", task_id=errand_id(request), result="it is cold again")])

    roles = Roles()
    roles.owner.on_text("Ask Anna", BEGIN).on_result(r"^Errand \w+ with", "I have asked her.")
    roles.owner.on_text("had been settled: they have come back to it", "Anna says it is cold after all.")
    roles.owner.on_text("answered in errand", "Anna says the heating works.")
    roles.person.on_text("oh no", corrects).on(lambda _: True, answered)
    stage.claude.script = roles
    stage.extra["EXTERNAL_POLICY"] = "tasks"
    await stage.start()
    owner = await stage.person()
    anna = await stage.person(stage.world.add_user("Anna", username="anna"))
    await owner.ask("Ask Anna about the heating", "I have asked her.")
    await anna.wait_for_text("does the heating work?")
    await anna.ask("yes, it is warm", "Thank you.")
    await owner.wait_for_text("Anna says the heating works.")
    await anna.send("oh no, it is cold")
    await owner.wait_for_text("Anna says it is cold after all.")
    await stage.nothing_waits()
    assert stage.rows("SELECT status, result FROM tasks") == [("done", "it is cold again")]
    assert "It is settled." in requests_of(stage, "person")[-1].prompt + str(requests_of(stage, "person")[-1].all_texts)


async def test_tasks_lists_open_errands_with_status_and_next_step_for_no_tokens(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("Ask Anna", BEGIN).on_result(r"^Errand \w+ with", "I have asked her.")
    roles.owner.on_text(
        "Remind her",
        lambda r: call("mcp__jobs__update_task", task_id=created(r), next_step="remind her tomorrow at 10:00"),
    ).on_result("is updated", "I will.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    stage.world.add_user("Anna", username="anna")
    await owner.ask("/tasks", "There are no open errands")
    await owner.ask("/help", "/tasks")
    assert not stage.claude.requests.model
    await owner.ask("Ask Anna about the heating", "I have asked her.")
    await owner.ask("Remind her tomorrow", "I will.")
    asked = len(stage.claude.requests.model)
    listed = await owner.ask("/tasks", "Open errands")
    assert re.search(
        r"^\w+ The heating: Anna, waiting for an answer\nnext: remind her tomorrow at 10:00$", listed.text, re.M
    )
    assert len(stage.claude.requests.model) == asked


async def test_what_the_owner_changes_wakes_the_session_of_the_errand(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("Agree", SKILLED).on_result(r"^Errand \w+ with", "I am on it.")
    roles.owner.on_text(
        "Wednesday", lambda r: call("mcp__jobs__update_task", task_id=created(r), note="Wednesday is fine, too")
    ).on_result("is updated", "I have passed it on.")
    roles.owner.on_text("Forget it", lambda r: call("mcp__jobs__cancel_task", task_id=created(r)))
    roles.owner.on_result("is cancelled", "It is off.")
    roles.errand.on(lambda r: any("has had errand" in t and "cancelled" in t for t in r.all_texts), "Then it is off.")
    roles.errand.on_text(
        "A new errand", Reply([jobs("send_summary_to_owner", summary="Tuesday is full. Another day?")])
    )
    roles.errand.on(
        lambda r: "Wednesday is fine, too" in str(r.all_texts) and r.all_texts.count("The owner is told.") == 1,
        Reply([jobs("send_summary_to_owner", summary="I ask for Wednesday.")]),
    )
    roles.errand.on(lambda _: True, "Noted.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    stage.world.add_user("Anna", username="anna")
    await owner.ask("Agree on a call with Anna", "Another day?")
    await owner.ask("Wednesday is fine as well", "A call: I ask for Wednesday.")
    await owner.ask("Forget it", "It is off.")
    await stage.claude.requests.wait_for(lambda r: r.reply == say("Then it is off."))
    await stage.nothing_waits()
