"""Notes on the disk: whose changes survive, what is refused, and that what is refused stays as it is."""

from __future__ import annotations

import asyncio
import fcntl
import os
import stat
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hand_clock import HandClock
from jobs.memory.items import items_of
from jobs.memory.paths import FACTS, note_path
from jobs.memory.problems import BadPath, NoteError
from jobs.memory.storage import Storage

ME = (FACTS,)
SYMLINK, FOLDER, HUGE, UTF8 = "symbolic link", "it is a folder", "larger than 1 MB", "no UTF-8 text"


def add(line: str) -> object:
    return lambda text: f"{text}{line}\n"


def left_behind(workspace: Path) -> list[str]:
    return [path.name for path in workspace.rglob("*") if path.name.endswith((".tmp", ".pending"))]


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "/", "/etc/passwd", "/MEMORY.md",
        "MEMORY.md/", "memory.md", "Memory.MD", "./MEMORY.md", "USER.md",
        "memory", "memory/", "memory/x", "memory/x.MD", "memory/x.txt", "MEMORY/x.md", "memory/.md", "memory//x.md",
        "memory/../MEMORY.md", "memory/../../x.md", "memory/a/../x.md", "memory/./x.md", "memory/.history/x.md",
        "memory/.HISTORY/x.md", "memory/a/.b/c.md", "memory\\x.md", "memory/a\\..\\x.md", "memory/x\0.md",
        "memory/x.md\0.txt", "memory/x\n.md", "memory/\ud800.md", "~/MEMORY.md", " MEMORY.md",
        "memory/" + "x" * 300 + ".md",
        "memory/" + "y/" * 600 + "x.md", "../workspace/MEMORY.md", "memory/\x7f.md",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_none(name: str) -> None:
    with pytest.raises(BadPath):
        note_path(name)


@pytest.mark.parametrize("name", ["MEMORY.md", "memory/2026-11-28.md", "memory/people/Маша.md", "memory/a b.c.md"])
def test_a_name_below_the_folder_is_one(name: str) -> None:
    assert "/".join(note_path(name)) == name


async def test_what_is_written_keeps_the_rights_of_the_file_and_leaves_nothing_beside_it(
    workspace: Path, storage: Storage
) -> None:
    file = workspace / "MEMORY.md"
    file.write_text("one\n")
    file.chmod(0o640)
    await storage.rewrite(ME, lambda text: f"{text}two\n")
    assert file.read_text() == "one\ntwo\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert left_behind(workspace) == []
    assert stat.S_IMODE((workspace / "memory" / ".history").stat().st_mode) == 0o700


async def test_an_editor_that_saves_meanwhile_is_not_overwritten(workspace: Path, storage: Storage) -> None:
    file = workspace / "MEMORY.md"
    file.write_text("one\n")
    seen: list[str] = []

    def edit(text: str) -> str:
        seen.append(text)
        if len(seen) == 1:
            file.write_text("one, edited\n")
        return f"{text}two\n"

    await storage.rewrite(ME, edit)
    assert seen == ["one\n", "one, edited\n"]
    assert file.read_text() == "one, edited\ntwo\n"


async def test_an_editor_that_saves_as_much_at_the_same_moment_is_not_overwritten(
    workspace: Path, storage: Storage
) -> None:
    file = workspace / "MEMORY.md"
    file.write_text("one\n")
    before = file.stat()
    seen: list[str] = []

    def edit(text: str) -> str:
        seen.append(text)
        if len(seen) == 1:
            with file.open("r+") as opened:
                opened.write("ONE\n")
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        return f"{text}two\n"

    await storage.rewrite(ME, edit)
    assert file.read_text() == "ONE\ntwo\n"


async def test_a_file_that_somebody_makes_or_deletes_meanwhile_is_respected(workspace: Path, storage: Storage) -> None:
    file = workspace / "memory" / "plans.md"
    seen: list[str] = []

    def edit(text: str) -> str:
        seen.append(text)
        if len(seen) == 1:
            file.parent.mkdir(exist_ok=True)
            file.write_text("theirs\n")
        elif len(seen) == 2:
            file.unlink()
        return f"{text}ours\n"

    await storage.rewrite(("memory", "plans.md"), edit)
    assert seen == ["", "theirs\n", ""]
    assert file.read_text() == "ours\n"


