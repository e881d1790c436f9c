"""What skills were before they were edited, replaced or deleted: kept aside for a while, to be brought back."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

_MOST = 20
_MOST_BYTES = 100 * 2**20


@dataclass(frozen=True, slots=True)
class Kept:
    """The last 20 of them, 100 MB in all, in a folder of ours; the oldest go first."""

    folder: Path

    def copy(self, skill: Path) -> None:
        """Keep what it is now. Raises OSError."""
        shutil.copytree(skill, self._place(skill.name), symlinks=True)
        self._tidy()

    def move(self, skill: Path) -> None:
        """Take it away from where it is. Raises OSError."""
        shutil.move(skill, self._place(skill.name))
        self._tidy()

    def latest(self, name: str) -> Path | None:
        """What the skill was last; None when nothing is kept of it."""
        return next((path for path in reversed(self._all()) if path.name.split("-", 1)[1] == name), None)

    def names(self) -> list[str]:
        """The skills of which something is kept."""
        return sorted({path.name.split("-", 1)[1] for path in self._all()})

    def _place(self, name: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.folder / f"{time.time_ns():020d}-{name}"

    def _all(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*-*")) if self.folder.is_dir() else []

    def _tidy(self) -> None:
        """What was kept last stays, however large it is: it was promised a moment ago."""
        left = _MOST_BYTES
        for number, path in enumerate(reversed(self._all())):
            left -= _size(path)
            if number and (number >= _MOST or left < 0):
                if path.is_symlink():
                    path.unlink()
                else:
                    shutil.rmtree(path, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*")) if not folder.is_symlink() else 0
