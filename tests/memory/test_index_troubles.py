"""A file that is damaged, deleted, of another version, or open elsewhere."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from memory_desk import Desk, paths, until

from jobs.core.words import memory as words
from jobs.memory.search import FILE, MemoryIndex
from jobs.sandbox.patience import PATIENCE


def nonsense(path: Path) -> None:
    path.write_bytes(b"this is no database " * 1000)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scrambled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in range(4096, len(data), 512):
        data[place : place + 64] = b"\xa5" * 64
    path.write_bytes(data)


def empty_of_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE files")


@pytest.mark.parametrize("harm", [nonsense, cut, scrambled, empty_of_tables])
async def test_a_damaged_file_is_made_anew_and_said(desk: Desk, harm: object) -> None:
    for number in range(40):
        desk.write(f"memory/{number}.md", f"a giraffe called number{number}\n" * 20)
    index = desk.index()
    await index.refresh()
    await index.close()
    harm(desk.data / FILE)  # type: ignore[operator]
    index = desk.index()
    async with index.running():
        await until(lambda: bool(desk.told))
        [hit] = await index.search("number17")
        assert hit.path == "memory/17.md"
    assert desk.told == [words.INDEX_MADE_ANEW]


async def test_a_file_that_is_damaged_while_it_is_open_is_made_anew_and_the_search_answered(desk: Desk) -> None:
    for number in range(40):
        desk.write(f"memory/{number}.md", f"a giraffe called number{number}\n" * 20)
    index = desk.index()
    await index.refresh()
    scrambled(desk.data / FILE)
    [hit] = await index.search("number17")
    assert hit.path == "memory/17.md"
    assert desk.told == [words.INDEX_MADE_ANEW]


async def test_a_deleted_file_comes_back(desk: Desk) -> None:
    desk.write("MEMORY.md", "a giraffe")
    index = desk.index()
    await index.refresh()
    await index.close()
    (desk.data / FILE).unlink()
    assert len(await desk.index().search("giraffe")) == 1
    assert not desk.told


async def test_two_at_once_do_not_fight(desk: Desk) -> None:
    desk.write("MEMORY.md", "a giraffe")
    first, second = desk.index(), desk.index()
    await first.refresh()
    answers = await asyncio.gather(*(index.search("giraffe") for index in (first, second) * 10))
    assert all(len(answer) == 1 for answer in answers)
    desk.write("MEMORY.md", "a giraffe and a walrus")
    await first.refresh()
    assert len(await second.search("walrus")) == 1  # as the first one has it
    await first.close()
    desk.write("MEMORY.md", "a giraffe and a heron")
    assert len(await second.search("heron")) == 1  # it writes now


async def test_a_file_that_is_deleted_while_it_is_open_comes_back_with_all_notes(desk: Desk) -> None:
    desk.write("MEMORY.md", "a giraffe")
    index = desk.index()
    async with index.running():
        assert len(await index.search("giraffe")) == 1
        # The file itself last: whoever sees that it is gone makes another, with a log beside it that is to stay.
        for path in sorted(desk.data.glob(f"{FILE}*"), reverse=True):
            path.unlink()
        await found(index, "giraffe")
        desk.write("memory/zoo.md", "a walrus")
        await found(index, "walrus")


async def found(index: MemoryIndex, what: str) -> None:
    """Return once one note is found: a file that is being made anew may have been deleted once more."""
    async with asyncio.timeout(PATIENCE):
        while len(await index.search(what)) != 1:  # noqa: ASYNC110 - an index tells nobody
            await asyncio.sleep(0)


async def test_a_file_whose_name_is_no_text_harms_no_other(desk: Desk) -> None:
    desk.write("MEMORY.md", "a giraffe")
    (desk.workspace / os.fsdecode(b"memory/\xff.md")).write_text("a walrus")
    index = desk.index()
    async with index.running():
        assert len(await index.search("giraffe")) == 1
        assert await index.search("walrus") == []
        assert list(index.problems) == ["memory/\\udcff.md"]
        desk.write("memory/zoo.md", "a heron")
        await until(lambda: b"heron" in desk.bytes_on_disk())  # it is still watched


@pytest.mark.parametrize("name", ["memory/Zoo.MD", "memory/a\\b.md", "memory/a\tb.md", f"memory/{'d/' * 520}x.md"])
async def test_what_the_other_tools_cannot_name_and_so_not_forget_is_not_found(desk: Desk, name: str) -> None:
    desk.write(name, "a walrus")
    index = desk.index()
    assert await index.search("walrus") == []
    assert len(index.problems) == 1


async def test_links_are_not_followed_wherever_they_lead(desk: Desk) -> None:
    plan = desk.write("projects/plan.txt", "a secret walrus")
    (desk.workspace / "memory" / "plan.md").symlink_to(plan)
    desk.write("memory/zoo.md", "a giraffe")
    index = desk.index()
    assert await index.search("walrus") == []
    assert len(await index.search("giraffe")) == 1
    assert index.problems == {"memory/plan.md": "it is a link"}


async def test_what_the_index_has_is_found_while_the_disk_is_full(desk: Desk) -> None:
    desk.write("MEMORY.md", "a giraffe")
    index = desk.index()
    assert len(await index.search("giraffe")) == 1
    desk.write("memory/newer.md", "a zebra")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))  # as a full disk: nothing can be written
    try:
        assert paths(await index.search("giraffe")) == ["MEMORY.md"]
        assert "memory.sqlite cannot be used" in index.behind
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert paths(await index.search("zebra")) == ["memory/newer.md"]
    assert not index.behind
    assert not desk.told
