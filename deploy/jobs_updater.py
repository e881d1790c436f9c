#!/usr/bin/env python3
"""Updates a checkout that runs with Docker, when the assistant in the container asks over a Unix socket.

On the machine itself, one file with Python's standard library alone: docs/update.md says how it is started. It takes
nothing but the name of a published version, and does what the person does who updates by hand: fetch, check out,
build, start; and back, when the new version does not come up well. It touches nothing of the assistant's own folders.

A request is a line of JSON, answered by lines of JSON: {"do": "look"}; {"do": "update", "to": "v1.2.3", "commit": "…"}
(the second line {"do": "switch"} once it says "built"); {"do": "outcome"}, which waits for the end; {"do": "told"}.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NoReturn, cast

log = logging.getLogger("jobs_updater")

RELEASES = "release"
FETCH_SECONDS, BUILD_SECONDS, COMPOSE_SECONDS = 180, 1800, 120
SWITCH_SECONDS = 600
"""How long the assistant may take, once the new version is built, until it says that it is to be started."""
REQUEST_SECONDS, REQUEST_BYTES = 10, 1000
OUTCOME_SECONDS = 2 * BUILD_SECONDS
AGAIN_SECONDS, LOOK_SECONDS = 60, 0.2
MOST_AT_ONCE = 8
MOST_LINES = 12
PUBLISHED = "refs/updater"
TAG = re.compile(r"v(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
VERSION = re.compile(r'^__version__ = "([\w.+-]{1,40})"$', re.MULTILINE)
GIT_SETTINGS = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "fetch.fsckObjects=true", "advice.detachedHead=false",
    "gpg.format=ssh", "gpg.program=/bin/false", "gpg.x509.program=/bin/false",
)  # fmt: skip
Tell = Callable[[dict[str, object]], None]


class UpdaterError(Exception):
    """Why there is no update: a word that the assistant knows how to say, and what belongs to it."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail[-300:]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A published version."""

    version: str
    commit: str
    ref: str
    changes: tuple[str, ...]
    signed: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What is being done: the file that a start after a kill goes on from."""

    phase: str
    """building: the checkout is the new version's already; switching: it is being started; returning: the former is."""
    former: str
    branch: str
    """That was checked out; "" when it was a commit."""
    old: str
    """The version of `former`."""
    commit: str
    version: str
    services: tuple[str, ...]
    why: str = ""
    detail: str = ""


