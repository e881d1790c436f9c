"""What the days' notes hold for good comes into MEMORY.md in one change, and nothing of it is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hand_clock import HandClock
from jobs.core.database import Database
from jobs.core.errors import StorageError, TurnFailed
from jobs.memory.storage import Storage
from jobs.users.distillation import LARGEST, LONGEST, PORTIONS, Distiller
from jobs.users.memory_state import keep
from jobs.users.notebook import MemoryChange, Notebook
from jobs.users.private_memory import PrivateMemory

BERLIN = ZoneInfo("Europe/Berlin")
YESTERDAY = date(2026, 3, 1)


def words(changes: Sequence[MemoryChange]) -> str:
    return "\n".join(
        [f"+{line}" for c in changes for line in c.added] + [f"-{line}" for c in changes for line in c.removed]
    )


class Night:
    """Notes in a folder, and a model whose answers are given."""

    def __init__(self, database: Database, workspace: Path) -> None:
        self.database = database
        self.workspace = workspace
        self.storage = Storage(workspace, HandClock(), BERLIN)
        self.answers: list[object] = []
        self.asked: list[tuple[str, str]] = []

    async def ask(self, purpose: str, system: str, text: str) -> str:
        del system
        self.asked.append((purpose, text))
        answer = self.answers.pop(0)
        return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)

    def distiller(self) -> Distiller:
        """As a start of the program makes it."""
        return Distiller(self.database, self.ask, Notebook(self.storage, BERLIN))

    def notes(self, day: date, text: str) -> None:
        (self.workspace / "memory").mkdir(exist_ok=True)
        (self.workspace / "memory" / f"{day}.md").write_text(text)

    @property
    def memory(self) -> str:
        return (self.workspace / "MEMORY.md").read_text()


@pytest.fixture
def night(database: Database, tmp_path: Path) -> Night:
    return Night(database, tmp_path)


async def test_facts_of_the_notes_come_into_memory_under_their_headings(night: Night) -> None:
    (night.workspace / "MEMORY.md").write_text("# Memory\n\n## People\n\n- Anna: sister, lives in Linz\n")
    night.notes(YESTERDAY, "- 10:00 Anna has moved to Graz\n- 11:00 Allergic to nuts\n")
    night.answers = [[
        {"fact": "Anna: sister, lives in Graz", "section": "People", "replaces": "Anna: sister, lives in Linz"},
        {"fact": "Allergic to nuts", "section": "Health"},
    ]]  # fmt: skip
    distiller = night.distiller()
    await distiller.distill(YESTERDAY, words)
    assert "- Anna: sister, lives in Graz\n  - until 2026-03-02: Anna: sister, lives in Linz\n" in night.memory
    assert "## Health\n\n- Allergic to nuts" in night.memory
    [(purpose, text)] = night.asked
    assert purpose == "distill"
    assert "lives in Linz" in text
    assert "Anna has moved to Graz" in text
    day, news = await distiller.to_tell()
    assert day == "2026-03-01"
    assert "+- Allergic to nuts" in news
    assert not await distiller.is_due(YESTERDAY)


async def test_the_change_is_one_and_can_be_undone(night: Night) -> None:
    (night.workspace / "MEMORY.md").write_text("# Memory\n\n- Likes tea\n")
    night.notes(YESTERDAY, "- 10:00 something\n")
    night.answers = [[{"fact": "Has a dog"}, {"fact": "Plays the cello", "section": "Hobbies"}]]
    await night.distiller().distill(YESTERDAY, words)
    assert "cello" in night.memory
    await night.storage.undo()
    assert night.memory == "# Memory\n\n- Likes tea\n"


async def test_without_notes_no_model_is_asked(night: Night) -> None:
    await night.distiller().distill(YESTERDAY, words)
    assert night.asked == []
    assert await night.distiller().to_tell() == ("2026-03-01", "")


async def test_after_days_off_each_day_is_gone_through_once(night: Night) -> None:
    for day in (25, 26, 27, 28):
        night.notes(date(2026, 2, day), f"- 10:00 note of {day}\n")
    night.answers = [[], []]
    await night.distiller().distill(date(2026, 2, 25), words)
    await night.distiller().distill(date(2026, 2, 28), words)
    assert "note of 25" not in night.asked[1][1]
    assert all(f"note of {day}" in night.asked[1][1] for day in (26, 27, 28))


async def test_an_answer_that_is_no_list_costs_nothing_and_is_asked_for_again(night: Night) -> None:
    night.notes(YESTERDAY, "- 10:00 Allergic to nuts\n")
    night.answers = ["I have updated MEMORY.md for you!", [{"fact": "Allergic to nuts"}, {"nonsense": 1}, 5]]
    with pytest.raises(TurnFailed):
        await night.distiller().distill(YESTERDAY, words)
    assert await night.distiller().is_due(YESTERDAY)
    await night.distiller().distill(YESTERDAY, words)
    assert night.memory.count("Allergic to nuts") == 1


@pytest.mark.parametrize("written", [False, True])
async def test_after_a_kill_the_facts_that_were_found_are_neither_lost_nor_doubled(night: Night, written: bool) -> None:
    night.notes(YESTERDAY, "- 10:00 Allergic to nuts\n")
    night.answers = [[{"fact": "Allergic to nuts"}]]
    await night.distiller().distill(YESTERDAY, words)
    async with night.database.transaction() as tx:  # as it stood in the middle
        await keep(tx, "distilled_to", "")
        await keep(tx, "to_tell", "")
        await keep(tx, "facts", json.dumps([{"fact": "Allergic to nuts", "section": "", "replaces": ""}]))
    if not written:
        (night.workspace / "MEMORY.md").unlink()
    await night.distiller().distill(YESTERDAY, words)
    assert night.memory.count("Allergic to nuts") == 1
    assert len(night.asked) == 1
    assert "Allergic to nuts" in (await night.distiller().to_tell())[1]


async def test_a_memory_that_is_too_long_loses_lines_to_the_archive_and_none_of_them(night: Night) -> None:
    lines = [f"- fact {number} " + "x" * 100 for number in range(LARGEST // 100)]
    (night.workspace / "MEMORY.md").write_text("# Memory\n\n" + "\n".join(lines) + "\n")
    night.answers = [[*range(3, 103), 3, 0, -1, 99999, "x"]]
    distiller = night.distiller()
    await distiller.distill(YESTERDAY, words)
    assert night.asked[0][0] == "tidy"
    archive = (night.workspace / "memory" / "archive.md").read_text()
    assert archive.splitlines() == ["## 2026-03-02", *lines[:100]]
    assert night.memory == "# Memory\n\n" + "\n".join(lines[100:]) + "\n"
    assert (await distiller.to_tell())[1].count("fact") == 100


def too_long(*lines: str) -> str:
    return "\n".join(
        (*lines, "", "## Other", "", *(f"- filler {number} {'x' * 100}" for number in range(LARGEST // 100)), "")
    )


@pytest.mark.parametrize("number", [3, 5, 7, 8])
async def test_what_is_private_stays_so_in_the_archive(night: Night, number: int) -> None:
    (night.workspace / "MEMORY.md").write_text(
        too_long("# Memory", "", "## Private", "", "- Safe: 774412", "", "- Girls 🔒", "  - Masha: 998877")
    )
    notes = PrivateMemory(night.workspace)
    before = await notes.values()
    assert len(before) >= 2
    night.answers = [[number, 12]]
    await night.distiller().distill(YESTERDAY, words)
    assert "filler 0" in (night.workspace / "memory" / "archive.md").read_text()
    assert before <= await notes.values()


async def test_the_archive_says_what_an_entry_was_about_and_takes_no_other_that_reads_the_same(night: Night) -> None:
    (night.workspace / "MEMORY.md").write_text(
        too_long("# Memory", "", "## Masha", "- Phone: 222", "  - in the evening", "## Pavel", "- Phone: 222")
    )
    night.answers = [[4]]
    await night.distiller().distill(YESTERDAY, words)
    archive = (night.workspace / "memory" / "archive.md").read_text()
    assert archive == "## 2026-03-02\n\n### Masha\n- Phone: 222\n  - in the evening\n"
    assert "## Masha\n## Pavel\n- Phone: 222\n" in night.memory


async def test_an_answer_of_other_things_than_numbers_moves_nothing(night: Night) -> None:
    (night.workspace / "MEMORY.md").write_text(text := too_long("- first", ""))
    night.answers = ['[true, 1.0, "1", null]']
    await night.distiller().distill(YESTERDAY, words)
    assert night.memory == text


async def test_a_night_that_failed_swallows_nothing_of_the_next(night: Night) -> None:
    night.notes(YESTERDAY, "- Masha moved to Riga\n")
    night.answers = [[{"fact": "Masha lives in Riga"}], [{"fact": "Pavel: 555"}]]
    memory = night.workspace / "MEMORY.md"
    memory.write_text("# Memory\n")
    memory.chmod(0o444)
    with pytest.raises(StorageError):
        await night.distiller().distill(YESTERDAY, words)
    memory.chmod(0o644)
    today = YESTERDAY + timedelta(days=1)
    night.notes(today, "- Pavel's new number is 555\n")
    await night.distiller().distill(today, words)
    assert "Masha lives in Riga" in night.memory
    assert "Pavel: 555" in night.memory


async def test_a_fact_that_replaced_another_before_a_kill_is_not_written_twice(night: Night) -> None:
    night.notes(YESTERDAY, "- Masha's number is 222 now\n")
    (night.workspace / "MEMORY.md").write_text("# Memory\n\n## Masha\n\n- Phone: 111\n")
    night.answers = [[{"fact": "Phone: 222", "section": "Contacts", "replaces": "Phone: 111"}]]

    def killed(_: Sequence[MemoryChange]) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await night.distiller().distill(YESTERDAY, killed)
    await night.distiller().distill(YESTERDAY, words)
    assert night.memory.count("Phone: 222") == 1


async def test_a_day_that_cannot_be_read_keeps_no_other_from_being_gone_through(night: Night) -> None:
    before = YESTERDAY - timedelta(days=1)
    await night.distiller().distill(before - timedelta(days=1), words)
    night.notes(before, "- Masha moved to Riga\n")
    (night.workspace / "memory" / f"{YESTERDAY}.md").write_bytes(b"\xff")
    night.answers = [[{"fact": "Masha lives in Riga"}]]
    await night.distiller().distill(YESTERDAY, words)
    assert "Riga" in night.memory


async def test_a_clock_that_was_ahead_once_costs_no_night(night: Night) -> None:
    distiller = night.distiller()
    await distiller.distill(date(2036, 1, 1), words)
    night.notes(YESTERDAY, "- Masha moved to Riga\n")
    night.answers = [[{"fact": "Masha lives in Riga"}]]
    assert await distiller.is_due(YESTERDAY)
    await distiller.distill(YESTERDAY, words)
    assert "Riga" in night.memory
    assert not await distiller.is_due(YESTERDAY)


async def test_a_memory_that_could_not_be_tidied_is_tidied_at_the_next_try_and_learns_nothing_twice(
    night: Night,
) -> None:
    night.notes(YESTERDAY, "- Masha moved to Riga\n")
    (night.workspace / "MEMORY.md").write_text(too_long("# Memory", "", "- first", "- second"))
    night.answers = [[{"fact": "Masha lives in Riga"}], "no list"]
    with pytest.raises(TurnFailed):
        await night.distiller().distill(YESTERDAY, words)
    assert await night.distiller().is_due(YESTERDAY)
    night.answers = [[3]]
    await night.distiller().distill(YESTERDAY, words)
    assert [purpose for purpose, _ in night.asked] == ["distill", "tidy", "tidy"]
    assert "- first" in (night.workspace / "memory" / "archive.md").read_text()
    assert night.memory.count("Masha lives in Riga") == 1
    assert not await night.distiller().is_due(YESTERDAY)


def lines_of(day: date, characters: int) -> list[str]:
    """Notes of a day, each of them another."""
    return [f"- 10:00 {day} number {number} {'x' * 80}" for number in range(characters // 110)]


async def nights(night: Night, day: date) -> int:
    """How many it takes until every note has been gone through."""
    count = 0
    while await night.distiller().is_due(day):
        asked = len(night.asked)
        night.answers = [[] for _ in range(PORTIONS)]
        await night.distiller().distill(day, words)
        assert 0 < len(night.asked) - asked <= PORTIONS
        count += 1
    return count


async def test_more_notes_than_the_model_can_be_given_at_once_are_all_gone_through(night: Night) -> None:
    days = [YESTERDAY - timedelta(days=ago) for ago in range(20, -1, -1)]
    await night.distiller().distill(days[0] - timedelta(days=1), words)
    notes = {day: lines_of(day, 15_000) for day in days}
    for day, lines in notes.items():
        night.notes(day, "\n".join(lines) + "\n")
    assert await nights(night, YESTERDAY) > 1
    read = [line for _, text in night.asked for line in text.splitlines() if line.startswith("- 10:00")]
    assert read == [line for lines in notes.values() for line in lines]
    assert all(len(text) < LONGEST + 500 for _, text in night.asked)


async def test_one_day_of_very_many_notes_is_gone_through_line_by_line(night: Night) -> None:
    lines = [*lines_of(YESTERDAY, 3 * LONGEST), "- 11:00 " + "y" * 2 * LONGEST, *lines_of(YESTERDAY, LONGEST)]
    night.notes(YESTERDAY, "\n".join(lines) + "\n")
    assert await nights(night, YESTERDAY) == 2
    texts = [text.partition(f"# {YESTERDAY}\n")[2] for _, text in night.asked]
    assert "".join(texts).replace("\n", "") == "".join(lines)
    assert (await night.distiller().to_tell())[0] == "2026-03-01"


async def test_what_a_failure_left_is_asked_for_again_and_what_was_before_it_is_not(night: Night) -> None:
    night.notes(YESTERDAY, "\n".join(lines_of(YESTERDAY, 2 * LONGEST)) + "\n- 11:00 Anna moved to Graz\n")
    night.answers = [[{"fact": "Likes tea"}], "no list"]
    with pytest.raises(TurnFailed):
        await night.distiller().distill(YESTERDAY, words)
    assert await night.distiller().is_due(YESTERDAY)
    night.answers = [[], [{"fact": "Anna lives in Graz"}]]
    await night.distiller().distill(YESTERDAY, words)
    texts = [text.partition("The notes:\n")[2] for _, text in night.asked]
    assert texts[1] == texts[2]
    assert "Anna moved to Graz" in texts[-1]
    assert (night.memory.count("Likes tea"), night.memory.count("Anna lives in Graz")) == (1, 1)
    news = (await night.distiller().to_tell())[1]
    assert "+- Likes tea" in news
    assert "+- Anna lives in Graz" in news
