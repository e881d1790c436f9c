"""Notes on the disk: read without following links, replaced whole, and never over somebody else's change."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jobs.core.words import memory as words
from jobs.memory.paths import FOLDER, HISTORY, NotePath, shown_path
from jobs.memory.problems import NoteError, of_system

LARGEST = 1_000_000
"""Bytes of a note that we read or write."""
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_UNFINISHED = ".jobs-"
_LOCK = "lock"
_LOCK_SECONDS = 10.0
_FRESH_SECONDS = 0.15
"""A file that has changed so recently may be half written: editors truncate first, and write then."""
_SETTLING_SECONDS = 2.0
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Content:
    """A note as it was read: enough to tell whether it is still the same."""

    text: str
    stamp: tuple[int, int, int, int]
    """Inode, size, and the times of the last change, in nanoseconds."""
    mode: int
    owner: tuple[int, int]


class NoteFiles:
    """The files below one workspace. Every method may block, and raises NoteError where the system refuses."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._ours: dict[NotePath, tuple[int, int, int, int]] = {}

    # ---- reading ----

    def read(self, path: NotePath) -> Content | None:
        """A note; None where there is none."""
        try:
            with self.folder(path[:-1]) as folder:
                return self._read(folder, path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._explain(path, error) from error

    def read_to_change(self, path: NotePath) -> Content | None:
        """The same, once nobody seems to be in the middle of writing it. Raises NoteError also where it is locked."""
        content, deadline = self.read(path), time.monotonic() + _SETTLING_SECONDS
        while content is not None and content.stamp != self._ours.get(path) and _is_fresh(content):
            if time.monotonic() > deadline:
                raise NoteError(shown_path(path), words.BUSY)
            time.sleep(_LOOK_SECONDS)
            content = self.read(path)
        if content is not None:
            self._check_writable(path, content)
        return content

    def _read(self, folder: int, path: NotePath) -> Content:
        name = path[-1]
        # What is no file (a pipe) would keep its reader waiting for ever.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(name, flags, dir_fd=folder)
        with open(handle, "rb") as file:  # noqa: PTH123 - there is no path any more
            status = os.fstat(handle)
            if stat.S_ISDIR(status.st_mode):
                raise NoteError(shown_path(path), words.A_FOLDER)
            if not stat.S_ISREG(status.st_mode):
                raise NoteError(shown_path(path), words.NO_FILE)
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise NoteError(shown_path(path), words.TOO_LARGE, most=LARGEST // 1_000_000)
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise NoteError(shown_path(path), words.NOT_TEXT) from error
        if "\0" in text:
            raise NoteError(shown_path(path), words.NOT_TEXT)
        return Content(text, _stamp(status), stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid))

    def _check_writable(self, path: NotePath, content: Content) -> None:
        try:
            with self.folder(path[:-1]) as folder:
                if not content.mode & 0o222 or not os.access(path[-1], os.W_OK, dir_fd=folder):
                    raise NoteError(shown_path(path), words.READ_ONLY)
                handle = os.open(path[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise NoteError(shown_path(path), words.LOCKED) from error
                finally:
                    os.close(handle)
        except FileNotFoundError:
            return  # whoever writes it notices
        except OSError as error:
            raise self._explain(path, error) from error

    # ---- writing ----

    def replace(self, path: NotePath, before: Content | None, text: str) -> bool:
        """Put `text` in the place of what was read (None: nothing was there); False where that has changed since."""
        data = text.encode()
        if len(data) > LARGEST:
            raise NoteError(shown_path(path), words.TOO_LARGE, most=LARGEST // 1_000_000)
        try:
            with self.folder(path[:-1], create=True) as folder:
                unfinished = _write_beside(folder, data, before)
                try:
                    if not self._is_still(folder, path, before):
                        return False
                    if before is None:
                        _put_new(folder, unfinished, path[-1])
                    else:
                        os.replace(unfinished, path[-1], src_dir_fd=folder, dst_dir_fd=folder)
                except FileExistsError:
                    return False
                finally:
                    _remove(folder, unfinished)
                os.fsync(folder)
                self._ours[path] = _stamp(os.stat(path[-1], dir_fd=folder, follow_symlinks=False))
        except OSError as error:
            raise self._explain(path, error) from error
        return True

    def remove(self, path: NotePath, before: Content) -> bool:
        """Delete a note; False where it has changed since it was read."""
        try:
            with self.folder(path[:-1]) as folder:
                if not self._is_still(folder, path, before):
                    return False
                os.unlink(path[-1], dir_fd=folder)
                os.fsync(folder)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._explain(path, error) from error
        return True

    def remove_folder(self, path: NotePath, otherwise: str) -> None:
        """Delete a folder with the empty ones in it; where files are left in it, it is called `otherwise` from now."""
        try:
            with self.folder(path[:-1]) as folder:
                for _, inner, _, handle in os.fwalk(path[-1], topdown=False, dir_fd=folder):
                    for name in inner:
                        with contextlib.suppress(OSError):
                            os.rmdir(name, dir_fd=handle)
                try:
                    os.rmdir(path[-1], dir_fd=folder)
                except OSError as error:
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
                    os.rename(path[-1], otherwise, src_dir_fd=folder, dst_dir_fd=folder)
                os.fsync(folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._explain(path, error) from error

    def _is_still(self, folder: int, path: NotePath, before: Content | None) -> bool:
        try:
            return self._read(folder, path) == before
        except FileNotFoundError:
            return before is None

    # ---- folders and the lock ----

    @contextmanager
    def folder(self, parts: NotePath, *, create: bool = False, mode: int = 0o777) -> Generator[int]:
        """A handle of a folder, reached without following a link below the workspace. Raises OSError."""
        handle = os.open(self._workspace, _FOLDER_FLAGS & ~os.O_NOFOLLOW)
        try:
            for part in parts:
                if create:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, mode, dir_fd=handle)
                inner = os.open(part, _FOLDER_FLAGS, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def locked(self) -> Generator[int]:
        """Keep our other processes and threads from changing notes; holds a handle of the folder of the history."""
        path = (FOLDER, HISTORY)
        try:
            with self.folder(path[:-1], create=True), self.folder(path, create=True, mode=0o700) as folder:
                flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                handle = os.open(_LOCK, flags, 0o600, dir_fd=folder)
                try:
                    _wait_for_lock(handle)
                    yield folder
                finally:
                    os.close(handle)
        except OSError as error:
            raise self._explain(path, error) from error

    def sweep(self, parts: NotePath) -> None:
        """Delete what writers that were killed have left in a folder; only while locked."""
        with contextlib.suppress(OSError), self.folder(parts) as folder:
            for name in names_in(folder):
                if is_unfinished(name):
                    _remove(folder, name)

    def folders(self) -> Iterator[NotePath]:
        """Every folder in which we may have written."""
        yield ()
        for folder, _, _ in os.walk(self._workspace / FOLDER):
            yield Path(folder).relative_to(self._workspace).parts

    def _explain(self, path: NotePath, error: OSError) -> NoteError:
        if isinstance(error, BlockingIOError):
            return NoteError(shown_path(path), words.BUSY)
        if error.errno == errno.ENOTDIR and not self._goes_through_a_link(path):
            return NoteError(shown_path(path), words.REFUSED, reason=error.strerror)
        return of_system(shown_path(path), error)

    def _goes_through_a_link(self, path: NotePath) -> bool:
        return any(self._workspace.joinpath(*path[: number + 1]).is_symlink() for number in range(len(path)))


def names_in(folder: int) -> list[str]:
    """What is in a folder. Raises OSError."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def is_unfinished(name: str) -> bool:
    """Whether a file of this name is one that was being written."""
    return name.startswith(_UNFINISHED) and name.endswith(".tmp")


def write_file(folder: int, name: str, data: bytes) -> None:
    """A file of our own, whole or not at all. Raises OSError."""
    unfinished = _write_beside(folder, data, None, mode=0o600)
    try:
        os.replace(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        _remove(folder, unfinished)
    os.fsync(folder)


def _write_beside(folder: int, data: bytes, before: Content | None, *, mode: int = 0o666) -> str:
    name = f"{_UNFINISHED}{secrets.token_hex(8)}.tmp"
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folder)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - there is no path
            file.write(data)
            file.flush()
            if before is not None:
                with contextlib.suppress(PermissionError):
                    os.fchown(handle, *before.owner)
                os.fchmod(handle, before.mode)
            os.fsync(handle)
    except OSError:
        _remove(folder, name)
        raise
    return name


def _put_new(folder: int, unfinished: str, name: str) -> None:
    """Raises FileExistsError where somebody else has made the file meanwhile."""
    try:
        os.link(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # a disk that knows no second names
        os.replace(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)


def _remove(folder: int, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _wait_for_lock(handle: int) -> None:
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_SECONDS)
        else:
            return


def _stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _is_fresh(content: Content) -> bool:
    return abs(time.time() - content.stamp[2] / 1e9) < _FRESH_SECONDS
