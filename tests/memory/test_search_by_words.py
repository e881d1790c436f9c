"""Search by words alone: what is found, in which order, and what is not looked at."""

from __future__ import annotations

from contextlib import closing
from datetime import date

import apsw
import pytest
from memory_desk import Desk, paths

from jobs.memory.search import FILE


async def test_a_hit_says_where_it_stands(desk: Desk) -> None:
    desk.write("memory/2026-02-20.md", "# 2026-02-20\n\n## 10:30\nThe boiler was serviced.\n\n## 18:00\nSnow.\n")
    [hit] = await desk.index().search("boiler")
    assert (hit.path, hit.first_line, hit.last_line) == ("memory/2026-02-20.md", 1, 4)
    assert hit.heading == ("2026-02-20", "10:30")
    assert hit.date == date(2026, 2, 20)
    assert hit.text.endswith("The boiler was serviced.")


@pytest.mark.parametrize(
    ("query", "translated"),
    [
        ("89161234567", ""),
        ("ab1234x", ""),
        ("телефон Müller", ""),
        ("plumber Мюллер telephone number at night", ""),
        ("кто чинит трубы", "plumber"),
        ("сантехникк", ""),
    ],
)
async def test_numbers_codes_names_slips_and_translations_lead_to_the_note(
    desk: Desk, query: str, translated: str
) -> None:
    for number in range(30):
        desk.write(f"memory/other{number}.md", f"Call number {number} about the telephone at night, invoice {number}.")
    desk.write("memory/people.md", "Сантехник (plumber) Мюллер, +7 (916) 123-45-67, договор AB-1234/X")
    hits = await desk.index().search(query, translated=translated)
    assert paths(hits)[0] == "memory/people.md"


async def test_a_hit_holds_half_of_what_was_asked_for(desk: Desk) -> None:
    desk.write("memory/a.md", "A letter from the bank.")
    index = desk.index()
    assert not await index.search("letter about garden tomatoes")
    assert await index.search("letter about tomatoes")


async def test_what_is_newer_comes_first_and_lasting_facts_do_not_age(desk: Desk) -> None:
    for name in ("memory/2023-01-10.md", "memory/2026-03-01.md", "MEMORY.md"):
        desk.write(name, f"The dentist is in Elm Street, as {name[-6:]} has it.")
    found = paths(await desk.index().search("dentist street"))
    assert found.index("memory/2026-03-01.md") < found.index("memory/2023-01-10.md")
    assert found.index("MEMORY.md") < found.index("memory/2023-01-10.md")


async def test_since_leaves_out_earlier_days_alone(desk: Desk) -> None:
    for name in ("memory/2026-01-10.md", "memory/2026-02-10.md", "MEMORY.md", "memory/lists/books.md"):
        desk.write(name, f"dentist {len(name)}")
    found = paths(await desk.index().search("dentist", since=date(2026, 2, 1)))
    assert set(found) == {"memory/2026-02-10.md", "MEMORY.md", "memory/lists/books.md"}


async def test_what_is_said_twice_is_found_once(desk: Desk) -> None:
    for day in range(1, 6):
        desk.write(f"memory/2026-02-0{day}.md", "Reminder: the bins are emptied on Tuesday morning at seven.")
    desk.write("memory/bins.md", "The yellow bins cost 12 euros a year, on Tuesday.")
    assert len(await desk.index().search("bins tuesday")) == 2


async def test_limit_is_kept(desk: Desk) -> None:
    for number in range(20):
        desk.write(f"memory/{number}.md", f"apple {'pear ' * number} plum{number}")
    assert len(await desk.index().search("apple", limit=3)) == 3


async def test_a_search_sees_what_was_written_a_moment_before(desk: Desk) -> None:
    index = desk.index()
    assert not await index.search("giraffe")
    path = desk.write("MEMORY.md", "The giraffe is called Bob.")
    assert len(await index.search("giraffe")) == 1
    path.write_text("The giraffe is called Tim.")  # as long as before
    [hit] = await index.search("giraffe")
    assert "Tim" in hit.text
    path.unlink()
    assert not await index.search("giraffe")


async def test_what_is_outside_hidden_or_no_text_is_not_read_and_problems_are_named(desk: Desk) -> None:
    outside = desk.workspace.parent / "outside.md"
    outside.write_text("secret giraffe")
    (desk.workspace / "memory" / "link.md").symlink_to(outside)
    (desk.workspace / "memory" / "folder").symlink_to(desk.workspace.parent)
    (desk.workspace / "memory" / "utf16.md").write_bytes("giraffe".encode("utf-16"))
    (desk.workspace / "memory" / "huge.md").write_bytes(b"giraffe " * 2_600_000)
    desk.write("memory/.history/old.md", "giraffe")
    desk.write("other/notes.md", "giraffe")
    index = desk.index()
    assert not await index.search("giraffe")
    desk.write("memory/real.md", "giraffe")
    assert paths(await index.search("giraffe")) == ["memory/real.md"]
    assert set(index.problems) == {"memory/link.md", "memory/utf16.md", "memory/huge.md"}
    (desk.workspace / "memory" / "utf16.md").write_text("giraffe, mended")
    assert len(await index.search("giraffe")) == 2
    assert "memory/utf16.md" not in index.problems


async def test_without_notes_there_is_no_index(desk: Desk) -> None:
    index = desk.index()
    await index.refresh()
    assert not await index.search("anything")
    assert not list(desk.data.iterdir())


@pytest.mark.parametrize("query", ["", "   ", "\0", "\ud800", '"', "a OR b NOT (", "*", "\ufdfa" * 100_000, "?!…"])
async def test_any_query_is_answered(desk: Desk, query: str) -> None:
    desk.write("MEMORY.md", "a fact")
    assert await desk.index().search(query) == [] or query == "a OR b NOT ("


async def test_what_is_forgotten_is_gone_from_the_disk(desk: Desk) -> None:
    path = desk.write("MEMORY.md", "".join(f"- fact {number} about pinkelephant{number}\n" for number in range(500)))
    desk.write("memory/other.md", "".join(f"- walrus{number}\n" for number in range(500)))
    index = desk.index()
    await index.refresh()
    assert b"pinkelephant77" in desk.bytes_on_disk()
    path.write_text("- fact 1\n")
    await index.refresh()
    assert b"pinkel" not in desk.bytes_on_disk()
    assert b"walrus77" in desk.bytes_on_disk()
    (desk.workspace / "memory" / "other.md").unlink()
    await index.refresh()
    assert b"walrus" not in desk.bytes_on_disk()


async def test_reindexing_begins_from_nothing(desk: Desk) -> None:
    desk.write("MEMORY.md", "a giraffe")
    index = desk.index()
    await index.refresh()
    with closing(apsw.Connection(str(desk.data / FILE))) as connection:  # another SQLite would break its locks
        connection.execute("UPDATE chunks SET text = 'spoiled'")
    assert [hit.text for hit in await index.search("giraffe")] == ["spoiled"]
    await index.reindex()
    assert [hit.text for hit in await index.search("giraffe")] == ["a giraffe"]
