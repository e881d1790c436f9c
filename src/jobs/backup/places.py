"""What a backup holds: two folders and two files, without what can be made anew."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobs.backup.problems import BackupError
from jobs.core.settings import Settings
from jobs.core.words import backup as words

DATA, WORKSPACE = "data", "workspace"
SESSION, ENV = "telethon.session", "env"
"""The names of all four in the archive."""
OURS = ".jobs-"
"""How the names begin that backups and restores give in those folders."""
BACKUPS = "backups"
"""The folder of the nightly ones, inside DATA_DIR."""

_MADE_ANEW = {"lock", "health.sock", "tmp", "models", "plugin-trials", "releases", BACKUPS}
"""In DATA_DIR: what belongs to the running process, and what is made from the rest."""
_INDEX = "memory.sqlite"
_CACHES = {"__pycache__", "node_modules", ".venv", ".cache"}
_CACHE_TAG = "CACHEDIR.TAG"
"""Marks a folder whose content is a cache (https://bford.info/cachedir/)."""
_BESIDE_DATABASES = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything is on this machine."""

    data: Path
    workspace: Path
    session: Path
    """The file that keeps it signed in to Telegram."""
    env: Path
    """The file of settings; it need not exist."""
    data_alone: bool = False
    """Without the workspace and the files beside both folders: what a version of Jobs changes by itself."""

    @classmethod
    def of(cls, settings: Settings, env: Path) -> Places:
        """Those of the settings."""
        data, workspace = (Path(os.path.realpath(path)) for path in (settings.data_dir, settings.workspace_dir))
        return cls(data, workspace, Path(os.path.realpath(settings.tg_session_path)), env.absolute())

    @property
    def folders(self) -> tuple[tuple[str, Path], ...]:
        """The name in the archive and the folder."""
        return ((DATA, self.data),) if self.data_alone else ((DATA, self.data), (WORKSPACE, self.workspace))

    @property
    def files(self) -> tuple[tuple[str, Path], ...]:
        """The same of single files; the session's only where it is not in a folder that is taken anyway."""
        if self.data_alone:
            return ()
        inside = any(self.session.is_relative_to(folder) for _, folder in self.folders)
        return (*(() if inside else ((SESSION, self.session),)), (ENV, self.env))

    def check(self) -> None:
        """Raises BackupError when one folder is deep inside the other: neither could be replaced by itself."""
        for outer, inner in ((self.data, self.workspace), (self.workspace, self.data)):
            if inner == outer or (inner.is_relative_to(outer) and inner.parent != outer):
                raise BackupError(words.NESTED, outer=outer, inner=inner)

    def stays(self, folder: Path, name: str) -> bool:
        """Whether something directly in one of the folders is neither taken nor replaced."""
        if name.startswith(OURS) or folder / name in (self.data, self.workspace):
            return True
        return folder == self.data and (name in _MADE_ANEW or name.endswith(".pid") or name.startswith(_INDEX))


def contents(places: Places, name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Everything in a folder that is taken: its name in the archive and its path, folders before what is in them.

    Raises BackupError when a folder cannot be listed.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return  # gone since its own folder was listed
    except OSError as error:
        raise BackupError(words.UNREADABLE, path=folder, reason=error.strerror) from error
    names = {entry.name for entry in entries}
    for entry in entries:
        path = Path(entry.path)
        if places.stays(folder, entry.name) or _belongs_to_database(entry.name, names):
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name in _CACHES or (path / _CACHE_TAG).is_file():
                continue
            yield f"{name}/{entry.name}", path
            yield from contents(places, f"{name}/{entry.name}", path)
        elif _is_kept(entry):
            yield f"{name}/{entry.name}", path


def _belongs_to_database(name: str, names: set[str]) -> bool:
    return any(name.endswith(end) and name.removesuffix(end) in names for end in _BESIDE_DATABASES)


def _is_kept(entry: os.DirEntry[str]) -> bool:
    """Sockets and pipes are of the process that made them."""
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)
