"""Tries a new version: started under watch, let go when it is well, and taken back when it does not stay so.

The start that finds an update chosen becomes this watch; the new version is its child. Whatever is killed here at
whatever moment, the next start finds in the state what was to be done and does it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from jobs.backup.making import make_backup
from jobs.backup.places import Places
from jobs.backup.problems import BackupError
from jobs.core.data_lock import only_one
from jobs.core.health import HEALTH_SOCKET, HealthReport, ask_health
from jobs.core.settings import ENV_FILE, Settings
from jobs.updating.go import GO, WAITING
from jobs.updating.launch import marks
from jobs.updating.returning import put_back
from jobs.updating.state import Outcome, Release, Releases, State

START_AGAIN = 75
"""The exit code of a watched process that wants to be started anew (EX_TEMPFAIL of sysexits.h)."""
SECONDS = "JOBS_TRIAL_SECONDS"
"""The time in which a new version has to be well; for those who have a slow machine."""
_SECONDS = 60.0
_STAYS_WELL_SHARE = 0.1
_POLL_SECONDS = 0.2
_SECONDS_TO_END = 20.0
_LINES = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a version will not do."""

    why: Literal["gone", "no snapshot", "interrupted", "not started", "ended", "not well", "silent"]
    """A key of `core.words.updating.REASONS`."""
    detail: str = ""


class Watch:
    """Goes through the phases of an update from where the state says that it stands."""

    def __init__(self, settings: Settings, releases: Releases, environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._releases = releases
        self._environment = environment
        self._places = replace(Places.of(settings, ENV_FILE), data_alone=True)
        self._seconds = float(environment.get(SECONDS) or _SECONDS)
        self._stopped = False
        self._child: _Child | None = None

    def run(self, state: State) -> int | None:
        """The exit code of the new version when it has ended; None when this one is to go on.

        Raises UpdateError when there is another update, or the disk refuses.
        """
        with self._releases.alone():
            state = self._began(self._releases.read() or state)
            while state.phase in {"trying", "proving"}:
                failure = self._try(state)
                if failure is None:
                    break
                if self._stopped:
                    return 0
                state = self._give_up(state, failure)
            if state.phase == "returning":
                self._put_back(state)
                return None
        return self._accompany()

    # ---- before ----

    def _began(self, state: State) -> State:
        if state.phase == "chosen":
            if state.other is None or self._releases.python(state.other) is None:
                return self._give_up(state, Failure("gone"))
            try:
                return self._releases.write(replace(state, phase="trying", snapshot=self._snapshot()))
            except BackupError as error:
                return self._give_up(state, Failure("no snapshot", str(error)))
        if state.phase == "trying":
            return self._give_up(state, Failure("interrupted"))
        return state

    def _snapshot(self) -> str:
        name = f"snapshot-{time.time_ns()}.backup"
        with only_one(self._settings.data_dir):
            make_backup(self._places, self._releases.folder / name)
        return name

    # ---- meanwhile ----

    def _try(self, state: State) -> Failure | None:
        """Start it and watch it; why it will not do, or None when it does."""
        tried = state.other
        assert tried is not None  # noqa: S101 - that is what this phase is about
        python = self._releases.python(tried)
        if python is None:
            return Failure("gone")
        try:
            child = self._child = _Child(python, tried, self._environment)
        except OSError as error:
            return Failure("not started", error.strerror or str(error))
        self._forward_signals(child)
        try:
            return self._watched(state, tried, child)
        except BaseException:
            child.end()  # nobody would watch it any more
            raise

    def _watched(self, state: State, tried: Release, child: _Child) -> Failure | None:
        deadline = time.monotonic() + self._seconds
        failure = self._until_well(child, deadline, 0)
        if failure is None:
            if state.phase == "trying":
                # Written before it is let go: from here on it may have answered somebody.
                state = self._releases.write(replace(state, phase="proving"))
            child.let_go()
            failure = self._until_well(child, deadline + self._seconds, self._seconds * _STAYS_WELL_SHARE)
        if failure is not None or self._stopped:
            child.end()
            return failure or Failure("interrupted")
        settled = State(
            base=state.base,
            phase="settled",
            current=tried,
            other=state.current,
            snapshot=state.snapshot,
            outcome=Outcome("updated", tried.version, state.current.version),
        )
        self._releases.write(settled)
        self._releases.tidy(settled)
        return None

    def _until_well(self, child: _Child, deadline: float, seconds: float) -> Failure | None:
        """Wait until it has been well for so long; why it is not, when it ends or takes too long."""
        since: float | None = None
        report: HealthReport | None = None
        while time.monotonic() < deadline:
            if (code := child.process.poll()) is not None:
                return Failure("ended", ": ".join(filter(None, (str(code), child.last_words()))))
            report = asyncio.run(ask_health(self._settings.data_dir / HEALTH_SOCKET, 2))
            since = (since or time.monotonic()) if report is not None and _is_well(report, child) else None
            if since is not None and time.monotonic() - since >= seconds:
                return None
            time.sleep(_POLL_SECONDS)
        if report is None:
            return Failure("silent", f"{self._seconds:.0f}")
        return Failure(
            "not well", f"{self._seconds:.0f} s; Telegram: {report.telegram}, dispatcher: {report.dispatcher}"
        )

    def _forward_signals(self, child: _Child) -> None:
        def stop(*_: object) -> None:
            self._stopped = True
            child.ask_to_end()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)

    def _accompany(self) -> int:
        assert self._child is not None  # noqa: S101 - it has been started
        return self._child.wait()

    # ---- back ----

    def _give_up(self, state: State, failure: Failure) -> State:
        tried = state.other.version if state.other else ""
        outcome = Outcome("returned", state.current.version, tried, failure.why, failure.detail)
        # What has been let go may have answered somebody: what it wrote stays, if the old version can read it.
        same_form = state.other is not None and state.other.schema == state.current.schema
        snapshot = "" if state.phase == "proving" and same_form else state.snapshot
        return self._releases.write(replace(state, phase="returning", snapshot=snapshot, outcome=outcome))

    def _put_back(self, state: State) -> None:
        put_back(self._settings, self._releases, state)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)


