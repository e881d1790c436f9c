"""What may be brought in from elsewhere: ordinary files, few and small, and none outside of its folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

MOST_FILES = 500
MOST_BYTES = 10 * 2**20
"""Of all that is brought in at once."""
_MOST_ENTRIES = 20_000
_CHUNK = 64 * 1024
_DEEPEST = 12
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come in at once, and what the refusal calls it."""

    files: int = MOST_FILES
    bytes: int = MOST_BYTES
    entries: int = _MOST_ENTRIES
    """Files and folders that are looked at."""
    what: str = "skill"


SKILL = Limits()


class BadSource(Exception):
    """What is to be brought in is not fit for it; the message says why, and what to do."""


class Intake:
    """Writes files into a folder of ours until there are too many of them."""

    def __init__(self, folder: Path, limits: Limits = SKILL) -> None:
        self._folder = folder
        self._limits = limits
        self._files = 0
        self._left = limits.bytes

    def add(self, name: str, content: IO[bytes], *, executable: bool) -> None:
        """Write a file under a name that somebody else has chosen. Raises BadSource."""
        target = self._folder / safe_name(name)
        self._files += 1
        if self._files > self._limits.files:
            most, what = self._limits.files, self._limits.what
            raise BadSource(f"There are more than {most} files in it. Name a folder with the {what} alone.")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                while chunk := content.read(_CHUNK):
                    self._left -= len(chunk)
                    if self._left < 0:
                        raise BadSource(f"There are more than {self._limits.bytes // 2**20} MB in it.")
                    file.write(chunk)
            target.chmod(0o755 if executable else 0o644)
        except (FileExistsError, NotADirectoryError):
            raise BadSource(f"The name {name!r} is in it twice.") from None


def safe_name(name: str) -> PurePosixPath:
    """A path that stays where it is put. Raises BadSource."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not name.isprintable() or ":" in name[:2]:
        raise BadSource(f"The name {name[:_LONGEST]!r} leads out of the folder: nothing of this is taken.")
    if len(path.parts) > _DEEPEST or any(len(part.encode()) > _LONGEST for part in path.parts) or not path.parts:
        raise BadSource(f"The name {name[:_LONGEST]!r} is too long, or too deep.")
    return path


def copy_folder(source: Path, target: Path, limits: Limits = SKILL, *, without_links: bool = False) -> None:
    """Copy a folder of this machine, within the bounds. Raises BadSource, OSError.

    `without_links`: what is a link, or no ordinary file, is left out instead of refused.
    """
    intake = Intake(target, limits)
    for path in ordinary_files(source, limits, without_links=without_links):
        with path.open("rb") as content:
            executable = bool(os.fstat(content.fileno()).st_mode & stat.S_IXUSR)
            intake.add(path.relative_to(source).as_posix(), content, executable=executable)


def ordinary_files(folder: Path, limits: Limits = SKILL, *, without_links: bool = False) -> Iterator[Path]:
    """The files below a folder; links are not followed.

    Raises BadSource when there is something else, unless it is to be left out (`without_links`).
    """
    entries = 0
    for at, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__"))
        entries += len(folders) + len(names)
        if entries > limits.entries:
            raise BadSource(f"There is far too much in it. Name the folder of the {limits.what} alone.")
        for name in (*folders, *sorted(names)):
            mode = (Path(at) / name).lstat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode) and not without_links:
                shown = (Path(at) / name).relative_to(folder)
                raise BadSource(f"{shown} is a link or no ordinary file: nothing of this is taken.")
            if stat.S_ISREG(mode):
                yield Path(at) / name