def run(command: Sequence[str], folder: Path, seconds: float, why: str) -> str:
    """What a program prints. Raises UpdaterError."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UpdaterError("too long", f"{command[0]}: {seconds:.0f} s") from None
    except OSError as error:
        raise UpdaterError(why, f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise UpdaterError(why, lines[-1] if lines else f"{command[0]}: {done.returncode}")
    return done.stdout.strip("\n")


class Checkout:
    """The git repository that the images are built from, and what is published in its `origin`."""

    def __init__(self, folder: Path, ref: str, signers: Path | None) -> None:
        self.folder = folder
        self._ref = ref
        self._signers = signers

    def git(self, *words: str, seconds: float = COMPOSE_SECONDS) -> str:
        """What git says. Raises UpdaterError."""
        settings = (*GIT_SETTINGS, f"safe.directory={self.folder}")
        return run(("git", *(word for each in settings for word in ("-c", each)), *words), self.folder, seconds, "git")

    def newest(self) -> Candidate | None:
        """The version to update to; None when this one is the newest. Raises UpdaterError."""
        self.fetch()
        if self._ref != RELEASES:
            found = self.described(self._ref)
            return None if found.commit == self.git("rev-parse", "HEAD") else found
        newest = max(filter(TAG.fullmatch, self._published("tags")), key=number, default="")
        return self.described(newest) if newest and number(newest) > number(f"v{self.version('HEAD')}") else None

    def fetch(self) -> None:
        """What is published by now, below refs of our own: the owner's tags and branches stay as they are."""
        wanted = "tags/v*" if self._ref == RELEASES else f"heads/{self._ref}"
        what = ("--prune", "--no-tags", "--no-recurse-submodules", "origin", f"+refs/{wanted}:{PUBLISHED}/{wanted}")
        self.git("fetch", "--quiet", *what, seconds=FETCH_SECONDS)

    def described(self, ref: str) -> Candidate:
        """What a tag (or the branch that is followed) names now, if it may be installed. Raises UpdaterError."""
        kind = "tags" if self._ref == RELEASES else "heads"
        wanted = TAG.fullmatch(ref) is not None if self._ref == RELEASES else ref == self._ref
        if not wanted or ref not in self._published(kind):
            raise UpdaterError("no version", ref)
        commit = self.git("rev-parse", f"{PUBLISHED}/{kind}/{ref}^{{commit}}")
        signed = self._is_signed(f"{PUBLISHED}/{kind}/{ref}", commit)
        if self._signers is not None and not signed:
            raise UpdaterError("not signed", ref)
        version = self.version(commit)
        if self._ref == RELEASES and f"v{version}" != ref:
            raise UpdaterError("misnamed", f"{ref}: {version}")
        self._check_follows(ref, commit)
        return Candidate(version, commit, ref, self._changes(commit), signed)

    def version(self, commit: str) -> str:
        """That the code of a commit says it is."""
        found = VERSION.search(self.git("show", f"{commit}:src/jobs/__init__.py"))
        if found is None:
            raise UpdaterError("no version", commit[:12])
        return found[1]

    def branch(self) -> str:
        """That is checked out; "" when it is a commit."""
        with suppress(UpdaterError):
            return self.git("symbolic-ref", "--quiet", "--short", "HEAD")
        return ""

    def check_out(self, commit: str, branch: str = "") -> None:
        """Make the files those of a commit, with the owner's edits kept. Raises UpdaterError where they collide."""
        if branch:
            self.git("checkout", "--quiet", "-B", branch, commit)
        else:
            self.git("checkout", "--quiet", "--detach", commit)

    def unlock(self) -> None:
        """After a kill: git has ended with it, and its lock stands in the way."""
        (Path(self.git("rev-parse", "--absolute-git-dir")) / "index.lock").unlink(missing_ok=True)

    def _published(self, kind: str) -> list[str]:
        """The names of the tags or branches."""
        return self.git("for-each-ref", "--format=%(refname:lstrip=3)", f"{PUBLISHED}/{kind}").split()

    def _check_follows(self, ref: str, commit: str) -> None:
        if self._ref == RELEASES:
            if number(ref) <= number(f"v{self.version('HEAD')}"):
                raise UpdaterError("older", ref)
            return
        try:
            self.git("merge-base", "--is-ancestor", "HEAD", commit)
        except UpdaterError:
            raise UpdaterError("rewritten", ref) from None

    def _is_signed(self, ref: str, commit: str) -> bool:
        if self._signers is None:
            return False
        if not self._signers.is_file():
            raise UpdaterError("no signers", str(self._signers))
        for words in (("verify-tag", ref), ("verify-commit", commit)):
            with suppress(UpdaterError):
                self.git("-c", f"gpg.ssh.allowedSignersFile={self._signers}", *words)
                return True
        return False

    def _changes(self, commit: str) -> tuple[str, ...]:
        try:
            ours, theirs = (self.git("show", f"{each}:CHANGELOG.md").splitlines() for each in ("HEAD", commit))
        except UpdaterError:
            return ()
        known = set(ours)
        return tuple(line.rstrip()[:300] for line in theirs if line.startswith("- ") and line not in known)[:MOST_LINES]


def number(tag: str) -> tuple[int, ...]:
    """To compare versions by."""
    found = TAG.match(tag)
    return tuple(map(int, found.groups())) if found else (0, 0, 0)


