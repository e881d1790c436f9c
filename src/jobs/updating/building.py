"""Builds a release beside the one that runs, and tries on copies whether it would do."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path, PurePath

from pydantic import BaseModel, TypeAdapter, ValidationError

from jobs.backup.making import make_backup
from jobs.backup.places import BACKUPS, Places
from jobs.core.i18n import Phrase, Words
from jobs.core.settings import Settings
from jobs.core.words import updating as words
from jobs.updating.checkout import CODE
from jobs.updating.launch import marks
from jobs.updating.problems import UpdateError
from jobs.updating.source import Candidate, Source
from jobs.updating.state import Release, Releases

_BUILD_SECONDS = 1800
_CHECK_SECONDS = 300
_ROOM = 2 << 30
"""Bytes that a release may need, its packages among them."""
_PINNED = re.compile(r"^([\w.-]+)==([\w.+!-]+)", re.MULTILINE)
Tell = Callable[[Words], None]


class Finding(BaseModel):
    """One line of `jobs doctor --json`."""

    name: str
    ok: bool
    detail: str = ""


class Checked(BaseModel):
    """What `jobs check-data` says."""

    version: str
    schema_number: int


_FINDINGS = TypeAdapter(list[Finding])


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes a release of a candidate. `environment`: what programs of ours are run with, the secrets included."""

    settings: Settings
    env_file: Path
    releases: Releases
    source: Source
    environment: Mapping[str, str]
    tell: Tell

    def build(self, candidate: Candidate) -> Release:
        """Do all that can be done while the old version runs. Raises UpdateError and BackupError; nothing changed."""
        folder = self.settings.data_dir
        if shutil.disk_usage(folder).free < _ROOM:
            raise UpdateError(words.NO_ROOM, path=folder, need=_ROOM >> 30)
        self.tell(words.MAKING_BACKUP)
        back_up(self.settings, self.env_file)
        if not self.releases.is_whole(candidate.name):
            self._make(candidate)
        self.tell(words.CHECKING)
        python = self.releases.folder / candidate.name / ".venv" / "bin" / "python"
        checked = self._try_on_copy(python, candidate)
        self._ask_doctors(python, candidate)
        return Release(candidate.name, checked.version, candidate.commit, checked.schema_number)

    def _make(self, candidate: Candidate) -> None:
        self.tell(words.FETCHING)
        target = self.releases.folder / candidate.name
        self.releases.discard(candidate.name)  # what an interrupted build has left
        self.source.export(candidate, target)
        self.tell(words.INSTALLING)
        outside = self._without_secrets()
        environment = (sys.executable, "-m", "venv", "--without-pip", ".venv")
        _run(environment, target, outside, candidate, _BUILD_SECONDS)
        if not seed(target):
            _run((target / ".venv/bin/python", "-m", "ensurepip"), target, outside, candidate, _BUILD_SECONDS)
        script = ("sh", "scripts/bootstrap.sh", "locks/run.lock")
        _run(script, target, outside | {"VENV": ".venv"}, candidate, _BUILD_SECONDS)
        driver = target / "scripts" / "fetch_playwright.sh"
        if (CODE / ".venv" / "browser" / ".ready").exists() and driver.exists():
            _run(("sh", "scripts/fetch_playwright.sh"), target, outside | {"VENV": ".venv"}, candidate, _BUILD_SECONDS)
        self.releases.mark_whole(candidate.name)

    def _without_secrets(self) -> dict[str, str]:
        """What a program gets that is not ours."""
        hidden = ("TG_", "ANTHROPIC", "CLAUDE", "OPENAI", "BACKUP_")
        return {name: value for name, value in self.environment.items() if not name.startswith(hidden)}

    def _try_on_copy(self, python: Path, candidate: Candidate) -> Checked:
        with tempfile.TemporaryDirectory(prefix=".copy-", dir=self.releases.folder) as scratch:
            copy = Path(scratch) / "db.sqlite"
            with (
                closing(sqlite3.connect(self.settings.data_dir / "db.sqlite")) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
            command = (python, "-P", "-m", "jobs", "check-data", scratch)
            environment = {**self.environment, **marks(candidate.name)}
            said = _run(command, Path.cwd(), environment, candidate, _CHECK_SECONDS, why=words.NOT_MIGRATED)
        try:
            return Checked.model_validate_json(said.splitlines()[-1])
        except (ValidationError, IndexError) as error:
            raise UpdateError(words.NOT_MIGRATED, version=candidate.version, reason=said[-300:]) from error

    def _ask_doctors(self, python: Path, candidate: Candidate) -> None:
        """What was well has to be well in the new version, too."""
        well = {finding.name for finding in self._doctor(Path(sys.executable), candidate) if finding.ok}
        ill = [finding for finding in self._doctor(python, candidate) if finding.name in well and not finding.ok]
        if ill:
            reason = "; ".join(f"{finding.name}: {finding.detail}" for finding in ill)
            raise UpdateError(words.DOCTOR, version=candidate.version, reason=reason[:600])

    def _doctor(self, python: Path, candidate: Candidate) -> Sequence[Finding]:
        command = (python, "-P", "-m", "jobs", "doctor", "--json")
        environment = {**self.environment, **marks(candidate.name)}
        said = _run(command, Path.cwd(), environment, candidate, _CHECK_SECONDS, why=words.NO_DOCTOR, codes=(0, 1))
        try:
            return _FINDINGS.validate_json(said)
        except ValidationError as error:
            raise UpdateError(words.NO_DOCTOR, version=candidate.version, reason=said[-300:]) from error


def back_up(settings: Settings, env_file: Path) -> None:
    """A backup of everything, as the owner could restore it by hand. Raises BackupError; blocks."""
    stamp = f"{datetime.now():%Y-%m-%d-%H%M%S}"  # as the other backups are named: in the owner's own time
    phrase = settings.backup_passphrase
    target = settings.data_dir / BACKUPS / f"before-update-{stamp}.backup"
    make_backup(Places.of(settings, env_file), target, phrase.get_secret_value() if phrase else "")
    for older in sorted(target.parent.glob("before-update-*.backup"))[:-3]:
        older.unlink(missing_ok=True)


def seed(target: Path) -> bool:
    """Put the packages in place that the new lock names and this installation has: what stays is not fetched again.

    And pip; whether that is there now.
    """
    wanted = {
        (_canonical(name), version)
        for lock in ("build.lock", "run.lock")
        for name, version in _PINNED.findall((target / "locks" / lock).read_text("utf-8"))
    }
    [site] = (target / ".venv" / "lib").glob("python*/site-packages")
    ours = Path(sys.prefix) / "lib" / site.parent.name / "site-packages"
    if not ours.is_dir():
        return False  # this one runs on another Python
    for (name, version), files in _packages(ours):
        for file in files if (name, version) in wanted or name == "pip" else ():
            _link(ours / file, site / file, site)
    return (site / "pip").is_dir()


def _packages(site: Path) -> Iterator[tuple[tuple[str, str], Sequence[PurePath]]]:
    """Name and version of what is installed, and its files."""
    for found in list(metadata.distributions(path=[str(site)])):
        told = found.metadata
        if told["Name"] and told["Version"]:  # else the rest of one that was removed
            yield (_canonical(told["Name"]), told["Version"]), found.files or ()


def _link(source: Path, target: Path, inside: Path) -> None:
    target = Path(os.path.normpath(target))
    if not target.is_relative_to(inside) or target.exists() or not source.is_file():
        return  # programs, which name the Python that they are for
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _run(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str],
    candidate: Candidate,
    seconds: float,
    *,
    why: Words = words.NOT_BUILT,
    codes: Sequence[int] = (0,),
) -> str:
    """What a program printed. Raises UpdateError with the end of what it complained of."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UpdateError(
            why, version=candidate.version, reason=Phrase(words.TOO_LONG, seconds=f"{seconds:.0f}")
        ) from None
    except OSError as error:
        raise UpdateError(why, version=candidate.version, reason=error.strerror or error) from error
    if done.returncode not in codes:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1][-300:] if lines else Phrase(words.EXIT_CODE, code=done.returncode)
        raise UpdateError(why, version=candidate.version, reason=reason)
    return done.stdout
