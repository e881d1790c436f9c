"""What our changes were, so that they can be undone: a bounded number of files in `memory/.history`."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from jobs.memory.files import is_unfinished, names_in, write_file
from jobs.memory.paths import note_path
from jobs.memory.problems import BadPath, NoteError

log = logging.getLogger(__name__)

_MOST = 300
_MOST_BYTES = 8_000_000
_KEPT, _PENDING = ".json", ".pending"
_NAME = re.compile(r"\d{8}-[0-9a-f]{8}\.json")
_FORGOTTEN = re.compile(r"\d{8}\.forgotten")
"""Says that something was forgotten after the change of that number; what, nothing says."""


def _checked(path: str) -> str:
    try:
        note_path(path)
    except BadPath as error:
        raise ValueError(str(error)) from error
    return path


class Change(BaseModel):
    """One change of one note, which is kept whole; `before` is None where there was none."""

    model_config = ConfigDict(frozen=True)

    id: str
    at: datetime
    path: Annotated[str, AfterValidator(_checked)]
    before: str | None
    after: str

    @property
    def texts(self) -> tuple[str, ...]:
        """What is kept of the note."""
        return (self.before or "", self.after)


def _is_made(change: Change, current: Callable[[str], str | None]) -> bool:
    try:
        return current(change.path) == change.after
    except NoteError:
        return True  # nobody can tell; undoing it will


class History:
    """The folder behind a handle, while the notes are locked. Raises OSError."""

    def __init__(self, folder: int) -> None:
        self._folder = folder

    def recover(self, current: Callable[[str], str | None]) -> None:
        """After a writer was killed: keep its change if it was made; `current` reads a note by its path."""
        for name in names_in(self._folder):
            if is_unfinished(name):
                self._remove(name)
            elif name.endswith(_PENDING):
                change = self._load(name)
                if change is not None and _is_made(change, current):
                    self._rename(name, name.removesuffix(_PENDING) + _KEPT)
                else:
                    self._remove(name)

    def prepare(self, at: datetime, path: str, before: str | None, after: str) -> str:
        """Write down a change that is about to be made; returns a name for `keep` and `drop`."""
        number = self._latest() + 1
        change = Change(id=secrets.token_hex(4), at=at, path=path, before=before, after=after)
        name = f"{number:08d}-{change.id}"
        write_file(self._folder, name + _PENDING, change.model_dump_json().encode())
        return name

    def keep(self, name: str) -> str:
        """It was made; returns the id of the change."""
        self._rename(name + _PENDING, name + _KEPT)
        self._trim()
        return name[9:]

    def drop(self, name: str) -> None:
        """It was not made."""
        self._remove(name + _PENDING)

    @property
    def has_forgotten(self) -> bool:
        """Whether anything was ever forgotten."""
        return self._forgotten_after() is not None

    def mark_forgotten(self) -> None:
        """Something is forgotten now: what was changed before is not the latest any more."""
        number = self._latest()
        write_file(self._folder, f"{number:08d}.forgotten", b"")
        for name in names_in(self._folder):
            if _FORGOTTEN.fullmatch(name) and int(name[:8]) < number:
                self._remove(name)

    def changes(self, *, since_forgetting: bool = False) -> Iterator[Change]:
        """The changes that can be undone, the latest first; all, or those since something was forgotten."""
        after = (self._forgotten_after() or 0) if since_forgetting else 0
        for name in (name for name in reversed(self._names()) if int(name[:8]) > after):
            change = self._load(name)
            if change is not None:
                yield change

    def forget(self, fits: Callable[[Change], bool]) -> int:
        """Delete the changes that fit, and whatever cannot be read; returns how many those were."""
        gone = 0
        for name in self._names():
            change = self._load(name)
            if change is None or fits(change):
                self._remove(name)
                gone += 1
        os.fsync(self._folder)
        return gone

    def _names(self) -> list[str]:
        return [name for name in names_in(self._folder) if _NAME.fullmatch(name)]

    def _forgotten_after(self) -> int | None:
        return max((int(name[:8]) for name in names_in(self._folder) if _FORGOTTEN.fullmatch(name)), default=None)

    def _latest(self) -> int:
        return max((*(int(name[:8]) for name in self._names()), self._forgotten_after() or 0))

    def _load(self, name: str) -> Change | None:
        try:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._folder)
            with open(handle, "rb") as file:  # noqa: PTH123 - there is no path any more
                return Change.model_validate_json(file.read())
        except (OSError, ValidationError):
            log.warning("A file of the history of notes cannot be read: %s", name)
            return None

    def _rename(self, name: str, to: str) -> None:
        os.replace(name, to, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        os.fsync(self._folder)

    def _remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._folder)

    def _trim(self) -> None:
        """The latest change is always kept, however large it is."""
        left, names = _MOST_BYTES, self._names()
        for number, name in enumerate(reversed(names)):
            left -= os.stat(name, dir_fd=self._folder, follow_symlinks=False).st_size
            if number >= _MOST or (left < 0 and number > 0):
                self._remove(name)