class Updater:
    """One update at a time, each step of which can be done once more after a kill."""

    def __init__(self, checkout: Checkout, folder: Path, ref: str, seconds: int) -> None:
        self._checkout = checkout
        self._folder = folder
        self._ref = ref
        self._seconds = seconds
        self._busy = threading.Lock()
        self._not_before = 0.0

    def look(self) -> dict[str, object]:
        """The newest version, or that there is none."""
        with self._alone():
            found, current = self._checkout.newest(), self._checkout.version("HEAD")
        if found is None:
            return {"kind": "newest", "version": current}
        return {"kind": "candidate", "candidate": asdict(found), "current": current}

    def update(self, to: str, commit: str, tell: Tell, may_switch: Callable[[], bool]) -> None:
        """Build a version and, when whoever asked for it says so, start it. Raises UpdaterError; all is as it was."""
        with self._alone():
            tell({"kind": "progress", "step": "fetching"})
            self._checkout.fetch()
            found = self._checkout.described(to)
            if found.commit != commit:
                raise UpdaterError("moved", to)
            head = self._checkout.git("rev-parse", "HEAD")
            step = Step(
                "building", head, self._checkout.branch(), self._checkout.version(head), found.commit, found.version,
                self._services(),
            )  # fmt: skip
            if self._state.exists():
                raise UpdaterError("busy")  # the last one is not over
            self._write(step)
            try:
                self._checkout.check_out(found.commit)
                tell({"kind": "progress", "step": "building"})
                self._compose("build", *step.services, seconds=BUILD_SECONDS, why="build")
                tell({"kind": "built"})
                if not may_switch():
                    raise UpdaterError("not switched")
            except UpdaterError:
                self._undo(step)
                raise
            tell(self._switch(step))

    def go_on(self) -> None:
        """Finish what a kill has interrupted, or could not be done: at the start, and from time to time."""
        if not self._state.exists() or time.monotonic() < self._not_before or not self._busy.acquire(blocking=False):
            return
        try:
            if self._state.exists():
                self._resume()
        except UpdaterError as error:
            log.error("What was begun cannot be finished yet: %s", error)
        finally:
            self._not_before = time.monotonic() + AGAIN_SECONDS
            self._busy.release()

    def _resume(self) -> None:
        step = Step(**json.loads(self._state.read_text("utf-8")))
        step = replace(step, services=tuple(step.services))
        log.info("Going on from %s", step.phase)
        self._checkout.unlock()
        if step.phase == "building":
            self._undo(step)
        elif step.phase == "switching":
            # The former version may have been started since, as after a power cut, and have put its data back for good.
            self._return(replace(step, why="interrupted"))
        else:
            self._return(step)

    def outcome(self) -> dict[str, object]:
        """How the last update that was started ended, unless that was told; waits for its end."""
        deadline = time.monotonic() + OUTCOME_SECONDS
        while time.monotonic() < deadline:
            with self._busy:
                if not self._state.exists():
                    try:
                        return cast("dict[str, object]", json.loads(self._outcome.read_text("utf-8")))
                    except FileNotFoundError:
                        return {"kind": "nothing"}
            time.sleep(LOOK_SECONDS)
        raise UpdaterError("busy")

    def told(self) -> dict[str, object]:
        """The owner knows how it ended."""
        self._outcome.unlink(missing_ok=True)
        return {"kind": "nothing"}

    @property
    def _state(self) -> Path:
        return self._folder / "state.json"

    @property
    def _outcome(self) -> Path:
        return self._folder / "outcome.json"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._busy.acquire(blocking=False):
            raise UpdaterError("busy")
        try:
            yield
        finally:
            self._busy.release()

    def _services(self) -> tuple[str, ...]:
        running = self._compose("ps", "--services", "--status", "running").split()
        return tuple(sorted({"jobs", *running}))

    def _compose(self, *words: str, seconds: float = COMPOSE_SECONDS, why: str = "docker") -> str:
        return run(("docker", "compose", *words), self._checkout.folder, seconds, why)

    def _up(self, services: Sequence[str]) -> None:
        self._compose(
            "up", "-d", "--wait", "--wait-timeout", str(self._seconds), *services,
            seconds=self._seconds + COMPOSE_SECONDS, why="not well",
        )  # fmt: skip

    def _switch(self, step: Step) -> dict[str, object]:
        step = self._write(replace(step, phase="switching"))
        try:
            self._up(step.services)
        except UpdaterError as error:
            log.warning("Version %s is not well: %s", step.version, error)
            return self._return(replace(step, why=error.why, detail=error.detail))
        if self._ref not in (RELEASES, "") and step.branch == self._ref:
            self._checkout.check_out(step.commit, step.branch)
        return self._ended({"kind": "updated", "version": step.version, "other": step.old})

    def _return(self, step: Step) -> dict[str, object]:
        self._write(replace(step, phase="returning"))
        self._check_out_former(step)
        self._compose("build", *step.services, seconds=BUILD_SECONDS, why="build")
        try:
            self._up(step.services)
        except UpdaterError as error:  # it was not well before either, or is slow: what runs is the former all the same
            log.warning("Version %s is not well: %s", step.old, error)
        return self._ended(
            {"kind": "returned", "version": step.old, "other": step.version, "why": step.why, "detail": step.detail}
        )

    def _undo(self, step: Step) -> None:
        """Nothing was started yet: the checkout and the images are to be the former ones."""
        moved = self._checkout.git("rev-parse", "HEAD") != step.former
        self._check_out_former(step)
        try:
            if moved:
                self._compose("build", *step.services, seconds=BUILD_SECONDS, why="build")
        except UpdaterError as error:
            log.warning("The images could not be built again (%s): build them before you start them anew", error)
        self._state.unlink(missing_ok=True)

    def _check_out_former(self, step: Step) -> None:
        self._checkout.check_out(step.former, step.branch)

    def _ended(self, outcome: dict[str, object]) -> dict[str, object]:
        outcome = {**outcome, "at": time.time()}
        self._put(self._outcome, outcome)
        self._state.unlink(missing_ok=True)
        return outcome

    def _write(self, step: Step) -> Step:
        self._put(self._state, asdict(step))
        return step

    def _put(self, path: Path, content: dict[str, object]) -> None:
        """In the place of what was there: whole, or not at all. Raises UpdaterError."""
        beside = path.with_suffix(".part")
        try:
            with beside.open("w", encoding="utf-8") as out:
                json.dump(content, out)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(path)
        except OSError as error:
            raise UpdaterError("disk", f"{path}: {error.strerror}") from None


