"""A person at a real terminal (a pty): reads what is on the screen and types."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import sys
import termios
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from jobs_command import Jobs

from jobs.sandbox.patience import PATIENCE


class Person:
    """Sits before one running `jobs` command. `screen` is everything that has been shown so far."""

    def __init__(self, terminal: int, child: asyncio.subprocess.Process) -> None:
        self.screen = ""
        self._terminal = terminal
        self._child = child
        self._read = 0
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(terminal, self._look)

    async def sees(self, text: str, timeout: float = PATIENCE) -> str:
        """Wait until `text` shows up after what was seen before; returns what came up to its end."""
        try:
            async with asyncio.timeout(timeout):
                while (found := self.screen.find(text, self._read)) < 0:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"never saw {text!r} after:\n{self.screen[self._read :]}") from None
        before, self._read = self._read, found + len(text)
        return self.screen[before : self._read]

    async def sees_code(self) -> str:
        """Wait for the next QR code; returns the address that it carries."""
        await self.sees("tg://login?token=")
        shown = await self.sees("\n")
        return "tg://login?token=" + re.sub(r"\s", "", shown)

    async def answers(self, question: str, answer: str | Callable[[], str]) -> None:
        """Wait for a question, then type a line (and look it up only then)."""
        await self.sees(question)
        await self.sees(": ")
        self.types(f"{answer if isinstance(answer, str) else answer()}\n")

    def types(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    async def presses_ctrl_c(self, every: float = 3.0) -> int:
        """Press it until the command ends, each so many seconds; its exit code.

        A signal that comes between a prompt and the read behind it waits for the next key, in any Python.
        """
        while True:
            self.types("\x03")
            try:
                return await asyncio.wait_for(self._child.wait(), every)
            except TimeoutError:
                continue

    async def leaves_with(self) -> int:
        """Wait for the command's end; its exit code."""
        async with asyncio.timeout(60):
            return await self._child.wait()

    def _look(self) -> None:
        try:
            self.screen += os.read(self._terminal, 65536).decode(errors="replace").replace("\r\n", "\n")
        except OSError:  # the other end is closed
            asyncio.get_running_loop().remove_reader(self._terminal)
        self._more.set()


def _as_a_shell_would() -> None:
    """Ctrl+C and getpass find their terminal, and Ctrl+C is heard though the tests themselves may be deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@asynccontextmanager
async def at_terminal(jobs: Jobs, *arguments: str, **environment: str) -> AsyncGenerator[Person]:
    """`jobs …` in a terminal of 120 columns; it is ended with the block."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (50, 120))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "jobs",
        *arguments,
        cwd=jobs.folder,
        env=jobs.environment | {"TERM": "dumb"} | environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_as_a_shell_would,
    )
    os.close(slave)
    person = Person(master, child)
    try:
        yield person
    finally:
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
