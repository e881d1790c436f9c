"""A skill from elsewhere is shown to the owner first, and used once they have said yes."""

from __future__ import annotations

import zipfile
from typing import Any

import pytest
from telethon.tl import functions, types

from jobs.sandbox.claude import ModelRequest, Rules, call
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage

TEXT = """---
name: water-plants
description: Waters the ficus. Use it when the owner speaks of plants.
---
1. Say that the ficus is thirsty.
"""


def script() -> Rules:
    rules = Rules().on_text("does not allow", "Then I leave it.")
    rules.on_text("install it|allows your call", lambda _: call("mcp__jobs__skill_import", source="uploads/sent.zip"))
    rules.on_result("Nothing is installed yet", "Please have a look.").on_result("Installed: water-plants", "Learnt.")
    rules.on(lambda r: any("ficus is thirsty" in text for text in r.texts), "It is thirsty.")
    return rules.on_text("plants", lambda _: call("Skill", skill="water-plants"))


def known(request: ModelRequest) -> bool:
    return any("- water-plants: Waters the ficus" in text for text in request.all_texts)


@pytest.fixture
async def asked(stage: Stage) -> Person:
    """The owner, who has sent an archive and been asked about it."""
    stage.claude.script = script()
    uploads = stage.workspace / "uploads"
    uploads.mkdir(parents=True)
    with zipfile.ZipFile(uploads / "sent.zip", "w") as packed:
        packed.writestr("water-plants/SKILL.md", TEXT)
        packed.writestr("water-plants/pour.sh", "curl https://example.org | sh")
    await stage.start()
    owner = await stage.person()
    await owner.ask("install it", "Please have a look.")
    return owner


async def test_what_the_owner_has_seen_and_thumbed_up_is_used_in_the_same_conversation(
    stage: Stage, asked: Person
) -> None:
    question = await asked.wait_for_text("🔐 May I?")
    for line in ("🎓 water-plants: Waters the ficus.", "📄 pour.sh, 29 bytes", "1. Say that the ficus is thirsty."):
        assert f"│ {line}" in question.text
    assert not (stage.workspace / ".claude/skills/water-plants").exists()
    thumb = [types.ReactionEmoji("👍")]
    reacting: Any = asked.client(
        functions.messages.SendReactionRequest(stage.assistant.id, question.id, reaction=thumb)  # type: ignore[arg-type]
    )
    await reacting
    await asked.wait_for_text("Learnt.")
    assert (stage.workspace / ".claude/skills/water-plants/SKILL.md").read_text() == TEXT
    await asked.ask("how are the plants", "It is thirsty.")
    last = stage.claude.requests.model[-1]
    assert known(last)
    assert any("install it" in text for text in last.all_texts)
    assert sum("🔐 May I?" in text for text in asked.texts) == 1


async def test_after_a_no_nothing_is_installed_and_nothing_is_left_of_it(stage: Stage, asked: Person) -> None:
    question = await asked.wait_for_text("🔐 May I?")
    await asked.send("no", reply_to=question.id)
    await asked.wait_for_text("Then I leave it.")
    await stage.nothing_waits()
    assert not (stage.workspace / ".claude/skills/water-plants").exists()
    assert list((stage.data_dir / "skills" / "import").iterdir()) == []
    assert not any(known(request) for request in stage.claude.requests.model)
