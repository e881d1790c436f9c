"""Where an installation stands: releases beside each other in DATA_DIR, and one small file that says which one runs.

What was installed by hand (the checkout) is a release, too, with the name "". It is never changed; when its owner
changes it, it is what runs again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

import jobs
from jobs.core.database import migrations
from jobs.core.i18n import Phrase
from jobs.core.words import updating as words
from jobs.updating.checkout import identity
from jobs.updating.problems import UpdateError

FOLDER = "releases"
_STATE = "state.json"
_WHOLE = ".whole"
"""Written last into a release that has been built: without it, it is the rest of a build that was interrupted."""

Phase = Literal["settled", "chosen", "trying", "proving", "returning"]
"""settled: `current` runs. chosen: `other` is tried at the next start. trying: it has been started, and waits to be
let go. proving: it was well and has been let go; it has to stay so. returning: what was before comes back."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version that is installed."""

    name: str
    """Of its folder; "" for the checkout."""
    version: str
    commit: str
    schema: int
    """Of db.sqlite."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last update ended, until the owner has been told."""

    kind: Literal["updated", "returned", "rolled_back"]
    version: str
    """That runs now."""
    other: str = ""
    """The version that was tried, or that ran before."""
    why: str = ""
    """A key of `core.words.updating.REASONS`."""
    detail: str = ""
    forgetful: bool = False
    """What has been received and sent since is not known any more, and may be answered again."""
    at: float = field(default_factory=time.time)
    """Seconds since 1970: two updates may end in the same words."""


@dataclass(frozen=True, slots=True)
class State:
    """The whole file."""

    base: str
    """What the checkout was when this was written."""
    phase: Phase
    current: Release
    other: Release | None = None
    """The release that is tried; when settled, the one before."""
    snapshot: str = ""
    """A backup of the data folder, taken when `current` had ended: the name of its file."""
    outcome: Outcome | None = None


_STATES = TypeAdapter(State)


class Releases:
    """DATA_DIR/releases."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / FOLDER

    def read(self) -> State | None:
        """What is known; None when nothing was ever updated, or the checkout was changed by hand since."""
        try:
            text = (self.folder / _STATE).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UpdateError(words.STATE_UNREADABLE, path=self.folder / _STATE, reason=error.strerror) from error
        try:
            state = _STATES.validate_json(text)
        except ValidationError as error:
            raise UpdateError(
                words.STATE_UNREADABLE, path=self.folder / _STATE, reason=Phrase(words.NOT_OURS)
            ) from error
        # A git that does not answer, as at a busy start, is no sign that the checkout was changed.
        return state if identity() in ("", state.base) else None

    def refuse_beside_a_trial(self) -> None:
        """For a start that nobody watches. Raises UpdateError while a watch has the data, or a kill has ended one."""
        try:
            state = self.read()
        except UpdateError:
            return  # it was told at the start of the command
        if state is not None and state.phase not in ("settled", "chosen"):
            raise UpdateError(words.ANOTHER)

    def write(self, state: State) -> State:
        """Put it in the place of what was known: whole, or not at all. Raises UpdateError."""
        path = self.folder / _STATE
        beside = path.with_name(f".{_STATE}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with beside.open("w", encoding="utf-8") as out:
                json.dump(asdict(state), out)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise UpdateError(words.NOT_WRITTEN, path=path, reason=error.strerror) from error
        return state

    def now(self) -> State:
        """Where it stands; what was installed by hand, where nothing was ever updated. Raises UpdateError."""
        by_hand = Release("", jobs.__version__, identity(), len(migrations()))
        return self.read() or State(identity(), "settled", by_hand)

    def told(self) -> None:
        """The owner knows how the last update ended."""
        state = self.read()
        if state is not None and state.outcome is not None:
            self.write(replace(state, outcome=None))

    def path(self, release: Release) -> Path:
        """The folder of a release that was built here."""
        return self.folder / release.name

    def python(self, release: Release) -> Path | None:
        """What runs a release; None when it is not there, or not whole."""
        if not release.name:
            return None
        found = self.path(release) / ".venv" / "bin" / "python"
        return found if self.is_whole(release.name) and os.access(found, os.X_OK) else None

    def is_whole(self, name: str) -> bool:
        """Whether a release was built to its end."""
        return (self.folder / name / _WHOLE).exists()

    def mark_whole(self, name: str) -> None:
        """A release has been built to its end."""
        os.sync()
        (self.folder / name / _WHOLE).touch()

    def discard(self, name: str) -> None:
        """Remove a release; what is left of it when that is interrupted is not whole."""
        (self.folder / name / _WHOLE).unlink(missing_ok=True)
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def tidy(self, state: State) -> None:
        """Keep the release that runs and the one before, and the snapshot between them."""
        kept = {state.current.name, state.other.name if state.other else "", state.snapshot, _STATE, "lock", "code.git"}
        for entry in list(self.folder.iterdir()):
            if entry.name in kept:
                continue
            with suppress(OSError):  # it takes room, and nothing else
                if entry.is_dir() and not entry.is_symlink():
                    self.discard(entry.name)
                else:
                    entry.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Generator[None]:
        """One update at a time. Raises UpdateError while there is another."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UpdateError(words.ANOTHER) from error
            yield
        finally:
            os.close(handle)
