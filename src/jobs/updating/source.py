"""Finds the newest version where this one came from: fetched into a repository of its own, looked at, verified."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import jobs
from jobs.core.i18n import Phrase
from jobs.core.settings import Settings
from jobs.core.update_settings import RELEASES
from jobs.core.words import updating as words
from jobs.updating.checkout import CODE, changed_files, git_environment, git_of_base, is_checkout
from jobs.updating.problems import UpdateError
from jobs.updating.state import Releases

_SECONDS = 180
_MOST_LINES = 12
_TAG = re.compile(r"v(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
_VERSION = re.compile(r'^__version__ = "([\w.+-]{1,40})"$', re.MULTILINE)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "fetch.fsckObjects=true",
    "gpg.format=ssh",
    "gpg.program=/bin/false",  # a signature of another kind is by nobody whom UPDATE_SIGNERS names
    "gpg.x509.program=/bin/false",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that could be installed."""

    version: str
    commit: str
    ref: str
    """The tag or the branch that names it."""
    changes: tuple[str, ...]
    """Lines of its CHANGELOG.md that the one here does not have; the first of them."""
    signed: bool

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.version}-{self.commit[:12]}"


class Source:
    """The repository that new versions come from. Its methods block, and raise UpdateError."""

    def __init__(self, settings: Settings, releases: Releases, proxy: Mapping[str, str]) -> None:
        self._settings = settings
        self._releases = releases
        self._repository = releases.folder / "code.git"
        self._environment = git_environment(proxy)
        self._commit = releases.now().current.commit

    def newest(self) -> Candidate | None:
        """The version to update to; None when this one is the newest."""
        self._fetch()
        ref, commit = self._newest_ref()
        if commit in ("", self._commit):
            return None
        return self._described(ref, commit)

    def exactly(self, commit: str) -> Candidate:
        """A version that was found before, though there may be newer ones by now."""
        if _COMMIT.fullmatch(commit) is None:
            raise UpdateError(words.NO_COMMIT, commit=commit[:60])
        if not self._repository.exists():
            self._fetch()
        if self._settings.update_ref != RELEASES:
            return self._described(self._settings.update_ref, commit)
        tags = [tag for tag in self._git("tag", "--points-at", commit, "v*").split() if _TAG.fullmatch(tag)]
        if not tags:
            raise UpdateError(words.NO_COMMIT, commit=commit)
        return self._described(max(tags, key=_number), commit)

    def export(self, candidate: Candidate, target: Path) -> None:
        """Put its files into a folder."""
        archive = target.with_name(f"{target.name}.tar")
        try:
            self._git("archive", "--format=tar", f"--output={archive}", candidate.commit)
            target.mkdir(parents=True, mode=0o700)
            done = subprocess.run(("tar", "-xf", archive, "-C", target), capture_output=True, text=True, check=False)
        finally:
            archive.unlink(missing_ok=True)
        if done.returncode:
            raise UpdateError(words.NOT_BUILT, version=candidate.version, reason=done.stderr.strip()[-300:])

    def _fetch(self) -> None:
        if not is_checkout():
            raise UpdateError(words.NO_CHECKOUT)
        if changed := changed_files():
            raise UpdateError(words.CHANGED, files=", ".join(changed[:5]), more=max(0, len(changed) - 5))
        address = self._settings.update_source or git_of_base("remote", "get-url", "origin")
        if not address:
            raise UpdateError(words.NO_SOURCE)
        branch = self._settings.update_ref if self._settings.update_ref != RELEASES else ""
        wanted = ["+refs/tags/v*:refs/tags/v*", *([f"+refs/heads/{branch}:refs/heads/{branch}"] if branch else [])]
        fetch = ("fetch", "--prune", "--quiet", "--no-recurse-submodules", "--", address, *wanted)
        if self._repository.exists():
            with suppress(UpdateError):
                self._git(*fetch)
                return
            shutil.rmtree(self._repository, ignore_errors=True)  # a kill may have left it half made, or locked
        self._releases.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._run("init", "--bare", "--quiet", str(self._repository))
        self._git(*fetch)

    def _newest_ref(self) -> tuple[str, str]:
        branch = self._settings.update_ref
        if branch != RELEASES:
            commit = self._git("rev-parse", f"refs/heads/{branch}^{{commit}}")
            if commit != self._commit and not self._follows(commit):
                raise UpdateError(words.REWRITTEN, branch=branch)
            return branch, commit
        tags = [(_number(tag), tag) for tag in self._git("tag", "--list", "v*").split() if _TAG.fullmatch(tag)]
        newer = max((found for found in tags if found[0] > _number(f"v{jobs.__version__}")), default=None)
        return (newer[1], self._git("rev-parse", f"refs/tags/{newer[1]}^{{commit}}")) if newer else ("", "")

    def _follows(self, commit: str) -> bool:
        """Whether a commit comes after the one that runs, as opposed to another history."""
        if _COMMIT.fullmatch(self._commit) is None:
            return False
        try:
            self._git("merge-base", "--is-ancestor", self._commit, commit)
        except UpdateError:
            return False
        return True

    def _described(self, ref: str, commit: str) -> Candidate:
        signed = self._is_signed(ref, commit)
        if self._settings.update_signers is not None and not signed:
            raise UpdateError(words.NOT_SIGNED, ref=ref, signers=self._settings.update_signers)
        found = _VERSION.search(self._git("show", f"{commit}:src/jobs/__init__.py"))
        if found is None:
            raise UpdateError(words.NO_VERSION, ref=ref)
        if self._settings.update_ref == RELEASES and f"v{found[1]}" != ref:
            raise UpdateError(words.MISNAMED, ref=ref, version=found[1])
        return Candidate(found[1], commit, ref, self._changes(commit), signed)

    def _changes(self, commit: str) -> tuple[str, ...]:
        try:
            ours = set((CODE / "CHANGELOG.md").read_text("utf-8").splitlines())
        except OSError:
            ours = set[str]()
        try:
            theirs = self._git("show", f"{commit}:CHANGELOG.md").splitlines()
        except UpdateError:
            return ()
        new = [line.rstrip()[:300] for line in theirs if line.startswith("- ") and line not in ours]
        return tuple(new[:_MOST_LINES])

    def _is_signed(self, ref: str, commit: str) -> bool:
        signers = self._settings.update_signers
        if signers is None:
            return False
        if not signers.is_file():
            raise UpdateError(words.NO_SIGNERS, path=signers)
        for words_ in (("verify-tag", ref), ("verify-commit", commit)):
            try:
                self._git("-c", f"gpg.ssh.allowedSignersFile={signers}", *words_)
            except UpdateError:
                continue
            # A tag may move while we look: what it names now has to be the commit that was asked about.
            if words_[0] == "verify-commit" or self._git("rev-parse", f"refs/tags/{ref}^{{commit}}") == commit:
                return True
        return False

    def _git(self, *words_: str) -> str:
        return self._run(f"--git-dir={self._repository}", *words_)

    def _run(self, *words_: str) -> str:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        command = ("git", *settings, *words_)
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, env=self._environment,
                stdin=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise UpdateError(words.NO_GIT) from None
        except subprocess.TimeoutExpired:
            raise UpdateError(words.GIT_FAILED, reason=Phrase(words.TOO_LONG, seconds=_SECONDS)) from None
        if done.returncode:
            said = done.stderr.strip()[-300:]
            raise UpdateError(words.GIT_FAILED, reason=said or Phrase(words.EXIT_CODE, code=done.returncode))
        return done.stdout.strip("\n")


def _number(tag: str) -> tuple[int, ...]:
    found = _TAG.match(tag)
    return tuple(map(int, found.groups())) if found else (0, 0, 0)
