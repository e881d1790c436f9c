"""Folders compared by what is in them."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path

INCIDENTAL = frozenset({"__pycache__", ".DS_Store"})
"""What the system leaves in folders by itself: no edit of the owner's."""


def is_there(path: Path) -> bool:
    """Whether there is anything under this name, be it a link into nowhere."""
    return path.exists() or path.is_symlink()


def digest(folder: Path, *, modes: bool = False) -> str:
    """A digest of all that is in a folder, names and contents; of anything else than a folder, none that fits.

    `modes`: also of which files can be run.
    """
    if folder.is_symlink() or not folder.is_dir():
        return ""
    total = hashlib.sha256()
    for path in files(folder):
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        runs = "x" if modes and path.stat().st_mode & stat.S_IXUSR else ""
        total.update(f"{path.relative_to(folder).as_posix()}\0{runs}{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def files(folder: Path) -> Iterator[Path]:
    """The files and links in a folder, in order, without what the system leaves there."""
    for path in sorted(folder.rglob("*")):
        if not INCIDENTAL.intersection(path.relative_to(folder).parts) and (path.is_symlink() or path.is_file()):
            yield path
