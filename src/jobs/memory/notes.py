"""The files of notes in a workspace: `MEMORY.md`, and every other Markdown below `memory/`."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs.memory.files import NoteFiles
from jobs.memory.paths import FACTS, FOLDER, note_path
from jobs.memory.problems import BadPath

log = logging.getLogger(__name__)

LARGEST = 20_000_000
"""Bytes; what is larger is nothing that a person has written."""
_DAY = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class NoteFile:
    """A file as it was when it was looked at; `stamp` differs after every change."""

    name: str
    """Its path from the workspace, with `/`."""
    stamp: str
    changed_at: float
    """Seconds since 1970."""

    @property
    def day(self) -> date | None:
        """The day that its name speaks of."""
        return day_of(self.name)


def day_of(name: str) -> date | None:
    """The day in the name of a file; None for notes of no day."""
    match = _DAY.search(name.rsplit("/", 1)[-1])
    if match is not None:
        with suppress(ValueError):
            return date.fromisoformat(match[1])
    return None


class Notes:
    """The notes of one workspace. Nothing outside is ever read; what cannot be read is a problem, said once."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._files = NoteFiles(workspace)
        self._named: set[str] = set()
        """Names that were found to be those of notes: to look again at each takes longer than all the rest."""
        self._prefix = os.path.join(workspace, "")  # noqa: PTH118 - with its separator; a Path for each file is slow
        self._problems: dict[str, str] = {}
        self._unread: dict[str, str] = {}
        """The stamps of files that were read in vain: they are tried again when they have changed."""

    @property
    def problems(self) -> Mapping[str, str]:
        """Files that are not searched, and why."""
        return {_shown(name): why for name, why in self._problems.items()}

    def exist(self) -> bool:
        """Whether there are any."""
        return next(self._walk(), None) is not None

    def files(self) -> dict[str, NoteFile]:
        """Every file of notes that can be read, by name."""
        found: dict[str, NoteFile] = {}
        seen: set[str] = set()
        for entry in self._walk():
            name = self._name(entry)
            seen.add(name)
            if not self._names_a_note(name):
                self._object(name, "its name is none that a note can have")
                continue
            try:
                status = entry.stat()
            except OSError as error:
                self._object(name, error.strerror or str(error))
                continue
            if (problem := self._problem(entry, status)) is not None:
                self._object(name, problem)
            elif self._unread.get(name) != (stamp := _stamp(status)):
                self._problems.pop(name, None)
                found[name] = NoteFile(name, stamp, max(status.st_mtime, status.st_ctime))
        for name in self._problems.keys() - seen:
            del self._problems[name]
        self._named &= seen
        return found

    def read(self, file: NoteFile) -> str | None:
        """The text of a file; None, and a problem, when it cannot be read or is no UTF-8."""
        try:
            data = self._bytes(file.name)
            if b"\0" in data:
                raise ValueError
            return data.decode("utf-8-sig")
        except FileNotFoundError:
            return None
        except OSError as error:
            self._object(file.name, error.strerror or str(error))
        except ValueError:
            self._object(file.name, "it is no UTF-8 text")
        self._unread[file.name] = file.stamp
        return None

    def _bytes(self, name: str) -> bytes:
        path = note_path(name)
        # Not to follow a link, nor to wait for a pipe, that somebody has put in its place meanwhile.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with self._files.folder(path[:-1]) as folder:
            handle = os.open(path[-1], flags, dir_fd=folder)
        with open(handle, "rb") as file:  # noqa: PTH123 - it is open already
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ValueError
            return file.read(LARGEST + 1)

    def _walk(self) -> Iterator[os.DirEntry[str]]:
        with suppress(OSError), os.scandir(self._workspace) as entries:
            for entry in entries:
                if entry.name == FACTS:
                    yield entry
                elif entry.name == FOLDER and entry.is_dir(follow_symlinks=False):
                    yield from _markdown_below(entry.path)

    def _problem(self, entry: os.DirEntry[str], status: os.stat_result) -> str | None:
        if entry.is_symlink():
            return "it is a link"
        if not stat.S_ISREG(status.st_mode):
            return "it is no file"
        if status.st_size > LARGEST:
            return f"it is larger than {LARGEST // 1_000_000} MB"
        return None

    def _names_a_note(self, name: str) -> bool:
        """Whether the other tools know it by this name: what is found can be read and forgotten."""
        if name not in self._named:
            try:
                note_path(name)
            except BadPath:
                return False
            self._named.add(name)
        return True

    def _object(self, name: str, why: str) -> None:
        if self._problems.get(name) != why:
            log.warning("The notes in %s are not searched: %s", _shown(name), why)
        self._problems[name] = why

    def _name(self, entry: os.DirEntry[str]) -> str:
        return entry.path[len(self._prefix) :]


def _markdown_below(folder: str) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _markdown_below(entry.path)
            elif entry.name.lower().endswith(".md"):
                yield entry


def _shown(name: str) -> str:
    """A name as it can be written down: it need not be UTF-8."""
    return name if name.isprintable() else ascii(name)[1:-1]


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_ino}.{status.st_size}.{status.st_mtime_ns}.{status.st_ctime_ns}"
