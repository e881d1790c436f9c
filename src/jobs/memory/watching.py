"""When notes change: told by the operating system, or looked for where that cannot tell."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

from jobs.memory.paths import FACTS, FOLDER

log = logging.getLogger(__name__)

_GATHER_MS = 1_000
_STEP_MS = 250
"""Of silence, before a change is told; also how often the watching thread wakes up."""
_LOOK_SECONDS = 60.0
"""Between looks whether the folders are still those that are watched, or, where nothing can be, at the notes."""


async def changes(workspace: Path) -> AsyncGenerator[None]:
    """Yields after notes may have changed, and once at the beginning, until it is closed."""
    changed, closing = asyncio.Event(), asyncio.Event()
    watching = asyncio.create_task(_watch(workspace, changed, closing), name="memory watcher")
    try:
        while True:
            await changed.wait()
            changed.clear()
            yield
    finally:
        # The library's threads are told, and waited for: they would hear of a cancellation after a minute.
        closing.set()
        await watching


class _Stop:
    """When the watching threads are to end."""

    def __init__(self, closing: asyncio.Event) -> None:
        self._closing = closing
        self._set = False

    def set(self) -> None:
        """End them."""
        self._set = True

    def is_set(self) -> bool:
        """Asked by a thread."""
        return self._set or self._closing.is_set()


async def _watch(workspace: Path, changed: asyncio.Event, closing: asyncio.Event) -> None:
    complained = False
    while not closing.is_set():
        try:
            await _watch_folders(workspace, changed, _Stop(closing))
        except* (OSError, RuntimeError) as errors:
            if not complained and workspace.is_dir():
                log.warning("Notes cannot be watched, they are looked at every %.0f s: %s", _LOOK_SECONDS, errors)
                complained = True
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await closing.wait()
        changed.set()


async def _watch_folders(workspace: Path, changed: asyncio.Event, stop: _Stop) -> None:
    """Returns when one of the folders has come, gone, or become another one, or it is to stop."""
    folder = workspace / FOLDER
    before = _identities(workspace, folder)

    async def watch(path: Path, *, recursive: bool) -> None:
        from watchfiles import awatch  # noqa: PLC0415 # pyright: ignore[reportUnknownVariableType] - not at start

        relevant = partial(_is_note if recursive else _is_top, path)
        async for found in awatch(
            path, watch_filter=lambda _, name: relevant(name), debounce=_GATHER_MS, step=_STEP_MS,
            stop_event=cast("Any", stop), rust_timeout=int(_LOOK_SECONDS * 1000), yield_on_timeout=True,
            recursive=recursive,
        ):  # fmt: skip
            if found:
                changed.set()
            if _identities(workspace, folder) != before:
                stop.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(watch(workspace, recursive=False))
        if before[1] is not None:
            group.create_task(watch(folder, recursive=True))
        await asyncio.sleep(0)  # both watch from here on
        changed.set()


def _identities(*paths: Path) -> tuple[tuple[int, int] | None, ...]:
    found: list[tuple[int, int] | None] = []
    for path in paths:
        identity = None
        with suppress(OSError):
            status = os.lstat(path)
            identity = (status.st_dev, status.st_ino) if path.is_dir() and not path.is_symlink() else None
        found.append(identity)
    return tuple(found)


def _is_top(folder: Path, name: str) -> bool:
    return Path(name).name in (FACTS, FOLDER) or Path(name) == folder


def _is_note(folder: Path, name: str) -> bool:
    """Whether a path may be that of notes, or of a folder with notes: temporary files are noise."""
    path = Path(name)
    parts = path.relative_to(folder).parts if path.is_relative_to(folder) else ()
    return not any(part.startswith(".") for part in parts) and path.suffix.lower() in ("", ".md")
