"""Runs npm and pip for us: with an environment of their own, and within bounds of time and size."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.core.errors import ToolFailed
from jobs.core.process_tree import kill_tree

INSTALL_SECONDS = 300.0
MOST_BYTES = 600 * 2**20
_LOOK_SECONDS = 1.0
_TAIL = 1_200
_KEPT = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS")


async def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    what: str,
    seconds: float = INSTALL_SECONDS,
) -> str:
    """What a program says, run in `folder`, whose size is watched. Raises ToolFailed with its last words.

    `what` names it to the model.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env={**kept, "LANG": "C.UTF-8", "HOME": str(folder), **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolFailed(f"{what} cannot be started: {error.strerror}. Is it installed on this machine?") from None
    reading = asyncio.create_task(process.communicate())
    try:
        async with asyncio.timeout(seconds):
            while not (await asyncio.wait({reading}, timeout=_LOOK_SECONDS))[0]:
                if await asyncio.to_thread(size, folder) > MOST_BYTES:
                    raise ToolFailed(f"It is larger than {MOST_BYTES // 2**20} MB, so it was not installed.")
    except TimeoutError:
        raise ToolFailed(f"{what} was not done within {seconds:.0f} s; nothing was installed.") from None
    finally:
        await _end(process, reading)
    out, complaints = reading.result()
    if process.returncode:
        said = (complaints or out).decode(errors="replace").strip()[-_TAIL:]
        raise ToolFailed(f"{what} failed: {said}")
    return out.decode(errors="replace")


async def _end(process: asyncio.subprocess.Process, reading: asyncio.Task[tuple[bytes, bytes]]) -> None:
    """Its helpers are of its group, and end with it."""
    if process.returncode is None:
        await asyncio.to_thread(kill_tree, process.pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await asyncio.wait({reading})


def size(folder: Path) -> int:
    """Bytes in a folder."""
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # it is being written
                total += (Path(at) / name).lstat().st_size
    return total