async def test_a_file_that_is_being_written_is_waited_for(workspace: Path, storage: Storage) -> None:
    file = workspace / "MEMORY.md"
    with file.open("w") as editor:  # it truncates first, and writes then
        soon = time.time_ns() + 100_000_000
        os.utime(file, ns=(soon, soon))  # this machine may be slow
        writing = asyncio.create_task(storage.rewrite(ME, lambda text: f"{text}two\n"))
        await asyncio.wait({writing}, timeout=0.05)
        editor.write("one\n")
    await writing
    assert file.read_text() == "one\ntwo\n"


async def test_a_file_that_never_comes_to_rest_is_left_alone_and_said(workspace: Path, storage: Storage) -> None:
    file = workspace / "MEMORY.md"

    def edit(text: str) -> str:
        file.write_text(f"{text}theirs\n")
        os.utime(file, (1, 1))
        return f"{text}ours\n"

    with pytest.raises(NoteError, match="being changed all the time"):
        await storage.rewrite(ME, edit)
    assert "ours" not in file.read_text()
    assert left_behind(workspace) == []


async def trouble(workspace: Path, case: str) -> None:
    file, outside = workspace / "MEMORY.md", workspace.parent / "outside.md"
    outside.write_text("not yours\n")
    match case:
        case "utf-16":
            file.write_bytes("- заметка\n".encode("utf-16"))
        case "latin-1":
            file.write_bytes("café\n".encode("latin-1"))
        case "nul":
            file.write_bytes(b"one\0two\n")
        case "huge":
            file.write_bytes(b"- x\n" * 250_001)
        case "folder":
            file.mkdir()
        case "link out":
            file.symlink_to(outside)
        case "link in":
            (workspace / "real.md").write_text("x\n")
            file.symlink_to("real.md")
        case "dangling":
            file.symlink_to("nowhere.md")
        case "pipe":
            os.mkfifo(file)
        case _:
            raise AssertionError(case)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("utf-16", UTF8), ("latin-1", UTF8), ("nul", UTF8), ("huge", HUGE), ("folder", FOLDER), ("link out", SYMLINK),
        ("link in", SYMLINK), ("dangling", SYMLINK), ("pipe", "no ordinary file"),
    ],
)  # fmt: skip
@pytest.mark.timeout(120)
async def test_a_file_that_cannot_be_used_is_said_and_stays(
    workspace: Path, storage: Storage, case: str, said: str
) -> None:
    await trouble(workspace, case)
    file = workspace / "MEMORY.md"
    before = file.lstat()
    with pytest.raises(NoteError, match=said):
        await storage.read(ME)
    with pytest.raises(NoteError, match=said):
        await storage.add_facts(items_of("a fact"), "", "")
    assert file.lstat() == before
    assert (workspace.parent / "outside.md").read_text() == "not yours\n"
    assert left_behind(workspace) == []


async def test_a_folder_that_is_a_link_is_not_followed(workspace: Path, storage: Storage) -> None:
    outside = workspace.parent / "outside"
    outside.mkdir()
    (outside / "x.md").write_text("not yours\n")
    (workspace / "memory").symlink_to(outside)
    with pytest.raises(NoteError, match=SYMLINK):
        await storage.read(note_path("memory/x.md"))
    with pytest.raises(NoteError, match=SYMLINK):
        await storage.log(items_of("x"))
    assert [path.name for path in outside.iterdir()] == ["x.md"]
    (workspace / "memory").unlink()
    (workspace / "memory").mkdir()
    (workspace / "memory" / "deep").symlink_to(outside)
    with pytest.raises(NoteError, match=SYMLINK):
        await storage.rewrite(note_path("memory/deep/x.md"), lambda text: f"{text}!")
    assert (outside / "x.md").read_text() == "not yours\n"
    assert await storage.notes() == []


