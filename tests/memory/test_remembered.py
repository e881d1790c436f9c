"""What a conversation begins with fits, and what is left out of it is the oldest, and said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hand_clock import HandClock
from jobs.memory.context import newest, remembered
from jobs.memory.storage import Storage

BERLIN = ZoneInfo("Europe/Berlin")


async def test_it_is_the_facts_and_the_last_two_days(tmp_path: Path) -> None:
    clock = HandClock()
    storage = Storage(tmp_path, clock, BERLIN)
    assert await remembered(storage) == ""
    (tmp_path / "MEMORY.md").write_text("# Memory\n\n- Likes tea\n")
    (tmp_path / "memory").mkdir()
    for ago, text in enumerate(("today's", "yesterday's", "older")):
        (tmp_path / "memory" / f"{(clock.now() - timedelta(days=ago)).date()}.md").write_text(f"- {text}\n")
    assert await remembered(storage) == (
        "=== MEMORY.md\n# Memory\n\n- Likes tea\n\n\n=== memory/2026-03-01.md\n- yesterday's\n\n\n"
        "=== memory/2026-03-02.md\n- today's\n"
    )


async def test_of_a_long_day_the_end_is_kept(tmp_path: Path) -> None:
    storage = Storage(tmp_path, HandClock(), BERLIN)
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "2026-03-02.md").write_text("".join(f"- entry {number}\n" for number in range(2000)))
    text = await remembered(storage)
    assert len(text) < 8_300
    assert "The beginning is left out" in text
    assert text.endswith("- entry 1999\n")
    assert "- entry 5\n" not in text


def test_of_long_facts_the_newest_of_each_heading_stay_in_their_order() -> None:
    people = "".join(f"- person {number}\n  - detail {number}\n" for number in range(100))
    places = "- Home: Graz\n- Office: Linz\n"
    short = newest(f"# Memory\n\n## People\n\n{people}\n## Places\n\n{places}", 1000)
    assert len(short) <= 1200
    assert short.startswith("(")
    assert "older entries are left out" in short.splitlines()[0]
    assert "- Home: Graz\n- Office: Linz" in short
    assert "- person 99\n  - detail 99" in short
    assert "- person 98" in short
    assert "- person 0\n" not in short
    assert short.index("person 98") < short.index("person 99") < short.index("## Places")


def test_one_endless_line_is_cut() -> None:
    assert len(newest("- " + "x" * 100_000, 24_000)) <= 24_200


def test_an_entry_that_is_too_long_and_headings_without_any_keep_nothing_else_out() -> None:
    headings = "\n".join(f"## Heading number {number}\n" for number in range(100))
    facts = "\n".join(f"- fact {number}" for number in range(40))
    short = newest(f"# Memory\n\n## Facts\n\n{facts}\n- {'x' * 3000}\n{headings}", 1000)
    assert all(f"- fact {number}\n" in f"{short}\n" for number in range(40))
    assert "xxx" not in short


async def test_of_a_day_that_is_one_endless_line_the_end_is_kept(tmp_path: Path) -> None:
    storage = Storage(tmp_path, HandClock(), ZoneInfo("Europe/Berlin"))
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "2026-03-02.md").write_text("x" * 900_000 + " the end")
    text = await remembered(storage)
    assert text.endswith(" the end")
    assert len(text) < 9_000
