"""Copies skills from another workspace: each whole or not at all, and never over one that is there."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobs.cli.import_report import Report
from jobs.core.i18n import Words
from jobs.core.words import importing as words
from jobs.memory.files import NoteFiles
from jobs.memory.problems import NoteError, of_system

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_HEAD = re.compile(r"\ufeff?---\r?\n(.*?)\r?\n---", re.DOTALL)
_MOST_BYTES, _MOST_FILES = 5_000_000, 200


@dataclass(frozen=True, slots=True)
class _File:
    parts: tuple[str, ...]
    """From the skill's folder."""
    data: bytes
    executable: bool


class _Unfit(Exception):
    def __init__(self, why: Words, **values: object) -> None:
        super().__init__(why.en)
        self.why = why
        self.values = values


def import_skills(source: NoteFiles, folder: Path, target: Path, report: Report) -> None:
    """Copy what fits; `folder` is that of the skills below the workspace of `source`."""
    if folder.is_symlink() or not folder.is_dir():
        report.left(folder.name, words.LINK if folder.is_symlink() else words.OF_THE_OTHER)
        return
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        name = f"{folder.name}/{entry.name}"
        try:
            if entry.is_symlink() or not entry.is_dir(follow_symlinks=False):
                raise _Unfit(words.LINK if entry.is_symlink() else words.OF_THE_OTHER)
            _import(source, folder, entry.name, target, report)
        except _Unfit as error:
            report.left(name, error.why, **error.values)
        except NoteError as error:
            report.failed(name, error)
        except OSError as error:
            report.failed(name, of_system(name, error))


def _import(source: NoteFiles, folder: Path, name: str, target: Path, report: Report) -> None:
    if not _NAME.fullmatch(name):
        raise _Unfit(words.SKILL_NAME)
    shown, goal = f"{folder.name}/{name}", f".claude/skills/{name}"
    files = list(_files(source, folder, name, report))
    head = next((_HEAD.match(f.data.decode(errors="replace")) for f in files if f.parts == ("SKILL.md",)), None)
    if head is None or not all(re.search(rf"^{key}:\s*\S", head[1], re.MULTILINE) for key in ("name", "description")):
        raise _Unfit(words.SKILL_UNNAMED)
    mine = target / name
    if os.path.lexists(mine):
        if not all(_is_there(mine, file) for file in files):
            raise _Unfit(words.SKILL_TAKEN)
        report.taken(shown, goal, 0, new=False)
        return
    if not report.dry_run:
        _copy(files, mine)
    report.taken(shown, goal, len(files), new=True)
    report.remark(words.ABOUT_SKILLS)


def _files(source: NoteFiles, folder: Path, name: str, report: Report) -> Iterator[_File]:
    left, count = _MOST_BYTES, 0
    top = folder / name
    for place, folders, names in os.walk(top):
        parts = Path(place).relative_to(top).parts
        for inner in [*folders]:
            if (Path(place) / inner).is_symlink() or inner in (".git", "node_modules", "__pycache__"):
                folders.remove(inner)
                is_link = (Path(place) / inner).is_symlink()
                report.left("/".join((folder.name, name, *parts, inner)), words.LINK if is_link else words.OF_THE_OTHER)
        for inner in sorted(names):
            path = (*parts, inner)
            with source.folder((folder.name, name, *parts)) as handle:
                file = _read(handle, path, left)
            if file is None:
                report.left("/".join((folder.name, name, *path)), words.LINK)
                continue
            left, count = left - len(file.data), count + 1
            if left < 0 or count > _MOST_FILES:
                raise _Unfit(words.SKILL_LARGE, megabytes=_MOST_BYTES // 1_000_000, files=_MOST_FILES)
            yield file


def _read(folder: int, path: tuple[str, ...], most: int) -> _File | None:
    """A file; None for a link or what is no file."""
    if not stat.S_ISREG(os.stat(path[-1], dir_fd=folder, follow_symlinks=False).st_mode):
        return None
    handle = os.open(path[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with open(handle, "rb") as file:  # noqa: PTH123 - there is no path any more
        return _File(path, file.read(most + 1), bool(os.fstat(handle).st_mode & 0o100))


def _is_there(folder: Path, file: _File) -> bool:
    path = folder.joinpath(*file.parts)
    return path.is_file() and path.stat().st_size == len(file.data) and path.read_bytes() == file.data


def _copy(files: list[_File], mine: Path) -> None:
    """The copy is made beside the skills and moved into its place."""
    beside = mine.parent.parent / ".new-import"
    shutil.rmtree(beside, ignore_errors=True)
    for file in files:
        path = beside.joinpath(*file.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        path.chmod(0o755 if file.executable else 0o644)
    mine.parent.mkdir(parents=True, exist_ok=True)
    beside.rename(mine)
