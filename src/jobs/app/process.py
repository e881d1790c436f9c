"""The process itself: one at a time on a data folder, ended by a signal, with nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from jobs.core.process_tree import kill_marked
from jobs.mcp_manager.containers import end_containers
from jobs.mcp_manager.launch import FOLDER
from jobs.users import environment

log = logging.getLogger(__name__)


def end_leftovers(pid_file: Path) -> None:
    """After a run that was killed: end the commands of its Claude process, which may be run once more now."""
    ended = kill_marked(environment.PID_FILE, str(pid_file))
    pid_file.unlink(missing_ok=True)
    log.info("Ended %d processes that the last run left behind", ended)


def end_servers(data_dir: Path) -> None:
    """What MCP servers have started and left to itself, and what still installs one after a run that was killed.

    Each has a home of its own below that of the server, and so have its children.
    """
    homes = [str(home) for home in (data_dir / FOLDER).glob("*/*") if home.is_dir()]
    if ended := kill_marked("HOME", *homes) if homes else 0:
        log.info("Ended %d processes that MCP servers left behind", ended)
    end_containers(data_dir)


def keep_what_is_loaded() -> None:
    """Modules stay to the end: a full garbage collection walks over them no more, which stops everything for 0.1 s."""
    gc.freeze()


@asynccontextmanager
async def until_signal() -> AsyncGenerator[None]:
    """SIGTERM and SIGINT end the block by cancelling it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - we are in one
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if not stopping:  # a second time would cut short how it ends
            stopping = True
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    except asyncio.CancelledError:
        if not stopping:
            raise
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
