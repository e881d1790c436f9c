"""The pipes of a server that is tried: what it says is read within bounds, and nothing of it stays behind.

Beside the transport of the `mcp` package because that one reads lines of any length, logs each bad one whole, and
lets the server have variables of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.core.process_tree import kill_tree
from jobs.mcp_manager.budget import MOST_BYTES, Budget

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.shared.message import SessionMessage
    from mcp_types import JSONRPCMessage

_TAIL = 4_000
_CHUNK = 64 * 1024
_QUIET = 1.0
_OF_A_MESSAGE = ("jsonrpc", "id", "method", "params", "result", "error")


class Pipes:
    """A running server: the streams that a `ClientSession` takes, and the end of what it wrote to stderr."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        import anyio  # noqa: PLC0415 - heavy

        self.process = process
        self.flooded = False
        self._tail = bytearray()
        self._to_session: MemoryObjectSendStream[SessionMessage | Exception]
        self.received: MemoryObjectReceiveStream[SessionMessage | Exception]
        self._to_session, self.received = anyio.create_memory_object_stream["SessionMessage | Exception"](0)
        self.sent: MemoryObjectSendStream[SessionMessage]
        self._from_session: MemoryObjectReceiveStream[SessionMessage]
        self.sent, self._from_session = anyio.create_memory_object_stream["SessionMessage"](0)

    @property
    def complaint(self) -> str:
        """The last lines of its stderr."""
        return "\n".join(self._tail.decode(errors="replace").strip().splitlines()[-12:])[-1500:]

    async def read(self) -> None:
        """Hand messages on until the server ends or says too much; the session then sees its connection end."""
        from mcp.shared.message import SessionMessage  # noqa: PLC0415 - heavy

        assert self.process.stdout is not None  # noqa: S101 - a pipe
        budget = Budget()
        async with self._to_session:
            while True:
                try:
                    line = await self.process.stdout.readuntil(b"\n")
                except asyncio.IncompleteReadError:
                    return
                except asyncio.LimitOverrunError:
                    self.flooded = True
                    return
                if not budget.spend(line):
                    self.flooded = True
                    return
                message = _message(line)
                if message is None:
                    await asyncio.sleep(0)  # not of the protocol: some greet before they begin
                    continue
                await self._to_session.send(SessionMessage(message))

    async def write(self) -> None:
        """Hand on what the session says."""
        assert self.process.stdin is not None  # noqa: S101 - a pipe
        async with self._from_session:
            async for message in self._from_session:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                self.process.stdin.write(f"{text}\n".encode())
                with contextlib.suppress(ConnectionError):
                    await self.process.stdin.drain()

    async def listen(self) -> None:
        """Keep the end of what it complains about."""
        assert self.process.stderr is not None  # noqa: S101 - a pipe
        while chunk := await self.process.stderr.read(_CHUNK):
            self._tail += chunk
            del self._tail[:-_TAIL]

    async def exit_code(self) -> int | None:
        """How it ended, when it does so by itself; None when it goes on."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_QUIET):
                await self.process.wait()
        return self.process.returncode

    async def end(self) -> None:
        """Let it end by itself, and kill what runs still, children and all."""
        if self.process.stdin is not None:
            self.process.stdin.close()  # a container ends by nothing else: its `docker` may be killed, it goes on
        await self.exit_code()
        await asyncio.to_thread(kill_tree, self.process.pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_QUIET):
                await self.process.wait()


def _message(line: bytes) -> JSONRPCMessage | None:
    from mcp_types import jsonrpc_message_adapter  # noqa: PLC0415 - heavy
    from pydantic_core import from_json  # noqa: PLC0415

    try:
        said: object = from_json(line)
        if not isinstance(said, dict):
            return None
        # Of the fields alone that there may be: complaining of ten thousand others would take long.
        known = {name: said[name] for name in _OF_A_MESSAGE if name in said}  # pyright: ignore[reportUnknownVariableType]
        return jsonrpc_message_adapter.validate_python(known, by_name=False)
    except ValueError:
        return None


@asynccontextmanager
async def piped(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> AsyncGenerator[Pipes]:
    """Run a server for the length of the block. Raises OSError when it cannot be started."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=MOST_BYTES,
        start_new_session=True,
    )
    pipes = Pipes(process)
    tasks = [asyncio.create_task(work) for work in (pipes.read(), pipes.write(), pipes.listen())]
    try:
        yield pipes
    finally:
        await pipes.end()
        await asyncio.wait({tasks[2]}, timeout=_QUIET)  # its last words
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        transport = process._transport  # pyright: ignore  # a grandchild that got away may hold the pipes open
        transport.close()  # pyright: ignore
        for stream in (pipes.received, pipes.sent):
            stream.close()
