"""The heartbeat: what nobody has set a time for is looked after all the same, and silence costs nothing."""

from __future__ import annotations

import pytest
from test_errand_sessions import with_skill

from jobs.sandbox.claude import Reply, Text, ToolUse, call
from jobs.sandbox.stage import Stage
from roles import Roles, requests_of


@pytest.fixture
def beating(stage: Stage) -> Stage:
    """A world whose daemon looks at its start, at any time of the day, and half an hour later."""
    stage.extra |= {"HEARTBEAT_INTERVAL_MINUTES": "30", "HEARTBEAT_ACTIVE_HOURS": "00:00-24:00"}
    return stage


def fired(stage: Stage) -> list[str]:
    return [target for (target,) in stage.rows("SELECT target FROM trigger_events WHERE target <> '' ORDER BY id")]


async def test_an_item_of_the_checklist_is_looked_at_and_what_matters_reaches_the_owner(beating: Stage) -> None:
    roles = Roles()
    roles.trigger.on_text("is the disk full", call("Bash", command="echo almost full")).on_result("almost", "It is.")
    roles.owner.on_text("hi", "Fine.")
    beating.claude.script = roles
    beating.workspace.mkdir(parents=True)
    (beating.workspace / "HEARTBEAT.md").write_text("# Every half hour\n\n- [ ] is the disk full?\n- [x] taxes\n")
    owner = await beating.person()
    await beating.start()
    await owner.ask("hi", "Fine.")
    await owner.wait_for_text("It is.")
    await beating.nothing_waits()
    assert "taxes" not in requests_of(beating, "trigger")[0].prompt
    assert sorted(owner.texts) == ["Fine.", "It is."]


@pytest.mark.parametrize("silence", ["HEARTBEAT_OK", "**HEARTBEAT_OK**", "\n`HEARTBEAT_OK`.\n"])
async def test_silence_sends_nothing_and_its_word_never_shows(beating: Stage, silence: str) -> None:
    roles = Roles()
    roles.trigger.on_text(".", silence)
    beating.claude.script = roles
    beating.workspace.mkdir(parents=True)
    (beating.workspace / "HEARTBEAT.md").write_text("- the mail\n")
    daemon = await beating.start()
    await daemon.wait_for_log("Session trigger:heartbeat answered")
    await beating.nothing_waits()
    assert beating.world.messages_between(beating.owner, beating.assistant) == []


async def test_what_was_said_on_the_way_to_silence_is_not_told_either(beating: Stage) -> None:
    roles = Roles()
    look = Reply([Text("Let me look."), ToolUse("Bash", {"command": "echo fine", "description": "Look"})])
    roles.trigger.on_result("fine", "HEARTBEAT_OK").on(lambda _: True, look)
    beating.claude.script = roles
    beating.workspace.mkdir(parents=True)
    (beating.workspace / "HEARTBEAT.md").write_text("- the disk\n")
    daemon = await beating.start()
    await daemon.wait_for_log("Session trigger:heartbeat answered")
    await beating.nothing_waits()
    assert beating.rows("SELECT text FROM outbox WHERE text <> ''") == []


async def test_with_nothing_due_nobody_is_asked(beating: Stage) -> None:
    beating.workspace.mkdir(parents=True)
    (beating.workspace / "HEARTBEAT.md").write_text("# Nothing yet\n")
    daemon = await beating.start()
    await daemon.wait_for_log("heartbeat: nothing is due")
    assert beating.claude.requests.model == []
    assert fired(beating) == []


async def test_an_overdue_errand_is_resumed_in_its_session_with_its_next_step_and_once(beating: Stage) -> None:
    with_skill(beating)
    roles = Roles()
    begin = call("mcp__jobs__create_task", user="@masha", title="Report", context={"skill": "chase"})
    roles.owner.on_text("begin", begin).on_result("Errand", "Begun.")
    roles.errand.on_text("A new errand is yours", "I shall ask on Tuesday.")
    roles.errand.on_text("is looked after because", "Still waiting.")
    beating.claude.script = roles
    beating.world.add_user("Masha", username="masha")
    first = await beating.start()
    owner = await beating.person()
    await owner.ask("begin", "Begun.")
    await beating.nothing_waits()
    await first.stop()
    beating.write("UPDATE tasks SET deadline = '2026-01-01T00:00:00.000+00:00', next_step = 'ring Masha'")
    second = await beating.start()
    await second.wait_for_log("Session task:")
    await beating.nothing_waits()
    await second.stop()
    third = await beating.start()
    await third.wait_for_log("heartbeat: nothing is due")
    [resumed] = [r for r in requests_of(beating, "errand") if "is looked after because" in r.prompt]
    assert "it is overdue" in resumed.prompt
    assert "ring Masha" in resumed.prompt
    assert len(fired(beating)) == 1