def _is_well(report: HealthReport, child: _Child) -> bool:
    return report.healthy and child.is_let_go == (report.dispatcher != WAITING)


class _Child:
    """A process of a release, held until it is let go; what it logs goes on to where we log."""

    def __init__(self, python: Path, release: Release, environment: Mapping[str, str]) -> None:
        gate, self._gate = os.pipe()
        self._lines: deque[str] = deque(maxlen=_LINES)
        self.is_let_go = False
        self.process = subprocess.Popen(
            [str(python), "-P", "-m", "jobs", "run"],
            env={**environment, **marks(release.name), GO: str(gate)},
            pass_fds=(gate,),
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl+C comes to it once, from us
        )
        os.close(gate)
        assert self.process.stderr is not None  # noqa: S101 - a pipe
        self._reader = threading.Thread(target=self._pass_on, args=(self.process.stderr,), daemon=True)
        self._reader.start()

    def let_go(self) -> None:
        """It may work. When it has ended meanwhile, that is seen elsewhere."""
        self.is_let_go = True
        with suppress(BrokenPipeError):
            os.write(self._gate, b"go")

    def last_words(self) -> str:
        """The last line that it logged; "" when it said nothing."""
        self._reader.join(1)
        return next((line.strip()[-300:] for line in reversed(self._lines) if line.strip()), "")

    def ask_to_end(self) -> None:
        """SIGTERM."""
        with suppress(ProcessLookupError):
            self.process.terminate()

    def end(self) -> None:
        """Ask, and make it."""
        self.ask_to_end()
        try:
            self.process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._gate)

    def wait(self) -> int:
        """Its exit code, as a shell would tell it."""
        code = self.process.wait()
        self._reader.join(1)
        return code if code >= 0 else 128 - code

    def _pass_on(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._lines.append(line.decode(errors="replace"))
            with suppress(OSError):
                sys.stderr.buffer.write(line)
                sys.stderr.buffer.flush()
