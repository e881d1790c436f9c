"""Killed while a new version is looked for or built: the old one is there, whole, and nothing of it goes on beside."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import psutil
import pytest
from installation import NEW, OLD, Installation, Upstream, answers, runs

from jobs.sandbox.daemon import Daemon
from jobs.sandbox.patience import PATIENCE
from jobs.sandbox.stage import Stage
from jobs.updating.checkout import MARK

pytestmark = pytest.mark.chaos


async def test_what_fetched_ends_and_the_question_is_answered(
    updating: Stage, installation: Installation, upstream: Upstream
) -> None:
    async with nobody_answers() as (port, asked):
        published, updating.extra["UPDATE_SOURCE"] = updating.extra["UPDATE_SOURCE"], f"git://127.0.0.1:{port}/jobs"
        daemon = await updating.start()
        owner = await updating.person()
        await owner.send("/update")
        await asyncio.wait_for(asked.get(), PATIENCE)
        left = marked(updating)
        assert "git" in {process.name() for process in left}
        await killed_alone(daemon)
        updating.extra["UPDATE_SOURCE"] = published
        await updating.start()
        await owner.wait_for_text(f"This is the newest version ({OLD})")
        _, alive = await asyncio.to_thread(psutil.wait_procs, left, timeout=PATIENCE)
        assert not alive
    await answers(updating, owner)


async def test_what_built_ends_before_it_is_built_again(
    updating: Stage, installation: Installation, upstream: Upstream
) -> None:
    async with nobody_answers() as (port, asked):
        updating.extra["PIP_INDEX_URL"] = f"http://127.0.0.1:{port}/simple"
        lock = upstream.folder / "locks" / "run.lock"
        lock.write_text(lock.read_text() + f"whistle==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
        upstream.publish(NEW)
        daemon = await updating.start()
        owner = await updating.person()
        question = await owner.ask("/update", f"Version {NEW} is there")
        await owner.send("yes", reply_to=question.id)
        await asyncio.wait_for(asked.get(), PATIENCE)
        left = marked(updating)
        assert any("pip" in process.cmdline() for process in left)
        await killed_alone(daemon)
        await updating.start()
        _, alive = await asyncio.to_thread(psutil.wait_procs, left, timeout=PATIENCE)
        assert not alive
        await asyncio.wait_for(asked.get(), PATIENCE)  # it goes about it once more, since the owner has said so
        assert await runs(updating, installation) == OLD
    await answers(updating, owner)


async def killed_alone(daemon: Daemon) -> None:
    """SIGKILL; what it has started goes on, and keeps its log open."""
    os.kill(daemon.pid, signal.SIGKILL)
    async with asyncio.timeout(PATIENCE):
        while psutil.pid_exists(daemon.pid):  # noqa: ASYNC110 - who waits for it waits for the log's end, too
            await asyncio.sleep(0.02)


def marked(stage: Stage) -> list[psutil.Process]:
    """The processes of an update of this world."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # ended meanwhile, or not ours to look at
            if process.environ().get(MARK) == str(stage.data_dir):
                found.append(process)
    return found


@asynccontextmanager
async def nobody_answers() -> AsyncGenerator[tuple[int, asyncio.Queue[None]]]:
    """A port where whoever connects hears nothing; an item for each who does."""
    asked: asyncio.Queue[None] = asyncio.Queue()

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.put_nowait(None)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(keep, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], asked
