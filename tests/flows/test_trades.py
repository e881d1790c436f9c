"""The shipped skills are loaded by the real CLI, and what they tell the model to do can be done."""

from __future__ import annotations

import re

import pytest
from scheduling import errand_id

from jobs.sandbox.claude import ModelRequest, Reply, call, say
from jobs.sandbox.stage import Stage
from roles import Roles, requests_of

JOBS = "mcp__jobs__"


def run_now(request: ModelRequest) -> Reply:
    """Does not wait for the time of what has just been planned."""
    planned = re.search(r"Schedule (\w+) ", request.tool_results[0].plain)
    assert planned is not None
    return call(f"{JOBS}run_schedule_now", id=planned[1])


class Steps:
    """Makes these calls one after another, whatever comes back, and says the last words."""

    def __init__(self, *calls: tuple[str, dict[str, object]], end: str) -> None:
        self._left = list(calls)
        self._end = end

    def __call__(self, _: ModelRequest) -> Reply:
        if not self._left:
            return say(self._end)
        name, arguments = self._left.pop(0)
        return call(name, **arguments)  # type: ignore[arg-type]


def results(stage: Stage) -> str:
    """What all the calls of the owner's session have brought."""
    return "\n".join(block.plain for request in requests_of(stage, "owner") for block in request.tool_results)


async def test_a_briefing_looks_at_notes_schedules_and_errands_and_is_planned_for_every_day(stage: Stage) -> None:
    roles = Roles()
    daily = {
        "kind": "prompt",
        "title": "Daily briefing",
        "prompt": "Use the skill daily-briefing.",
        "cron": "0 8 * * *",
    }
    steps = Steps(
        ("Skill", {"skill": "daily-briefing"}),
        (f"{JOBS}list_schedules", {}),
        (f"{JOBS}schedule_task", daily),
        (f"{JOBS}memory_context", {}),
        (f"{JOBS}list_tasks", {}),
        end="Today: nothing but the dentist at 15:00.",
    )
    roles.owner.on(lambda _: True, steps)
    stage.claude.script = roles
    stage.workspace.mkdir(parents=True, exist_ok=True)
    (stage.workspace / "MEMORY.md").write_text("- Dentist at 15:00\n")
    await stage.start()
    owner = await stage.person()
    await owner.ask("Brief me, and do it every morning", "Today: nothing but the dentist at 15:00.")
    texts = "\n".join(requests_of(stage, "owner")[-1].all_texts)
    assert "# The day at a glance" in texts
    assert "- Dentist at 15:00" in results(stage)
    assert stage.rows("SELECT title, kind, state FROM schedules") == [("Daily briefing", "prompt", "active")]


async def test_a_watch_is_written_down_and_a_look_that_finds_nothing_new_says_nothing(stage: Stage) -> None:
    roles = Roles()
    path = stage.workspace / "memory" / "watches.md"
    plan = {"kind": "prompt", "title": "Watch: the price", "prompt": "Look at the price", "every": "1h"}
    steps = Steps(
        ("Skill", {"skill": "watch-and-report"}),
        ("Write", {"file_path": str(path), "content": "## The price\n\n120\n"}),
        (f"{JOBS}schedule_task", plan),
        end="I am watching it.",
    )
    roles.owner.on_text("Look at the price", "HEARTBEAT_OK").on_result(r"Schedule \w+ “", run_now)
    roles.owner.on(lambda _: True, steps)
    stage.claude.script = roles
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("Tell me when the price falls", "I am watching it.")
    assert "# Watching for somebody else" in "\n".join(requests_of(stage, "owner")[-1].all_texts)
    assert path.read_text() == "## The price\n\n120\n"
    await daemon.wait_for_log("answered 1 messages", count=2)
    await stage.nothing_waits()
    assert "Look at the price" in requests_of(stage, "owner")[-1].prompt
    assert owner.texts == ["I am watching it."]
    assert stage.rows("SELECT title, kind, state FROM schedules") == [("Watch: the price", "prompt", "active")]


async def test_a_journey_is_written_down_where_it_is_found_again_with_its_reminders(stage: Stage) -> None:
    roles = Roles()
    path = stage.workspace / "memory" / "travel" / "riga-2040.md"
    steps = Steps(
        ("Skill", {"skill": "travel-plan"}),
        (f"{JOBS}memory_search", {"query": "how the owner travels"}),
        ("Write", {"file_path": str(path), "content": "# Riga\n\n- to book: the ferry\n"}),
        (f"{JOBS}schedule_task", {"kind": "reminder", "title": "Ferry", "prompt": "Go", "time": "2040-05-01T09:00"}),
        end="By ferry, I would say.",
    )
    roles.owner.on(lambda _: True, steps)
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.ask("Plan a week in Riga", "By ferry, I would say.")
    assert "# Planning a journey" in "\n".join(requests_of(stage, "owner")[-1].all_texts)
    assert "to book: the ferry" in path.read_text()
    assert stage.rows("SELECT title, kind, state FROM schedules") == [("Ferry", "reminder", "active")]


@pytest.mark.parametrize("answer", ["By Friday"])
async def test_a_question_is_asked_and_its_answer_brought_back(stage: Stage, answer: str) -> None:
    roles = Roles()
    context = {"skill": "errand", "question": "When is the report ready?", "enough": "a day"}
    begin = call(f"{JOBS}create_task", user=["@masha"], title="The report", description="Ask.", context=context)
    roles.owner.on_text("Ask Masha", begin).on_result("Errand", "I am on it.").on(lambda _: True, "Fine.")
    roles.person.on_text(answer, lambda r: call(f"{JOBS}update_task", task_id=errand_id(r), result=answer))
    roles.person.on(lambda _: True, "Thank you.")
    seen: list[str] = []

    def errand(request: ModelRequest) -> Reply:
        step = len(seen)
        seen.append(request.prompt)
        people = re.search(r"\(id (\d+)\)", "\n".join(request.all_texts))
        task = errand_id(request)
        assert people is not None
        match step:
            case 0:
                return call("Skill", skill="errand")
            case 1:
                return call(f"{JOBS}send_to_user", user=people[1], message="When is the report ready?", task_id=task)
            case 2:
                return call(f"{JOBS}update_task", task_id=task, status="waiting", next_step="asked")
            case 4:
                return call(f"{JOBS}update_task", task_id=task, status="done", result=answer)
            case 5:
                return call(f"{JOBS}send_summary_to_owner", task_id=task, summary="The report comes on Friday.")
            case _:
                return say("Done.")

    roles.errand.on(lambda _: True, errand)
    stage.claude.script = roles
    masha = await stage.person(stage.world.add_user("Masha", username="masha"))
    await stage.start()
    owner = await stage.person()
    await owner.ask("Ask Masha when the report is ready", "I am on it.")
    await masha.wait_for_text("When is the report ready?")
    await masha.ask(answer, "Thank you.")
    await owner.wait_for_text("The report comes on Friday.")
    await stage.nothing_waits()
    assert any("# Asking and bringing back the answer" in text for text in requests_of(stage, "errand")[1].all_texts)
    assert stage.rows("SELECT status, result FROM tasks") == [("done", answer)]
