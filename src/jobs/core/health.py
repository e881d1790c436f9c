"""Whether a running daemon is well, asked over a unix socket that answers with one JSON line."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from jobs.core.errors import StorageError

HEALTH_SOCKET = "health.sock"
"""Its name inside DATA_DIR."""

_MAX_SOCKET_PATH = 100
"""Bytes that fit into sockaddr_un on every system (104 on macOS and 108 on Linux, less the final zero)."""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """How a daemon is; `uptime` in seconds."""

    healthy: bool
    telegram: str
    dispatcher: str
    uptime: float
    version: str


_REPORT = TypeAdapter(HealthReport)


@asynccontextmanager
async def serve_health(path: Path, report: Callable[[], HealthReport]) -> AsyncGenerator[None]:
    """Answer at the socket `path` (mode 0600) for as long as the context lasts.

    A socket that an earlier process left there is replaced: hold the lock of the data folder first.
    Raises StorageError when no socket can be made there.
    """

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(json.dumps(asdict(report())).encode() + b"\n")
        finally:
            writer.close()
            with suppress(ConnectionError):  # whoever asked may have left
                await writer.wait_closed()

    listener = _bound_socket(path)
    try:
        async with await asyncio.start_unix_server(answer, sock=listener):
            yield
    finally:
        _remove(path)


async def ask_health(path: Path, timeout: float = 5) -> HealthReport | None:
    """What the daemon at `path` says of itself; None when no whole answer comes in `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            return await _ask(path)
    except (OSError, TimeoutError, ValueError):  # the last for a line that is no report
        return None


def _bound_socket(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    try:
        _remove(path)
        with _short_path(path) as address:
            listener.bind(address)
        path.chmod(0o600)
    except OSError as error:
        listener.close()
        raise StorageError(f"No socket can be made at {path}: {error.strerror or error}") from error
    return listener


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _ask(path: Path) -> HealthReport:
    with _short_path(path) as address:
        reader, writer = await asyncio.open_unix_connection(address)
    try:
        return _REPORT.validate_json(await reader.readline())
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@contextmanager
def _short_path(path: Path) -> Generator[str]:
    """A name for the socket that fits into a socket address, even in a deep folder."""
    if len(os.fsencode(path)) <= _MAX_SOCKET_PATH or not Path("/proc/self/fd").is_dir():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
