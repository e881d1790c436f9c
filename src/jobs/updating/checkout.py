"""The place that the running code stands in, and what was installed by hand."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jobs

CODE = Path(jobs.__file__).resolve().parents[2]
"""The folder of the running code: a checkout, a release, or (in an image) nothing of the kind."""
MARK = "JOBS_UPDATE_OF"
"""In the environment of what prepares an update, and of all that it starts: the data folder that it is for."""
_SECONDS = 20
_base = CODE


def base() -> Path:
    """The folder that was installed by hand."""
    return _base


def set_base(folder: Path) -> None:
    """At the start of a release: what was installed by hand is elsewhere."""
    global _base  # noqa: PLW0603 - said once, before anything asks
    _base = folder


def is_checkout() -> bool:
    """Whether new code can be put beside what was installed by hand."""
    return (base() / ".git").exists()


@cache
def identity() -> str:
    """What was installed by hand: its commit, "" while git does not say; in an image, what is in it. Blocks once."""
    return git_of_base("rev-parse", "HEAD") if is_checkout() else _identity_of_image()


def _identity_of_image() -> str:
    """Its version is not enough: two commits of a branch may have the same."""
    package = Path(jobs.__file__).parent
    known = hashlib.sha256()
    for file in sorted(path for end in ("py", "sql") for path in package.rglob(f"*.{end}")):
        known.update(f"{file.relative_to(package)}\0".encode() + file.read_bytes())
    return f"{jobs.__version__}-{known.hexdigest()[:12]}"


def changed_files() -> list[str]:
    """The files of the checkout that its owner has changed: an update would be without that."""
    return [line[3:] for line in git_of_base("status", "--porcelain", "--untracked-files=no").splitlines()]


def git_of_base(*words: str) -> str:
    """What git says of the checkout; "" when it says nothing, or there is none."""
    folder = base()
    if not (folder / ".git").exists():
        return ""
    # Whose the files are was settled when it was installed; nothing of the repository's is run by these commands.
    command = ("git", "-c", f"safe.directory={folder}", "-c", "core.fsmonitor=false", "-C", str(folder), *words)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, env=git_environment(), check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.rstrip("\n") if done.returncode == 0 else ""


def git_environment(proxy: Mapping[str, str] | None = None) -> dict[str, str]:
    """What git needs: the owner's own way to their repositories, and no question at a terminal."""
    kept = (MARK, "PATH", "HOME", "USER", "LANG", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        **{name.lower(): value for name, value in (proxy or {}).items()},
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_OPTIONAL_LOCKS": "0",
    }
