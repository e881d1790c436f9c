"""Archives that somebody has sent: unpacked by us, file by file, and never beyond the bounds."""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

from jobs.intake.bounds import MOST_BYTES, BadSource, Intake

_MOST_PACKED = 50 * 2**20
_ENDINGS = (".zip", ".skill", ".tar.gz", ".tgz", ".tar")
_CHUNK = 64 * 1024
_OVERHEAD = 2 * 2**20
"""What headers and padding of the files that are allowed may take, besides the files."""
_MOST_MEMBERS = 2000
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    NotImplementedError,
)


def is_archive(path: Path) -> bool:
    """Whether a file is called like one."""
    return path.name.lower().endswith(_ENDINGS)


def unpack(archive: Path, target: Path) -> None:
    """Unpack into a folder of ours. Raises BadSource, OSError."""
    if archive.stat().st_size > _MOST_PACKED:
        raise BadSource(f"The archive is larger than {_MOST_PACKED // 2**20} MB.")
    intake = Intake(target)
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, intake)
        else:
            with tempfile.TemporaryFile() as plain:
                _decompress(archive, plain)
                _untar(plain, intake)
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the system: gzip and bz2 say by the others that a file is damaged
        raise BadSource(
            f"The archive cannot be read ({error}). It must be a .zip or .tar.gz without a password."
        ) from None


def _unzip(archive: Path, intake: Intake) -> None:
    with zipfile.ZipFile(archive) as packed:
        members = packed.infolist()
        if len(members) > _MOST_MEMBERS:
            raise BadSource(f"There are {len(members)} entries in it. Send the skill alone.")
        for member in members:
            mode = member.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise BadSource(f"{member.filename[:200]!r} is a link or no ordinary file: nothing of this is taken.")
            if not member.is_dir():
                with packed.open(member) as content:
                    intake.add(member.filename, content, executable=bool(mode & stat.S_IXUSR))


def _decompress(archive: Path, plain: IO[bytes]) -> None:
    """Before it is looked at: a header of a tar archive may claim any length, and is read at once."""
    with archive.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    left = MOST_BYTES + _OVERHEAD
    with gzip.open(archive) if packed else archive.open("rb") as content:
        while chunk := content.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise BadSource(f"There are more than {MOST_BYTES // 2**20} MB in it.")
            plain.write(chunk)
    plain.seek(0)


def _untar(plain: IO[bytes], intake: Intake) -> None:
    with tarfile.open(fileobj=plain, mode="r:") as packed:
        for number, member in enumerate(packed):
            if number > _MOST_MEMBERS:
                raise BadSource(f"There are more than {_MOST_MEMBERS} entries in it. Send the skill alone.")
            if member.isdir():
                continue
            content = packed.extractfile(member) if member.isreg() else None
            if content is None:
                raise BadSource(f"{member.name[:200]!r} is a link or no ordinary file: nothing of this is taken.")
            intake.add(member.name, content, executable=bool(member.mode & stat.S_IXUSR))
