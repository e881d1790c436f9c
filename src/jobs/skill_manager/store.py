"""The owner's skills on the disk. Everything here reads and writes files: call it from a thread, one call at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs.intake.trees import files, is_there
from jobs.skill_manager.folders import Places
from jobs.skill_manager.kept import Kept
from jobs.skill_manager.manifest import FILE, MOST_BYTES, BadManifest, Manifest, parse, problems, render
from jobs.skill_manager.shipped import ShippedSkills, State


class SkillProblem(Exception):
    """What was asked for cannot be done; the message tells the model why, and what to do."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A skill, as far as it can be read."""

    name: str
    description: str
    enabled: bool
    shipped: State | None
    """None: it is the owner's own."""
    wrong: Sequence[str] = ()
    """Why Claude's CLI does not take it."""


@dataclass(frozen=True, slots=True)
class SkillStore:
    """Those that Claude's CLI finds, those that are switched off, and what they were before."""

    places: Places
    kept: Kept
    shipped: ShippedSkills

    def list(self) -> Sequence[Listed]:
        """All of them, by name."""
        return sorted((self._listed(folder) for folder in self._folders()), key=lambda skill: skill.name)

    def one(self, name: str) -> Listed:
        """One of them. Raises SkillProblem."""
        return self._listed(self.folder(name))

    def folder(self, name: str) -> Path:
        """Where it is. Raises SkillProblem when it is not."""
        wanted = name.strip().casefold()
        there = list(self._folders())
        for folder in there:
            if folder.name.casefold() == wanted:
                return folder
        known = ", ".join(sorted(folder.name for folder in there)) or "none yet"
        raise SkillProblem(f"There is no skill {name[:80]!r}. There are: {known}.")

    def text(self, name: str) -> str:
        """Its SKILL.md, as it stands. Raises SkillProblem."""
        return _read(self.folder(name))

    def files(self, name: str) -> Sequence[Path]:
        """What else is in it, by the path from its folder."""
        folder = self.folder(name)
        return [path.relative_to(folder) for path in files(folder) if path != folder / FILE]

    def create(self, manifest: Manifest) -> Path:
        """Add a skill. Raises SkillProblem when it is not right, or there is one of that name."""
        _check(manifest, manifest.name)
        target = self.places.of(manifest.name)
        if is_there(target):
            raise SkillProblem(
                f"There is a skill {manifest.name} already: change it with skill_edit, or take another name."
            )
        staged = self.kept.folder.parent / "new" / manifest.name
        staged.mkdir(parents=True, exist_ok=True)
        _write(staged / FILE, render(manifest))
        self.places.take_in(staged, target)
        _remove(staged)
        return target

    def change(self, name: str, manifest: Manifest) -> None:
        """Replace the SKILL.md of a skill, and keep what it was. Raises SkillProblem."""
        folder = self._ours(name)
        _check(manifest, folder.name)
        self.kept.copy(folder)
        _write(folder / FILE, render(manifest))

    def switch(self, name: str, *, on: bool) -> None:
        """Have Claude's CLI find a skill, or not. Raises SkillProblem."""
        folder = self.folder(name)
        target = (self.places.on if on else self.places.off) / folder.name
        if folder != target:
            self.places.move(folder, target)

    def delete(self, name: str) -> None:
        """Take a skill away; `bring_back` undoes it. Raises SkillProblem."""
        folder = self.folder(name)
        self.shipped.delete(folder.name)
        self.kept.move(folder)

    def bring_back(self, name: str) -> None:
        """Have a skill as it was before it was last edited, replaced or deleted. Raises SkillProblem."""
        before = self.kept.latest(name)
        if before is None:
            raise SkillProblem(
                f"Nothing is kept of a skill {name[:80]!r}. Of these there is: {_names(self.kept.names())}."
            )
        target = self.places.of(name)
        self.replace(before, target)
        _remove(before)
        self.shipped.bring_back(name)

    def take_shipped(self, name: str) -> None:
        """Have the version that comes with the program. Raises SkillProblem."""
        if not self.shipped.ships(name):
            raise SkillProblem(f"No skill {name[:80]!r} comes with the program.")
        target = self.places.of(name)
        if is_there(target):
            self.kept.copy(self._ours(name))
        self.shipped.take(name)

    def replace(self, source: Path, target: Path) -> None:
        """Copy a folder into the place of a skill; what stands there is kept aside."""
        if is_there(target):
            self.kept.copy(self._ours(target.name))
        self.places.take_in(source, target)

    def _folders(self) -> Iterator[Path]:
        seen: set[str] = set()
        for place in (self.places.on, self.places.off):
            for path in sorted(place.iterdir()) if place.is_dir() else ():
                if path.name not in seen and (path.is_symlink() or path.is_dir()) and not path.name.startswith("."):
                    seen.add(path.name)
                    yield path

    def _listed(self, folder: Path) -> Listed:
        enabled, shipped = folder.parent == self.places.on, self.shipped.state(folder.name)
        try:
            manifest = parse(_read(folder))
        except (SkillProblem, BadManifest) as error:
            return Listed(folder.name, "", enabled, shipped, [str(error)])
        wrong = problems(manifest, folder.name)
        return Listed(folder.name, manifest.description, enabled, shipped, wrong)

    def _ours(self, name: str) -> Path:
        folder = self.folder(name)
        if folder.is_symlink():
            raise SkillProblem(f"{folder} is a link, so it is not changed here: change {folder.resolve()} itself.")
        return folder


def _check(manifest: Manifest, folder: str) -> None:
    wrong = list(problems(manifest, folder))
    if not wrong:
        try:
            parse(render(manifest))
        except BadManifest as error:
            wrong.append(str(error))
    if wrong:
        raise SkillProblem("\n".join(wrong))


def _read(folder: Path) -> str:
    try:
        with (folder / FILE).open("rb") as file:
            return file.read(MOST_BYTES + 1).decode()
    except FileNotFoundError:
        raise SkillProblem(f"{folder.name} has no {FILE}.") from None
    except OSError as error:
        raise SkillProblem(f"The {FILE} of {folder.name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SkillProblem(
            f"The {FILE} of {folder.name} is no UTF-8 text, or has more than {MOST_BYTES} bytes."
        ) from None


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.new")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
    folder.rmdir()


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
