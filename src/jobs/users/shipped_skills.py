"""The skills that come with the program: copied to where the model finds them, and the owner's from then on.

A copy that the owner has edited is theirs and is left alone for good; one that they have not is kept up to date.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import TypeAdapter

import jobs

log = logging.getLogger(__name__)

SHIPPED = Path(jobs.__file__).resolve().parents[2] / "skills"
"""Where a checkout has them; a package that is installed elsewhere has none."""
_SKILL = "SKILL.md"
_RECORD = TypeAdapter(Mapping[str, str])
_INCIDENTAL = frozenset({"__pycache__", ".DS_Store"})
"""What the system leaves in folders by itself: no edit of the owner's."""


class ShippedSkills:
    """Copies the folders of `source` to `target`; the file `record` remembers a digest of what was copied."""

    def __init__(self, target: Path, record: Path, source: Path = SHIPPED) -> None:
        self._source = source
        self._target = target
        self._record = record

    def install(self) -> None:
        """Copy what is missing and refresh what is unedited. What cannot be copied is logged, and no reason to stop."""
        try:
            self._install()
        except OSError:
            log.exception("The skills of %s could not be copied to %s", self._source, self._target)

    def _install(self) -> None:
        copied = dict(self._remembered())
        for skill in sorted(path.parent for path in self._source.glob(f"*/{_SKILL}")):
            mine, fresh = self._target / skill.name, digest(skill)
            if self._is_absent(mine):
                self._copy(skill, mine)
                log.info("The skill %s is installed", skill.name)
            elif (found := digest(mine)) == fresh:
                pass
            elif found == copied.get(skill.name):
                self._copy(skill, mine)
                log.info("The skill %s is brought up to date", skill.name)
            else:
                log.info("The skill %s has been edited here and stays as it is", skill.name)
                continue
            if copied.get(skill.name) != fresh:
                copied[skill.name] = fresh
                self._remember(copied)

    @staticmethod
    def _is_absent(folder: Path) -> bool:
        return not folder.exists() and not folder.is_symlink()

    def _copy(self, skill: Path, mine: Path) -> None:
        """Whole or not at all: the copy is made beside the skills and moved into its place."""
        beside = self._target.parent / ".new-skills"
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(skill, beside / "new", ignore=shutil.ignore_patterns(*_INCIDENTAL))
        self._target.mkdir(parents=True, exist_ok=True)
        if mine.exists():
            mine.rename(beside / "old")
        (beside / "new").rename(mine)
        shutil.rmtree(beside, ignore_errors=True)

    def _remembered(self) -> Mapping[str, str]:
        try:
            return _RECORD.validate_json(self._record.read_bytes())
        except (OSError, ValueError):
            return {}

    def _remember(self, copied: Mapping[str, str]) -> None:
        unfinished = self._record.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(copied, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        unfinished.replace(self._record)


def digest(folder: Path) -> str:
    """A digest of all that is in a folder, names and contents; of anything else than a folder, none that fits."""
    if folder.is_symlink() or not folder.is_dir():
        return ""
    total = hashlib.sha256()
    for path in _files(folder):
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        total.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if not _INCIDENTAL.intersection(path.relative_to(folder).parts) and (path.is_symlink() or path.is_file()):
            yield path
