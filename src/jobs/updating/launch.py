"""At the start of every command: the release that is to run takes over from what was installed by hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.core.words import updating as words
from jobs.updating.checkout import base, set_base
from jobs.updating.problems import UpdateError
from jobs.updating.state import Release, Releases

_RELEASE = "JOBS_RELEASE"
"""Tells a process that it is what is to run."""
_BASE = "JOBS_BASE"
"""Names the folder of the checkout to a release."""


def is_led() -> bool:
    """Whether this process was started as what is to run; asked once, before anything else."""
    if os.environ.pop(_RELEASE, None) is None:
        return False
    set_base(Path(os.environ.pop(_BASE, "") or base()))
    return True


def leader(data_dir: Path) -> tuple[Path, Release] | None:
    """The Python and the release that is to run instead; None when it is this one. Raises UpdateError."""
    releases = Releases(data_dir)
    state = releases.read()
    if state is None or not state.current.name:
        return None
    python = releases.python(state.current)
    if python is None:
        raise UpdateError(words.RELEASE_GONE, path=releases.path(state.current), version=state.current.version)
    return python, state.current


def become(python: str | Path, release: Release, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Go on as a release (or as the checkout) in the place of this process."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(python, [str(python), "-P", "-m", "jobs", *arguments], {**environment, **marks(release.name)})  # noqa: S606


def marks(name: str) -> dict[str, str]:
    """What a process of a release has in its environment, by which it does not look for another to lead."""
    return {_RELEASE: name, _BASE: str(base())}
