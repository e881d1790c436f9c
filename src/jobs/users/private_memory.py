"""What the owner's notes mark as private, wherever below `memory/` they stand; read when they have changed."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from jobs.core.errors import JobsError
from jobs.memory.paths import markdown_files
from jobs.users.private_lines import private_values

_LARGEST = 20_000_000
"""Bytes; a larger file would keep a thread busy for minutes."""

_Stamp = tuple[int, int, int, int]


class Unreadable(JobsError):
    """A file of notes is there and cannot be read, so that nobody knows what is private."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} cannot be read: {why}")
        self.name = name


class PrivateMemory:
    """The private values of the notes in a workspace."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._known: dict[Path, tuple[_Stamp, frozenset[str]]] = {}

    async def values(self) -> frozenset[str]:
        """Every private value, normalized. Raises Unreadable."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> frozenset[str]:
        known: dict[Path, tuple[_Stamp, frozenset[str]]] = {}
        for path in self._files():
            try:
                status = path.stat()
                stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                before = self._known.get(path)
                known[path] = before if before and before[0] == stamp else (stamp, self._values(path, status))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise Unreadable(self._name(path), error.strerror or str(error)) from error
        self._known = known
        return frozenset[str]().union(*(values for _, values in known.values()))

    def _files(self) -> Iterator[Path]:
        try:
            yield from markdown_files(self._workspace)
        except OSError as error:
            name = str(error.filename or "memory").removeprefix(f"{self._workspace}{os.sep}")
            raise Unreadable(name, error.strerror or str(error)) from error

    def _values(self, path: Path, status: os.stat_result) -> frozenset[str]:
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(self._name(path), "it is no file")
        if status.st_size > _LARGEST:
            raise Unreadable(self._name(path), f"it is larger than {_LARGEST // 1_000_000} MB")
        data = path.read_bytes()
        if b"\0" in data:
            raise Unreadable(self._name(path), "it is no UTF-8 text")
        return private_values(data.decode("utf-8", errors="replace"))

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._workspace))
