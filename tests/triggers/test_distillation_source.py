"""The night's work is done at its time, or when the program is there again, and told by day."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from night_desk import NightDesk

from jobs.core.database import Database
from jobs.core.errors import TurnFailed


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> NightDesk:
    return NightDesk(database, tmp_path)


async def test_the_notes_of_a_day_are_distilled_after_its_end_and_told_in_the_morning(desk: NightDesk) -> None:
    desk.notes_of_today("- 10:00 Allergic to nuts\n")
    desk.at("2026-03-03 03:29")
    await desk.looks()
    assert desk.asked == 0
    desk.at("2026-03-03 03:30")
    assert await desk.looks() == []
    assert desk.asked == 1
    assert "Learned number 1" in (desk.workspace / "MEMORY.md").read_text()
    desk.at("2026-03-03 08:00")
    [event] = await desk.looks()
    assert re.fullmatch(
        r"🧠 Overnight I brought this into MEMORY\.md \(\+ new, − gone\):\n\+ # Memory\n"
        r"\+ - Learned number 1 by distill\n"
        r"Answer “undo” to take it back \([0-9a-f]{8}\)\.",
        event.prompt,
    )
    assert event.prompt in await desk.told()
    assert await desk.looks() == []
    assert desk.asked == 1


async def test_a_night_without_notes_costs_nothing_and_says_nothing(desk: NightDesk) -> None:
    for day in range(3, 8):
        desk.at(f"2026-03-0{day} 09:00")
        assert await desk.looks() == []
    assert desk.asked == 0
    assert await desk.told() == []


async def test_a_night_that_was_slept_through_is_made_up_for(desk: NightDesk) -> None:
    await desk.looks()
    desk.notes_of_today("- 10:00 Allergic to nuts\n")
    desk.at("2026-03-05 21:00")
    assert len(await desk.looks()) == 1


async def test_a_model_that_does_not_answer_is_told_of_once_a_day_and_asked_again(desk: NightDesk) -> None:
    await desk.looks()
    desk.notes_of_today("- 10:00 Allergic to nuts\n")
    desk.failure = TurnFailed("overloaded")
    desk.at("2026-03-03 04:00")
    assert await desk.looks() == []
    desk.at("2026-03-03 09:00")
    [event] = await desk.looks()
    assert event.prompt.startswith("⚠️ I could not go through the notes of 2026-03-02")
    desk.at("2026-03-03 10:00")
    assert await desk.looks() == []
    desk.failure = None
    desk.at("2026-03-03 11:00")
    [event] = await desk.looks()
    assert "Learned number" in event.prompt


async def test_the_owners_session_hears_what_they_were_told(desk: NightDesk) -> None:
    desk.notes_of_today("- 10:00 Allergic to nuts\n")
    desk.at("2026-03-03 09:00")
    await desk.looks()
    assert "Learned number 1" in await desk.outcomes.unheard()
