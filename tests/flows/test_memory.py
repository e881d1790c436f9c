"""The owner tells something: it stands in a file. They want it forgotten: it is gone, once they have said so."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from telethon.tl import functions, types

from jobs.sandbox.claude import ModelRequest, Reply, Rules, call
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from roles import Roles

FORGET = "mcp__jobs__memory_forget"


def written(stage: Stage) -> str:
    """All that stands anywhere in the workspace."""
    files = sorted(path for path in stage.workspace.rglob("*") if path.is_file() and ".claude" not in path.parts)
    return "\n".join(path.read_text() for path in files)


def script() -> Rules:
    rules = Rules().on_text("does not allow", "Then I keep it.")
    fact = {"content": "Маша: аллергия на орехи", "section": "Люди"}
    rules.on_text("аллергия", lambda _: call("mcp__jobs__memory_append", **fact))
    rules.on_text("call her", lambda _: call("mcp__jobs__memory_log", content="Masha called about the nuts"))
    rules.on_text("what do you know", lambda _: call("mcp__jobs__memory_context"))
    rules.on_text("undo", lambda _: call("mcp__jobs__memory_undo"))
    rules.on_text("[Ff]orget|allows your call", lambda _: call(FORGET, what="Маша | Masha"))
    rules.on_result("Remembered", "I shall remember.").on_result("Noted in", "Noted.").on_result("=== MEMORY", told)
    rules.on_result("Nothing is removed yet", "Please answer the question.").on_result("Forgotten", "It is forgotten.")
    rules.on_result("Undone", "Taken back.").on_text(".", "Fine.")
    return rules


def told(request: ModelRequest) -> Reply | str:
    return next(iter(re.findall("- Маша.*", request.tool_results[0].plain)), "Nothing.")


async def remember(stage: Stage) -> Person:
    stage.claude.script = script()
    await stage.start()
    owner = await stage.person()
    await owner.ask("у Маши аллергия на орехи", "I shall remember.")
    await owner.ask("I could call her", "Noted.")
    return owner


async def test_a_fact_that_the_owner_tells_stands_in_the_file_and_can_be_taken_back(stage: Stage) -> None:
    owner = await remember(stage)
    assert (stage.workspace / "MEMORY.md").read_text() == "# Memory\n\n## Люди\n\n- Маша: аллергия на орехи\n"
    [day] = (stage.workspace / "memory").glob("*.md")
    now = datetime.now(ZoneInfo("Europe/Berlin"))
    assert re.fullmatch(rf"# {now:%Y}-\d\d-\d\d\n\n- \d\d:\d\d Masha called about the nuts\n", day.read_text())
    await owner.ask("undo", "Taken back.")
    assert not day.exists()


async def test_what_the_owner_wants_forgotten_is_shown_and_gone_everywhere_after_their_thumb(stage: Stage) -> None:
    owner = await remember(stage)
    (stage.workspace / "memory" / "people").mkdir()
    (stage.workspace / "memory" / "people" / "list.md").write_text("- Masha's brother\n- Pavel\n")
    await owner.ask("forget all of Masha", "Please answer the question.")
    question = await owner.wait_for_text("🔐 May I?")
    for line in ("- Маша: аллергия на орехи", "memory/people/list.md, line 1:", "- Masha's brother"):
        assert f"│ {line}" in question.text
    assert "what is forgotten cannot be brought back" in question.text
    assert "reply: yes / no)" in question.text
    assert "Маша" in written(stage)
    thumb = [types.ReactionEmoji("👍")]
    reacting: Any = owner.client(
        functions.messages.SendReactionRequest(stage.assistant.id, question.id, reaction=thumb)
    )
    await reacting
    await owner.wait_for_text("It is forgotten.")
    left = written(stage)
    assert "Маша" not in left
    assert "Masha" not in left
    assert "- Pavel" in left
    await stage.nothing_waits()
    assert sum("🔐 May I?" in text for text in owner.texts) == 1


async def test_a_no_keeps_everything_and_the_model_cannot_answer_for_the_owner(stage: Stage) -> None:
    owner = await remember(stage)
    before = written(stage)
    await owner.ask("forget all of Masha", "Please answer the question.")
    question = await owner.wait_for_text("🔐 May I?")
    await owner.send("Forget her, I say")  # is no answer: the model tries again, and the program does not
    await owner.wait_for(lambda seen: sum("Please answer the question." in s.text for s in seen) == 2)
    assert written(stage) == before
    await owner.send("no", reply_to=question.id)
    await owner.wait_for_text("Then I keep it.")
    assert written(stage) == before


async def test_a_question_outlives_a_kill_and_a_note_that_came_since_is_shown_first(stage: Stage) -> None:
    owner = await remember(stage)
    await owner.ask("forget all of Masha", "Please answer the question.")
    question = await owner.wait_for_text("🔐 May I?")
    await stage.nothing_waits()
    await stage.daemons[-1].kill()
    with (stage.workspace / "MEMORY.md").open("a") as file:
        file.write("- Masha moved to Riga\n")
    await stage.start()
    await owner.send("yes", reply_to=question.id)
    await owner.wait_for(lambda seen: sum("🔐 May I?" in s.text for s in seen) == 2)
    assert "Маша" in written(stage)
    questions = [seen for seen in owner.received if "🔐 May I?" in seen.text]
    assert "moved to Riga" in questions[-1].text
    await owner.send("yes", reply_to=questions[-1].id)
    await owner.wait_for_text("It is forgotten.")
    assert "Masha" not in written(stage)


@pytest.mark.parametrize(
    ("tool", "arguments", "mark"),
    [
        ("memory_read", {"path": "MEMORY.md"}, "MEMORY.md"),
        ("memory_search", {"query": "the code"}, "memory_search"),
        ("memory_context", {}, "memory_context"),
    ],
)
async def test_an_errand_that_has_read_the_memory_is_marked_and_cannot_write_it(
    stage: Stage, tool: str, arguments: dict[str, str], mark: str
) -> None:
    folder = stage.workspace / ".claude" / "skills" / "chase"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text("---\nname: chase\ndescription: Chases somebody.\n---\nAsk until answered.\n")
    (stage.workspace / "MEMORY.md").write_text("- the code is 4821\n")
    roles = Roles()
    begin = call("mcp__jobs__create_task", user="@masha", title="Report", context={"skill": "chase"}, message="When?")
    roles.owner.on_text("begin", begin).on_result("Errand", "Begun.").on_text(".", "Fine.")
    roles.errand.on_text("A new errand is yours", lambda _: call(f"mcp__jobs__{tool}", **arguments))
    roles.errand.on_result("4821", lambda _: call("mcp__jobs__memory_append", content="Masha is kind"))
    roles.errand.on(lambda _: True, "Done.")
    stage.claude.script = roles
    stage.world.add_user("Masha", username="masha")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("begin", "Begun.")
    await daemon.wait_for_log("Session task:")
    await stage.nothing_waits()
    await daemon.stop()
    marks = stage.rows("SELECT read_private FROM sessions WHERE key LIKE 'task:%'")
    assert marks == [(mark,)]
    assert (stage.workspace / "MEMORY.md").read_text() == "- the code is 4821\n"
