"""Makes a backup while the program runs: databases by SQLite's own backup, everything else as it is read."""

from __future__ import annotations

import errno
import io
import os
import shutil
import sqlite3
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from jobs import __version__
from jobs.backup import archive
from jobs.backup.places import DATA, OURS, SESSION, Places, contents
from jobs.backup.problems import BackupError
from jobs.core.database import migrations
from jobs.core.rich_text import visible
from jobs.core.words import backup as words

_SQLITE = b"SQLite format 3\0"
_STATE_FILE = "db.sqlite"
_STATE = f"{DATA}/{_STATE_FILE}"
_IN_MEMORY = 8 << 20
"""Bytes of a file that are read before their number is written down."""
_SECONDS_FOR_LOCK = 30.0
_NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was read again from beginning to end."""

    path: Path
    size: int
    """Bytes."""
    files: int
    passed_over: tuple[str, ...]
    """The names of files that could not be read."""


def shown_names(names: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(names) - _NAMES_SHOWN
    plain = (name.encode(errors="backslashreplace").decode().replace("\n", "⏎") for name in names[:_NAMES_SHOWN])
    return ", ".join(map(visible, plain)) + (f" (+{more})" if more > 0 else "")


def make_backup(
    places: Places, target: Path, passphrase: str = "", tell: Callable[[str], None] = lambda _: None
) -> Made:
    """Write a backup of everything to `target`, which must not exist; `tell` gets the name of each file.

    Raises BackupError; then nothing stays at `target`. Blocks for as long as it takes: run it in a thread.
    """
    places.check()
    if not (places.data / _STATE_FILE).is_file():
        raise BackupError(words.NOTHING_THERE, path=places.data)
    target = target.absolute()
    if os.path.lexists(target):
        raise BackupError(words.EXISTS, path=target)
    unfinished = target.with_name(f"{OURS}{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=f"{OURS}backup-", dir=target.parent) as scratch:
            backup = _Backup(places, Path(scratch), unfinished, target, tell)
            made = _written(backup, unfinished, passphrase)
        _, found = archive.members(unfinished, passphrase, tell)
        _put_in_place(unfinished, target)
    except FileExistsError as error:
        raise BackupError(words.EXISTS, path=target) from error
    except OSError as error:
        why = words.DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else words.NOT_WRITTEN
        raise BackupError(why, path=target, reason=error.strerror or error) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    files = sum(member.isreg() for member in found)
    return Made(target, target.stat().st_size, files, tuple(made))


def _put_in_place(unfinished: Path, target: Path) -> None:
    """Never over another. Raises OSError."""
    try:
        os.link(unfinished, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, as that of most memory sticks
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        unfinished.replace(target)


def _written(backup: _Backup, unfinished: Path, passphrase: str) -> list[str]:
    about = archive.About(
        archive.FORMAT, __version__, len(migrations()), datetime.now(UTC).isoformat(timespec="seconds")
    )
    descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w+b") as out:
        with archive.writing(out, about, passphrase) as writer:
            for name, path in backup.everything():
                backup.add(writer, name, path)
        out.flush()
        os.fsync(out.fileno())
    return backup.passed_over


class _Backup:
    def __init__(
        self, places: Places, scratch: Path, unfinished: Path, target: Path, tell: Callable[[str], None]
    ) -> None:
        self._places, self._scratch, self._tell = places, scratch, tell
        self._own = {unfinished, target, scratch}
        self.passed_over: list[str] = []

    def everything(self) -> Iterator[tuple[str, Path]]:
        """The state first: what the other files tell of has happened by then."""
        for name, path in self._places.files:
            if path.is_file():
                yield name, path
        yield _STATE, self._places.data / _STATE_FILE
        for name, folder in self._places.folders:
            yield from (
                (inner, path)
                for inner, path in contents(self._places, name, folder)
                if inner != _STATE and path not in self._own
            )

    def add(self, writer: archive.ArchiveWriter, name: str, path: Path) -> None:
        self._tell(name)
        try:
            self._add(writer, name, path)
        except FileNotFoundError:
            return  # it was there a moment ago, and belongs to a moment before the backup
        except PermissionError:
            self.passed_over.append(name)

    def _add(self, writer: archive.ArchiveWriter, name: str, path: Path) -> None:
        status = path.lstat()
        member = tarfile.TarInfo(name)
        member.mode, member.mtime = stat.S_IMODE(status.st_mode), int(status.st_mtime)
        if stat.S_ISDIR(status.st_mode):
            member.type = tarfile.DIRTYPE
            writer.add(member)
        elif stat.S_ISLNK(status.st_mode):
            member.type, member.linkname = tarfile.SYMTYPE, str(path.readlink())
            writer.add(member)
        else:
            with _no_link(path) as file:
                if file.read(len(_SQLITE)) == _SQLITE:
                    self._add_database(writer, member, path)
                else:
                    file.seek(0)
                    _add_file(writer, member, file)

    def _add_database(self, writer: archive.ArchiveWriter, member: tarfile.TarInfo, path: Path) -> None:
        copy = self._scratch / "copy.sqlite"
        copy.unlink(missing_ok=True)
        try:
            with (
                closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_SECONDS_FOR_LOCK)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
                [(verdict,)] = target.execute("PRAGMA quick_check(1)").fetchall()
                target.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            verdict = str(error)
        if verdict != "ok":
            if member.name == _STATE or path == self._places.session or member.name == SESSION:
                raise BackupError(words.DATABASE_DAMAGED, path=path, reason=verdict)
            copy.unlink(missing_ok=True)
            shutil.copyfile(path, copy)  # a file of the owner's own: as it is
        with copy.open("rb") as file:
            _add_file(writer, member, file)


def _no_link(path: Path) -> BinaryIO:
    """A file that somebody has put a link in the place of, meanwhile, is not read."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _add_file(writer: archive.ArchiveWriter, member: tarfile.TarInfo, file: BinaryIO) -> None:
    start = file.read(_IN_MEMORY)
    if len(start) < _IN_MEMORY:
        member.size = len(start)
        writer.add(member, io.BytesIO(start))
        return
    # It may grow while it is read, which is left out, or shrink, which is filled up with zeros.
    member.size = os.fstat(file.fileno()).st_size
    file.seek(0)
    writer.add(member, _Exactly(file))  # type: ignore[arg-type]


class _Exactly:
    """A file that has always as many bytes as it is asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        return data + bytes(size - len(data))
