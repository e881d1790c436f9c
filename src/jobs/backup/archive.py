"""The file of a backup: a gzipped tar that begins with what it is and ends with the sums of all that is in it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from pydantic import TypeAdapter, ValidationError

from jobs.backup.problems import BackupError
from jobs.backup.sealing import opened, sealed
from jobs.core.words import backup as words

FORMAT = 1
_FIRST, _LAST = "backup.json", "sums.json"
_PIECE = 1 << 20
_LONGEST_PART = 64 << 20
"""Bytes that the two of ours may have."""


@dataclass(frozen=True, slots=True)
class About:
    """What a backup says of itself."""

    format: int
    version: str
    """Of Jobs."""
    schema: int
    """Of db.sqlite."""
    created: str
    """ISO 8601, UTC."""


class Digest(Protocol):
    """A hash that is being computed."""

    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


_ABOUT = TypeAdapter(About)


class ArchiveWriter:
    """Takes members one after the other; made by `writing`."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.sums: dict[str, str] = {}

    def add(self, member: tarfile.TarInfo, content: BinaryIO | None = None) -> None:
        """Add a folder, a link, or a file with as many bytes as the member says."""
        digest = hashlib.sha256()
        if content is None:
            self._tar.addfile(member)
        else:
            self._tar.addfile(member, cast("BinaryIO", _Hashed(content, digest)))
        self.sums[member.name] = _sum_of(member, digest)

    def add_json(self, name: str, text: bytes) -> None:
        """Add one of the two members that are ours."""
        member = tarfile.TarInfo(name)
        member.size = len(text)
        self._tar.addfile(member, io.BytesIO(text))


@contextmanager
def writing(out: BinaryIO, about: About, passphrase: str) -> Generator[ArchiveWriter]:
    """Write an archive to `out`, which can be sought in; encrypted if there is a passphrase. Raises OSError."""
    with (
        sealed(out, passphrase) if passphrase else nullcontext(out) as stream,
        gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=3, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT, errorlevel=2) as tar,
    ):
        writer = ArchiveWriter(tar)
        writer.add_json(_FIRST, _ABOUT.dump_json(about))
        yield writer
        writer.add_json(_LAST, json.dumps(writer.sums).encode())  # escapes names that are no text


def read(path: Path, passphrase: str, take: Callable[[tarfile.TarInfo, BinaryIO | None], None]) -> About:
    """Read an archive from its beginning to its end, and hand every member to `take`, which may leave it unread.

    Raises BackupError when it is damaged, newer than this program, not ours, or the passphrase does not open it.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupError(words.NOT_READ, path=path, reason=error.strerror) from error
    try:
        with file, opened(file, path, passphrase) as stream:
            with gzip.GzipFile(fileobj=stream) as packed:
                about = _read(packed, path, take)
                while packed.read(_PIECE):  # gzip's own sum stands at the very end
                    pass
            return about
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise BackupError(words.DAMAGED, path=path, reason=error) from error


def _read(packed: gzip.GzipFile, path: Path, take: Callable[[tarfile.TarInfo, BinaryIO | None], None]) -> About:
    about: About | None = None
    sums: dict[str, str] | None = None
    found: dict[str, str] = {}
    with tarfile.open(fileobj=packed, mode="r|") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if sums is not None:
                raise ValueError(f"{member.name!r} stands after the end")
            if about is None:
                about = _about(member, content, path)
            elif member.name == _LAST:
                sums = cast("dict[str, str]", json.loads(_small(member, content)))
            else:
                found[member.name] = _taken(member, cast("BinaryIO | None", content), take)
    if about is None or sums != found:
        raise ValueError("what is in it is not what was put in")
    return about


def _about(member: tarfile.TarInfo, content: object, path: Path) -> About:
    if member.name != _FIRST:
        raise BackupError(words.NO_BACKUP, path=path)
    try:
        about = _ABOUT.validate_json(_small(member, content))
    except ValidationError as error:
        raise BackupError(words.NO_BACKUP, path=path) from error
    if about.format > FORMAT:
        raise BackupError(words.NEWER, path=path, version=about.version)
    return about


def _small(member: tarfile.TarInfo, content: object) -> bytes:
    if content is None or member.size > _LONGEST_PART:
        raise ValueError(f"{member.name!r} is not what it should be")
    return cast("BinaryIO", content).read()


def _taken(
    member: tarfile.TarInfo, content: BinaryIO | None, take: Callable[[tarfile.TarInfo, BinaryIO | None], None]
) -> str:
    digest = hashlib.sha256()
    if content is None:
        take(member, None)
    else:
        hashed = cast("BinaryIO", _Hashed(content, digest))
        take(member, hashed)
        while hashed.read(_PIECE):
            pass
    return _sum_of(member, digest)


class _Hashed:
    """Reads on, and has seen every byte."""

    def __init__(self, source: BinaryIO, digest: Digest) -> None:
        self._source, self._digest = source, digest

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._digest.update(data)
        return data


def _sum_of(member: tarfile.TarInfo, digest: Digest) -> str:
    """Of what it is as well: a link is its target."""
    digest.update(f"\0{member.type!r}\0{member.mode:o}\0{member.linkname}".encode(errors="surrogateescape"))
    return digest.hexdigest()


def members(
    path: Path, passphrase: str, tell: Callable[[str], None] = lambda _: None
) -> tuple[About, list[tarfile.TarInfo]]:
    """What is in an archive, all of it read and its sums compared. Raises BackupError, see `read`."""
    found: list[tarfile.TarInfo] = []

    def take(member: tarfile.TarInfo, _: BinaryIO | None) -> None:
        tell(member.name)
        found.append(member)

    about = read(path, passphrase, take)
    return about, found
