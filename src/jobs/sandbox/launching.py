"""Two ways to start `jobs run`: as a person does, or from a process that has loaded the program already.

To load the program takes longer than most stories do. Who starts it hundreds of times lets a server (that of
`multiprocessing`) load it once and fork: what runs then is the same program, in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

_LINE_BYTES = 1 << 20
_PROGRAM = ["jobs", "run"]


class Process(Protocol):
    """What `asyncio.subprocess.Process` is, as far as it is needed."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    @property
    def stdout(self) -> asyncio.StreamReader | None: ...
    @property
    def stderr(self) -> asyncio.StreamReader | None: ...
    async def wait(self) -> int:
        """Its exit code, negative for the signal that ended it."""
        ...

    def send_signal(self, signal: int, /) -> None:
        """Nothing happens where it has ended."""


Launch = Callable[[Path, Mapping[str, str]], Awaitable[Process]]
"""Starts the program in a folder, with nothing but this environment."""


async def executed(cwd: Path, environment: Mapping[str, str]) -> Process:
    """As a person starts it."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *_PROGRAM,
        cwd=cwd,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
    )


async def forked(cwd: Path, environment: Mapping[str, str]) -> Process:
    """From the server, which starts with the first one and ends with this process."""
    (stdout, its_stdout), (stderr, its_stderr) = Pipe(duplex=False), Pipe(duplex=False)
    process = _context().Process(target=_become, args=(cwd, dict(environment), its_stdout, its_stderr), daemon=True)
    await asyncio.to_thread(process.start)
    its_stdout.close()
    its_stderr.close()
    with stdout, stderr:
        return _Forked(process, await _reader(stdout.fileno()), await _reader(stderr.fileno()))


@cache
def _context() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(["jobs.app", "jobs.cli"])
    return context


def _become(cwd: Path, environment: dict[str, str], stdout: Connection, stderr: Connection) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, handle in enumerate((nothing, stdout.fileno(), stderr.fileno())):
        os.dup2(handle, number)
    sys.stdin = os.fdopen(0)
    sys.stdout, sys.stderr = (os.fdopen(handle, "w", buffering=1, closefd=False) for handle in (1, 2))
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = list(_PROGRAM)
    runpy.run_module(_PROGRAM[0], run_name="__main__", alter_sys=True)


async def _reader(pipe: int) -> asyncio.StreamReader:
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(_LINE_BYTES)
    file = os.fdopen(os.dup(pipe), "rb", buffering=0)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)  # which closes it at its end
    return reader


class _Forked:
    """Implements `Process`."""

    def __init__(self, process: BaseProcess, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader) -> None:
        assert process.pid is not None  # noqa: S101 - it has been started
        self.pid = process.pid
        self.returncode: int | None = None
        self.stdout, self.stderr = stdout, stderr
        self._process = process
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        self.returncode = self._process.exitcode
        self._process.close()
        self._ended.set()

    async def wait(self) -> int:
        """See the port."""
        await self._ended.wait()
        assert self.returncode is not None  # noqa: S101 - it has ended
        return self.returncode

    def send_signal(self, signal: int, /) -> None:
        """See the port."""
        if self.returncode is None:
            os.kill(self.pid, signal)
