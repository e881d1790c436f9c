"""Folders that are moved whole or not at all, and seen to change."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from jobs.intake.trees import INCIDENTAL, is_there
from jobs.skill_manager.manifest import FILE

_BESIDE, _NEW, _OLD = ".new-skills", "new", "old"
_MOST_WATCHED = 500
ON, OFF = "skills", "skills-off"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the skills of a workspace are: what Claude's CLI finds, and beside it what is switched off."""

    on: Path

    @property
    def off(self) -> Path:
        """Those that are switched off."""
        return self.on.parent / OFF

    def of(self, name: str) -> Path:
        """Where the skill of that name is; where it would be, if there is none."""
        return self.off / name if not is_there(self.on / name) and is_there(self.off / name) else self.on / name

    def take_in(self, source: Path, target: Path) -> None:
        """Copy a folder into the place of `target`, which goes: whole or not at all, a kill in the midst included."""
        # Beside the target, not above it: either place may be a file system of its own, which nothing is renamed into.
        beside = target.parent / _BESIDE
        shutil.rmtree(beside / _NEW, ignore_errors=True)
        shutil.copytree(source, beside / _NEW, symlinks=True, ignore=shutil.ignore_patterns(*INCIDENTAL))
        old = beside / _OLD / target.name
        if is_there(target):
            old.parent.mkdir(parents=True, exist_ok=True)
            target.rename(old)
        (beside / _NEW).rename(target)
        shutil.rmtree(beside, ignore_errors=True)

    def move(self, folder: Path, target: Path) -> None:
        """Have a skill at `target` instead. A kill in the midst leaves it at one of the two or at both, whole."""
        target.parent.mkdir(parents=True, exist_ok=True)
        if folder.is_symlink():
            target.symlink_to(folder.readlink())
            folder.unlink()
            return
        self.take_in(folder, target)
        beside = folder.parent / _BESIDE
        beside.mkdir(exist_ok=True)
        folder.rename(beside / folder.name)
        shutil.rmtree(beside, ignore_errors=True)

    def recover(self) -> None:
        """Put back what was being replaced when the program was killed."""
        for place in (self.on, self.off):
            beside = place / _BESIDE
            for old in sorted((beside / _OLD).glob("*")):
                if not is_there(place / old.name):
                    old.rename(place / old.name)
            shutil.rmtree(beside, ignore_errors=True)


def fingerprint(folder: Path) -> str:
    """Of the skills in a folder as Claude's CLI sees them: another text when one comes, goes or is edited.

    Nothing is read: a look at a hundred skills takes about a millisecond. Never raises.
    """
    total = hashlib.sha256()
    try:
        names = sorted(os.listdir(folder))[:_MOST_WATCHED]  # noqa: PTH208 - names alone, and quickly
    except OSError:
        return ""
    for name in names:
        try:
            seen = (folder / name / FILE).stat()
        except (OSError, ValueError):
            continue
        total.update(f"{name}\0{seen.st_ino} {seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns}\0".encode())
    return total.hexdigest()
