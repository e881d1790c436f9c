"""What an install leaves behind that comes to nothing, or is killed."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from jobs.mcp_manager.launch import HOME, SIGN_IN

_UNFINISHED = ".unfinished"
"""In the folder of a server whose install has begun, and not ended; says whether it had a home before."""
_HAD_HOME = b"had a home"


def begin(folder: Path, had_home: bool) -> None:
    """An install into the folder begins. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / _UNFINISHED).write_bytes(_HAD_HOME if had_home else b"")


def end(folder: Path) -> None:
    """It has come to a good end."""
    with suppress(OSError):  # the next sweep knows its name, and does this
        (folder / _UNFINISHED).unlink(missing_ok=True)


def sweep(servers: Path, names: Collection[str], installing: Collection[str], *, knows_all: bool) -> None:
    """Remove what a killed install has left; and what is nobody's, where all `names` of servers are known."""
    for folder in servers.iterdir() if servers.is_dir() else ():
        unfinished = folder / _UNFINISHED
        if folder.name in names:
            unfinished.unlink(missing_ok=True)
        elif folder.name not in installing:
            if unfinished.is_file():
                drop(folder, keep_home=unfinished.read_bytes() == _HAD_HOME)
            elif knows_all:
                shutil.rmtree(folder, ignore_errors=True)


def drop(folder: Path, *, keep_home: bool) -> None:
    """Take away what an install has left, but not what a server of that name has kept before."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if keep_home and path.name in (HOME, SIGN_IN):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if not keep_home:
        shutil.rmtree(folder, ignore_errors=True)