async def test_a_history_that_is_a_link_is_not_written_through(workspace: Path, storage: Storage) -> None:
    outside = workspace.parent / "outside"
    outside.mkdir()
    (workspace / "memory").mkdir()
    (workspace / "memory" / ".history").symlink_to(outside)
    with pytest.raises(NoteError, match=SYMLINK):
        await storage.add_facts(items_of("x"), "", "")
    assert list(outside.iterdir()) == []
    assert not (workspace / "MEMORY.md").exists()


async def test_a_read_only_file_stays(workspace: Path, storage: Storage) -> None:
    file = workspace / "MEMORY.md"
    file.write_text("one\n")
    file.chmod(0o444)
    with pytest.raises(NoteError, match="read-only"):
        await storage.add_facts(items_of("x"), "", "")
    assert await storage.read(ME) == "one\n"


async def test_a_file_that_another_program_has_locked_stays(workspace: Path, storage: Storage) -> None:
    file = workspace / "MEMORY.md"
    file.write_text("one\n")
    with file.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(NoteError, match="another program has locked it"):
            await storage.add_facts(items_of("x"), "", "")
    assert await storage.read(ME) == "one\n"


async def test_another_writer_of_ours_is_waited_for(workspace: Path, storage: Storage) -> None:
    await storage.add_facts(items_of("one"), "", "")
    with (workspace / "memory" / ".history" / "lock").open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        writing = asyncio.create_task(storage.add_facts(items_of("two"), "", ""))
        await asyncio.wait({writing}, timeout=0.5)
        assert not writing.done()
        assert await storage.read(ME) == "# Memory\n\n- one\n"
    await writing
    assert await storage.read(ME) == "# Memory\n\n- one\n- two\n"


async def test_a_note_that_would_grow_too_large_stays(workspace: Path, storage: Storage) -> None:
    (workspace / "MEMORY.md").write_text("- x\n" * 249_999)
    with pytest.raises(NoteError, match=HUGE):
        await storage.add_facts(items_of("a longer fact"), "", "")
    assert (workspace / "MEMORY.md").read_text() == "- x\n" * 249_999
    assert left_behind(workspace) == []


async def test_what_a_killed_writer_left_is_cleared_away(workspace: Path, storage: Storage) -> None:
    deep = workspace / "memory" / "people"
    deep.mkdir(parents=True)
    await storage.add_facts(items_of("x"), "", "")
    left = [folder / ".jobs-0123456789abcdef.tmp" for folder in (workspace, deep, workspace / "memory" / ".history")]
    for path in left:
        path.write_text("secret")
    theirs = workspace / ".other.tmp"
    theirs.touch()
    await storage.tidy()
    assert [path for path in left if path.exists()] == []
    assert theirs.exists()


async def test_every_change_is_told_after_it_was_made(workspace: Path, clock: HandClock) -> None:
    told: list[str] = []

    async def changed() -> None:
        told.append((workspace / "MEMORY.md").read_text())

    storage = Storage(workspace, clock, ZoneInfo("UTC"), changed)
    await storage.add_facts(items_of("one"), "", "")
    await storage.add_facts(items_of("one"), "", "")
    assert told == ["# Memory\n\n- one\n"]
    await storage.log(items_of("two"))
    assert len(told) == 2


async def test_notes_are_listed_wherever_they_are_and_nothing_else_is(workspace: Path, storage: Storage) -> None:
    await storage.add_facts(items_of("one"), "", "")
    await storage.log(items_of("two"))
    for name in ("people/masha.md", "people/photo.jpg", ".hidden.md", ".trash/old.md", "b.md"):
        (workspace / "memory" / name).parent.mkdir(exist_ok=True)
        (workspace / "memory" / name).write_text("x")
    (workspace / "memory" / "link.md").symlink_to("b.md")
    (workspace / "OTHER.md").touch()
    names = ["/".join(path) for path in await storage.notes()]
    assert names == ["MEMORY.md", "memory/2026-03-02.md", "memory/b.md", "memory/people/masha.md"]
