"""Several real processes write at once, and are killed at random instants."""

from __future__ import annotations

import asyncio
import random
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jobs.memory.paths import FACTS
from jobs.memory.storage import Storage

WRITER = Path(__file__).with_name("writer.py")
KILLS = 25


@asynccontextmanager
async def writer(workspace: Path, name: str, count: int) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Running; it has said "ready"."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(WRITER), str(workspace), name, str(count), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def written(workspace: Path) -> list[str]:
    """The facts that stand in the file, each whole."""
    file = workspace / FACTS
    text = file.read_text() if file.exists() else ""
    lines = [line for line in text.split("\n") if line.startswith("- ")]
    assert all(re.fullmatch(r"- \w+ \d+ (filling ?)+", line) for line in lines), "a line is broken"
    assert not text or text.endswith("\n")
    return [" ".join(line.split()[1:3]) for line in lines]


async def test_two_processes_at_once_lose_nothing_and_an_editor_loses_nothing_either(workspace: Path) -> None:
    file = workspace / FACTS
    file.write_text("# Memory\n")
    async with writer(workspace, "red", 12) as red, writer(workspace, "blue", 12) as blue:
        for number in range(12):
            assert red.stdout is not None
            await red.stdout.readline()
            text = file.read_text().replace("# Memory", f"# Memory {number}")
            fresh = workspace / "editor.tmp"
            fresh.write_text(text)
            if file.read_text() == text.replace(f"# Memory {number}", "# Memory"):
                fresh.replace(file)
        assert await red.wait() == 0
        assert await blue.wait() == 0
    assert sorted(set(written(workspace))) == sorted(f"{name} {n}" for name in ("red", "blue") for n in range(12))
    assert len(written(workspace)) == 24


@pytest.mark.timeout(600)
async def test_a_writer_that_is_killed_at_any_instant_leaves_whole_files_and_nothing_beside_them(
    workspace: Path, storage: Storage
) -> None:
    dice = random.Random(7)  # noqa: S311
    acknowledged: set[str] = set()
    for run in range(KILLS):
        async with writer(workspace, f"run{run}", 1000) as process:
            assert process.stdout is not None
            for number in range(dice.randrange(3)):
                await process.stdout.readline()
                acknowledged.add(f"run{run} {number}")
            try:
                async with asyncio.timeout(dice.random() * 0.03):
                    await process.wait()
            except TimeoutError:
                process.kill()
            await process.wait()
        stands = written(workspace)
        assert acknowledged <= set(stands)
        assert len(stands) == len(set(stands))
    before = (workspace / FACTS).read_text()
    await storage.tidy()
    left = [path.name for path in workspace.rglob("*") if path.name.endswith((".tmp", ".pending"))]
    assert left == []
    assert (workspace / FACTS).read_text() == before
    change = await storage.undo()
    assert change.after == before, "the last change that was made is the first to be undone"


async def test_a_full_disk_is_said_and_the_file_stays(workspace: Path) -> None:
    file = workspace / FACTS
    file.write_text("# Memory\n\n- one\n")
    limited = 'ulimit -f 1 && exec "$@"'  # no file may grow beyond a block
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", limited, "sh", sys.executable, "-B", str(WRITER), str(workspace), "red", "1",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    assert process.returncode == 1
    assert b"the disk is full; free some space" in said
    assert file.read_text() == "# Memory\n\n- one\n"
    names = [path.name for path in workspace.rglob("*") if path.is_file()]
    assert sorted(names) == ["MEMORY.md", "lock"]
