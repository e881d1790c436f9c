"""The owner's skills reach the conversation at its next turn, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jobs.sandbox.claude import ModelRequest, Rules, call
from jobs.sandbox.stage import Stage


def told(request: ModelRequest) -> str:
    """What Claude's CLI has told the model of the skills, all through the conversation."""
    texts = [block.plain for message in request.messages for block in message.content]
    return "\n".join(text for text in texts if "skills are available" in text)


def loaded(words: str) -> Callable[[ModelRequest], bool]:
    """Whether the text of a skill has just come in."""
    return lambda request: any(text.startswith("Base directory") and words in text for text in request.texts)


def skill(stage: Stage, name: str, description: str) -> Path:
    """A skill that the owner has written by hand."""
    path = stage.workspace / ".claude" / "skills" / name / "SKILL.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\nname: {name}\ndescription: {description}\n---\nThe password is {description}\n")
    return path


async def test_a_skill_that_is_created_is_known_at_the_next_turn_of_the_same_conversation(stage: Stage) -> None:
    rules = Rules().on_text(
        "learn",
        call(
            "mcp__jobs__skill_create",
            name="water-plants",
            description="Waters the ficus. Use it when the owner speaks of plants.",
            algorithm="1. Say that the ficus is thirsty.",
            tools=["schedule_task"],
        ),
    )
    rules.on_result("water-plants stands in", "Learnt.").on_text("plants", call("Skill", skill="water-plants"))
    stage.claude.script = rules.on(loaded("ficus is thirsty"), "It is thirsty.")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("learn to water", "Learnt.")
    assert "Waters the ficus" not in told(stage.claude.requests.model[-1])
    await owner.ask("how are the plants", "It is thirsty.")
    last = stage.claude.requests.model[-1]
    assert "- water-plants: Waters the ficus. Use it when" in told(last)
    assert any("learn to water" in text for text in last.all_texts)
    assert "it is started anew" in daemon.log
    written = (stage.workspace / ".claude/skills/water-plants/SKILL.md").read_text()
    assert "allowed-tools: mcp__jobs__schedule_task\n" in written


async def test_a_skill_that_is_edited_by_hand_is_read_anew_and_without_an_edit_nothing_is_restarted(
    stage: Stage,
) -> None:
    path = skill(stage, "gate", "swordfish")
    rules = Rules().on_text("open", lambda _: call("Skill", skill="gate"))
    stage.claude.script = rules.on(loaded("is tunafish"), "New.").on(loaded("is swordfish"), "Old.")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("open it", "Old.")
    await owner.ask("open it again", "Old.")
    assert "it is started anew" not in daemon.log
    path.write_text(path.read_text().replace("swordfish", "tunafish"))
    await owner.ask("open it now", "New.")
    last = stage.claude.requests.model[-1]
    assert "- gate: tunafish" in told(last)
    assert any("open it again" in text for text in last.all_texts)


async def test_a_skill_that_is_switched_off_or_deleted_cannot_be_used_and_comes_back_when_asked(stage: Stage) -> None:
    skill(stage, "gate", "Opens the gate when asked: swordfish")
    edit = "mcp__jobs__skill_edit"
    rules = Rules().on_text("off", call(edit, name="gate", enabled=False)).on_result("SWITCHED OFF", "It is off.")
    rules.on_text("on again", call(edit, name="gate", enabled=True)).on_result("counts from", "It is on.")
    rules.on_text("away", call("mcp__jobs__skill_delete", name="gate")).on_result("is deleted", "It is gone.")
    rules.on_text("back", call(edit, name="gate", version="former"))
    rules.on_text("open", lambda _: call("Skill", skill="gate")).on_result("Unknown skill", "Which gate?")
    rules.on_text("hi", "Hello.")
    stage.claude.script = rules.on(loaded("The password is"), "Open.")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("switch it off", "It is off.")
    await owner.ask("open", "Which gate?")
    await owner.send("/clear")
    await owner.ask("hi", "Hello.")
    assert "gate" not in told(stage.claude.requests.model[-1])
    await owner.ask("switch it on again", "It is on.")
    await owner.ask("put it away", "It is gone.")
    await owner.send("open it")
    await owner.wait_for(lambda seen: sum(s.text == "Which gate?" for s in seen) == 2)
    await daemon.stop()
    await stage.start()
    await owner.send("bring it back")
    await owner.wait_for(lambda seen: sum(s.text == "It is on." for s in seen) == 2)
    await owner.ask("open", "Open.")


async def test_a_shipped_skill_that_was_deleted_stays_away_at_the_next_start(stage: Stage) -> None:
    delete = call("mcp__jobs__skill_delete", name="schedule-meeting")
    stage.claude.script = Rules().on_text("away", delete).on_result("is deleted", "It is gone.").on_text("hi", "Hello.")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("put it away", "It is gone.")
    await stage.nothing_waits()
    await daemon.stop()
    await stage.start()
    await owner.send("/clear")
    await owner.ask("hi", "Hello.")
    assert "schedule-meeting" not in told(stage.claude.requests.model[-1])
    assert not (stage.workspace / ".claude/skills/schedule-meeting").exists()
