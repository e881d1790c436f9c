"""Encryption of a backup with a passphrase: a tar of two age files (https://age-encryption.org/v1).

`key.age` is an identity, encrypted with the passphrase; `content.age` is the backup, encrypted to that identity.
`age` itself opens them, too.
"""

from __future__ import annotations

import importlib
import io
import os
import tarfile
import threading
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from jobs.backup.problems import BackupError
from jobs.core.words import backup as words

_KEY, _CONTENT = "key.age", "content.age"
_LONGEST_KEY = 64 << 10


def _pyrage() -> Any:
    """It ships no types, and is loaded only with a passphrase."""
    return importlib.import_module("pyrage")


@contextmanager
def sealed(out: BinaryIO, passphrase: str) -> Generator[BinaryIO]:
    """What is written into it comes to `out`, which can be sought in, encrypted."""
    pyrage = _pyrage()

    identity = pyrage.x25519.Identity.generate()
    key = pyrage.passphrase.encrypt(str(identity).encode(), passphrase)
    out.write(_header(_KEY, len(key)) + key + _padding(len(key)))
    header_at = out.tell()
    out.write(_header(_CONTENT, 0))
    start = out.tell()
    with _piped(lambda source: pyrage.encrypt_io(source, out, [identity.to_public()]), "wb") as stream:
        yield stream
    end = out.tell()
    out.write(_padding(end - start) + bytes(1024))  # the end of a tar: two blocks of zeros
    out.seek(header_at)
    out.write(_header(_CONTENT, end - start))
    out.seek(0, io.SEEK_END)


@contextmanager
def opened(file: BinaryIO, path: Path, passphrase: str) -> Generator[BinaryIO]:
    """The gzipped tar inside; what is not encrypted is it. Raises BackupError when it cannot be opened."""
    magic = file.read(2)
    file.seek(0)
    if magic == b"\x1f\x8b":
        yield file
        return
    pyrage = _pyrage()

    identity, content = _unlocked(file, path, passphrase)
    with _piped(lambda target: pyrage.decrypt_io(content, target, [identity]), "rb") as stream:
        yield stream


def _unlocked(file: BinaryIO, path: Path, passphrase: str) -> tuple[Any, BinaryIO]:
    pyrage = _pyrage()

    try:
        with tarfile.open(fileobj=file, mode="r:") as outer:
            members = outer.getmembers()
            if [member.name for member in members] != [_KEY, _CONTENT]:
                raise BackupError(words.NO_BACKUP, path=path)
            key_file = outer.extractfile(members[0])
            if key_file is None or members[0].size > _LONGEST_KEY:
                raise BackupError(words.NO_BACKUP, path=path)
            key = key_file.read()
            start, size = members[1].offset_data, members[1].size
    except tarfile.TarError as error:
        raise BackupError(words.NO_BACKUP, path=path) from error
    if not passphrase:
        raise BackupError(words.LOCKED, path=path)
    try:
        text: str = pyrage.passphrase.decrypt(key, passphrase).decode()
        identity = pyrage.x25519.Identity.from_str(text)
    except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError) as error:
        raise BackupError(words.WRONG_PASSPHRASE, path=path) from error
    file.seek(start)
    return identity, cast("BinaryIO", _Part(file, size))


class _Part:
    """The next `size` bytes of a file, and then its end."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data


@contextmanager
def _piped(work: Callable[[BinaryIO], None], mode: str) -> Generator[BinaryIO]:
    """`work` has the other end, in a thread; what it raises is raised at the end. Mode "wb": it reads what we write."""
    failed: list[BaseException] = []
    reading, writing_ = os.pipe()
    theirs, ours = (reading, writing_) if mode == "wb" else (writing_, reading)

    def run() -> None:
        try:
            with os.fdopen(theirs, "rb" if mode == "wb" else "wb") as end:
                work(end)
        except BaseException as error:  # noqa: BLE001 - raised in the other thread
            failed.append(error)

    thread = threading.Thread(target=run, name="backup encryption")
    thread.start()
    try:
        with os.fdopen(ours, mode) as stream:
            yield cast("BinaryIO", stream)
    except (EOFError, BrokenPipeError, tarfile.TarError, zlib.error) as error:
        thread.join()
        raise _cause(failed) or error from error
    finally:
        thread.join()
    cause = _cause(failed)
    if cause is not None:
        raise cause


def _cause(failed: list[BaseException]) -> BaseException | None:
    """What went wrong at the other end; a system's error keeps its number, a cipher's is damage."""
    if not failed or isinstance(failed[0], BrokenPipeError):
        return None
    error = failed[0]
    return error if isinstance(error, OSError) and error.errno is not None else ValueError(str(error))


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % 512)