class Server(socketserver.ThreadingUnixStreamServer):
    """Answers on the socket; who may connect is what the socket's group and mode say."""

    daemon_threads = True

    def __init__(self, path: Path, updater: Updater) -> None:
        self.updater = updater
        self.places = threading.BoundedSemaphore(MOST_AT_ONCE)
        path.unlink(missing_ok=True)
        before = os.umask(0o117)  # 0660: this user, and the group that the assistant runs as
        try:
            super().__init__(str(path), Conversation)
        finally:
            os.umask(before)

    def service_actions(self) -> None:
        """Between requests."""
        self.updater.go_on()


class Conversation(socketserver.StreamRequestHandler):
    """One request."""

    timeout = REQUEST_SECONDS

    def handle(self) -> None:
        """Answer it; whatever is wrong with it is an answer, too."""
        server = cast("Server", self.server)
        if not server.places.acquire(blocking=False):
            return self._tell({"kind": "failed", "why": "busy", "detail": ""})
        try:
            self._answer(server.updater, self._request())
        except UpdaterError as error:
            log.info("Refused or failed: %s", error)
            self._tell({"kind": "failed", "why": error.why, "detail": error.detail})
        finally:
            server.places.release()

    def _answer(self, updater: Updater, request: dict[str, object]) -> None:
        match request:
            case {"do": "look", **rest} if not rest:
                self._tell(updater.look())
            case {"do": "update", "to": str(to), "commit": str(commit), **rest} if not rest:
                updater.update(to, commit, self._tell, self._may_switch)
            case {"do": "outcome", **rest} if not rest:
                self._tell(updater.outcome())
            case {"do": "told", **rest} if not rest:
                self._tell(updater.told())
            case _:
                raise UpdaterError("request")

    def _request(self) -> dict[str, object]:
        try:
            found = cast("object", json.loads(self.rfile.readline(REQUEST_BYTES)))
        except (OSError, ValueError, RecursionError):
            raise UpdaterError("request") from None
        if not isinstance(found, dict):
            raise UpdaterError("request")
        return cast("dict[str, object]", found)

    def _may_switch(self) -> bool:
        self.connection.settimeout(SWITCH_SECONDS)
        with suppress(UpdaterError):
            return self._request() == {"do": "switch"}
        return False

    def _tell(self, line: dict[str, object]) -> None:
        with suppress(OSError):  # who asked may be gone: it is its container that is replaced
            self.wfile.write(json.dumps(line).encode() + b"\n")


def _stop(*_: object) -> NoReturn:
    sys.exit(0)  # the next start goes on from where it was


def main() -> int:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="Updates a checkout of Jobs that runs with Docker.")
    parser.add_argument("--checkout", type=Path, default=Path(__file__).resolve().parents[1], help="what is updated")
    parser.add_argument("--folder", type=Path, required=True, help="where the socket is, and what it remembers")
    parser.add_argument("--ref", default=RELEASES, help="the newest version tag, or this branch")
    parser.add_argument("--signers", type=Path, help="who may sign new versions (ssh-keygen's ALLOWED SIGNERS)")
    parser.add_argument("--seconds", type=int, default=60, help="in which a new version has to be well")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    checkout, folder = cast("Path", chosen.checkout).resolve(), cast("Path", chosen.folder).resolve()
    ref, signers = cast("str", chosen.ref), cast("Path | None", chosen.signers)
    updater = Updater(Checkout(checkout, ref, signers), folder, ref, cast("int", chosen.seconds))
    signal.signal(signal.SIGTERM, _stop)
    with Server(folder / "socket", updater) as server:
        log.info("Listening on %s", server.server_address)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
