"""A machine that runs Jobs with Docker: a checkout, the updater itself, and a `docker` that is played."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from installation import PROJECT, Upstream

from jobs.sandbox.patience import PATIENCE

_DOCKER = """#!/bin/sh
# docker compose build · up · ps, as far as the updater can tell.
echo "$*" >>{play}/log
if [ -e {play}/hangs-$2 ]; then touch {play}/hung; exec sleep 3600; fi
version=$(sed -n 's/^__version__ = "\\(.*\\)"$/\\1/p' src/jobs/__init__.py)
case $2 in
  ps) echo browser ;;
  build) if [ -e {play}/breaks ]; then echo "no room on the device" >&2; exit 17; fi
    image=$(mktemp -d {play}/image-XXXXXX) && cp -r src CHANGELOG.md "$image" && ln -sfn "$image" {play}/image ;;
  up) echo "$version" >>{play}/started
    while [ -e {play}/waits ]; do sleep 0.05; done
    if grep -qx "$version" {play}/ill; then echo "container jobs is unhealthy" >&2; exit 1; fi ;;
esac
"""


class Machine:
    """Made in an empty folder; `started` runs the updater on it."""

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self.folder = folder / "updater"
        self.play = folder / "docker"
        self.checkout = folder / "opt"
        for path in (self.folder, self.play):
            path.mkdir()
        upstream.git("clone", "--quiet", str(upstream.folder), str(self.checkout))
        (self.play / "docker").write_text(_DOCKER.format(play=self.play))
        (self.play / "docker").chmod(0o755)
        (self.play / "ill").touch()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.folder / "socket"

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return Upstream(self.checkout).git("rev-parse", "HEAD")

    @property
    def image(self) -> Path:
        """What was built last."""
        return self.play / "image"

    @property
    def log(self) -> list[str]:
        """What docker was called with."""
        path = self.play / "log"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def started_versions(self) -> list[str]:
        """The versions that `docker compose up` has started, one after the other."""
        path = self.play / "started"
        return path.read_text().split() if path.exists() else []

    def is_ill(self, version: str) -> None:
        """It will not come up well."""
        (self.play / "ill").write_text(f"{version}\n")

    def build(self) -> None:
        """As the owner does at first."""
        subprocess.run((self.play / "docker", "compose", "build"), cwd=self.checkout, check=True, timeout=PATIENCE)

    def breaks(self) -> None:
        """No image can be built any more."""
        (self.play / "breaks").touch()

    def hold(self) -> None:
        """`docker compose up` does not end yet."""
        (self.play / "waits").touch()

    def let_go(self) -> None:
        """It may."""
        (self.play / "waits").unlink()

    def start(self, *options: str) -> None:
        """The updater, until it listens."""
        self.socket.unlink(missing_ok=True)
        environment = {"PATH": f"{self.play}:{os.environ['PATH']}", "HOME": str(self.folder)}
        command = (sys.executable, PROJECT / "deploy" / "jobs_updater.py", "--checkout", self.checkout)
        self.process = subprocess.Popen(
            [*command, "--folder", self.folder, *options], env=environment, start_new_session=True
        )
        until(self._listens)

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(str(self.socket)) == 0

    def kill(self) -> None:
        """SIGKILL to it and all that it has started, as systemd does with a unit."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def ask(self, **request: str) -> dict[str, object]:
        """The last line that it answers."""
        with self.talking(**request) as lines:
            return list(lines)[-1]

    @contextmanager
    def talking(self, **request: str) -> Iterator[Talk]:
        """The connection after a request."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self.socket))
            with connection.makefile("rb") as lines:
                talk = Talk(connection, lines)
                talk.say(**request)
                yield talk


class Talk:
    """One connection."""

    def __init__(self, connection: socket.socket, lines: BinaryIO) -> None:
        self._connection = connection
        self._lines = lines

    def __iter__(self) -> Iterator[dict[str, object]]:
        for line in self._lines:
            yield json.loads(line)

    def say(self, **words: str) -> None:
        """One line."""
        self._connection.sendall(json.dumps(words).encode() + b"\n")

    def until(self, kind: str) -> None:
        """Return once it says that."""
        assert any(line["kind"] == kind for line in self), f"it never said {kind}"


def until(what: Callable[[], object]) -> None:
    """Return once it is so."""
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.02)
