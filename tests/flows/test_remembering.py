"""A conversation begins with what is remembered, and nothing that matters is lost when it is left behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.sandbox.claude import Reply, Text, Usage, call
from jobs.sandbox.stage import Stage
from roles import Roles, requests_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def keeping(stage: Stage) -> Stage:
    """A world whose daemon keeps what was said."""
    stage.extra |= {"MEMORY_MODEL": "claude-haiku-4-5", "MEMORY_DISTILL_AT": "off"}
    return stage


async def noted(workspace: Path, words: str) -> str:
    """The day's log that holds these words, as soon as one does."""
    async with asyncio.timeout(60):
        while True:
            for path in (workspace / "memory").glob("*.md"):
                if words in (text := path.read_text()):
                    return text
            await asyncio.sleep(0.05)


async def test_a_new_conversation_begins_with_what_is_remembered_and_it_stays_as_it_was(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("first", "Fine one.").on_text("second", "Fine two.").on_text("third", "Fine three.")
    stage.claude.script = roles
    (stage.workspace / "memory").mkdir(parents=True)
    memory = stage.workspace / "MEMORY.md"
    memory.write_text("# Memory\n\n- Anna is my sister\n")
    (stage.workspace / "memory" / f"{datetime.now(BERLIN).date()}.md").write_text("- 09:00 the boiler is broken\n")
    owner = await stage.person()
    daemon = await stage.start()
    await owner.ask("first", "Fine one.")
    memory.write_text("# Memory\n\n- Boris is my brother\n")
    await owner.ask("second", "Fine two.")
    await stage.nothing_waits()
    await daemon.stop()
    await stage.start()
    await owner.ask("third", "Fine three.")
    for request in requests_of(stage, "owner"):
        whole = request.body.decode()
        assert whole.count("Anna is my sister") == 1
        assert whole.count("the boiler is broken") == 1
        assert "Boris" not in whole


async def test_what_was_said_before_clear_is_kept_and_the_next_conversation_knows_it(keeping: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("allergic", "Noted.").on_text("What may I eat", "No nuts.")
    roles.memory.on_text("Owner: I am allergic to nuts", "- Allergic to nuts")
    keeping.claude.script = roles
    owner = await keeping.person()
    await keeping.start()
    await owner.ask("I am allergic to nuts", "Noted.")
    await owner.send("/clear")
    log = await noted(keeping.workspace, "Allergic to nuts")
    assert log.count("Allergic to nuts") == 1
    await owner.ask("What may I eat?", "No nuts.")
    [first, second] = requests_of(keeping, "owner")
    assert "Allergic to nuts" not in first.body.decode()
    assert "Allergic to nuts" in second.body.decode()
    [small] = requests_of(keeping, "memory")
    assert (small.model, list(small.tools)) == ("claude-haiku-4-5", [])
    await keeping.nothing_waits()
    assert owner.texts.count("Noted.") == 1
    assert not any("- Allergic" in text for text in owner.texts)


async def test_before_the_conversation_is_shortened_it_is_gone_through(keeping: Stage) -> None:
    full = Usage(input_tokens=985_000, output_tokens=10)
    roles = Roles()
    roles.owner.on_text("<summary>", "<summary>They spoke of nuts.</summary>")
    roles.owner.on_text("allergic", Reply([Text("Noted.")], usage=full)).on_text("Good night", "Sleep well.")
    roles.owner.on(lambda _: True, "<summary>They spoke of nuts.</summary>")
    roles.memory.on_text("I am allergic to nuts", "- Allergic to nuts")
    keeping.claude.script = roles
    owner = await keeping.person()
    await keeping.start()
    await owner.ask("I am allergic to nuts", "Noted.")
    await owner.ask("Good night", "Sleep well.")
    await noted(keeping.workspace, "Allergic to nuts")


async def test_after_hours_of_silence_what_was_said_is_gone_through_once(keeping: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("allergic", "Noted.")
    roles.memory.on_text("I am allergic to nuts", "- Allergic to nuts")
    keeping.claude.script = roles
    owner = await keeping.person()
    daemon = await keeping.start()
    await owner.ask("I am allergic to nuts", "Noted.")
    await keeping.nothing_waits()
    await daemon.stop()
    assert requests_of(keeping, "memory") == []
    before = (datetime.now(UTC) - timedelta(hours=4)).isoformat(timespec="milliseconds")
    keeping.write("UPDATE inbox SET received_at = ?", before)
    keeping.write("UPDATE outbox SET created_at = ?", before)
    daemon = await keeping.start()
    await noted(keeping.workspace, "Allergic to nuts")
    await daemon.stop()
    daemon = await keeping.start()
    await daemon.wait_for_log("Ready")
    await owner.ask("I am allergic to dust, too", "Noted.")
    assert len(requests_of(keeping, "memory")) == 1


async def test_a_fact_told_in_russian_is_found_by_a_question_in_english_after_a_restart(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("сестру зовут", lambda _: call("mcp__jobs__memory_append", content="Сестру хозяина зовут Анна"))
    roles.owner.on_result("Remembered", "Запомнил.")
    roles.owner.on_text(
        "sister",
        lambda _: call("mcp__jobs__memory_search", query="the name of my sister", query_translated="как зовут сестру"),
    ).on_result("Анна", "Her name is Anna.")
    stage.claude.script = roles
    owner = await stage.person()
    daemon = await stage.start()
    await owner.ask("Мою сестру зовут Анна", "Запомнил.")
    await stage.nothing_waits()
    await owner.send("/clear")
    await owner.wait_for_text("fresh")
    await stage.nothing_waits()
    await daemon.kill()
    await stage.start()
    await owner.ask("What is my sister called?", "Her name is Anna.")


async def test_the_night_brings_the_notes_into_memory_and_undo_takes_it_back(keeping: Stage) -> None:
    roles = Roles()
    roles.memory.on_text("The notes:", '[{"fact": "Allergic to nuts", "section": "Health"}]')
    roles.owner.on_text("Good morning", "Good morning!")
    roles.owner.on_text("^undo|\\nundo", lambda _: call("mcp__jobs__memory_undo")).on_result("MEMORY.md", "Taken back.")
    keeping.claude.script = roles
    now = datetime.now(BERLIN)
    keeping.extra |= {"MEMORY_DISTILL_AT": "00:00", "HEARTBEAT_ACTIVE_HOURS": "00:00-24:00"}
    (keeping.workspace / "memory").mkdir(parents=True)
    yesterday = keeping.workspace / "memory" / f"{(now - timedelta(days=1)).date()}.md"
    yesterday.write_text("- 10:00 cannot eat nuts\n")
    owner = await keeping.person()
    await keeping.start()
    await owner.send("Good morning")  # nobody is written to out of the blue
    notice = await owner.wait_for_text("Overnight")
    assert "+ - Allergic to nuts" in notice.text
    memory = keeping.workspace / "MEMORY.md"
    assert "Allergic to nuts" in memory.read_text()
    await owner.ask("undo", "Taken back.")
    assert not memory.exists() or "Allergic" not in memory.read_text()
    assert any("Overnight I brought this into MEMORY.md" in one.body.decode() for one in requests_of(keeping, "owner"))
    assert yesterday.read_text() == "- 10:00 cannot eat nuts\n"
