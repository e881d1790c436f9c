"""The browser of browser/, run without a container: the same scripts, on ports, a display and folders of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx2

from jobs.sandbox.patience import PATIENCE
from loopback import free_port

SCRIPTS = Path(__file__).resolve().parents[1] / "browser"
PASSWORD = "ficus-12"  # as long as VNC takes


class BrowserStack:
    """One stack from `start` to `stop`; it may be started again with the same profile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = folder / "run"
        self.profile = folder / "profile"
        self.downloads = folder / "downloads"
        self.cdp_port, self.proxy_port, self.vnc_port, self.novnc_port = (free_port() for _ in range(4))
        self.extra: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "password").write_text(f"{PASSWORD}\n")

    @property
    def url(self) -> str:
        """Where DevTools answer, as BROWSER_CDP_URL says it."""
        return f"http://127.0.0.1:{self.proxy_port}"

    @property
    def vnc_url(self) -> str:
        """Where the picture is shown."""
        return f"http://127.0.0.1:{self.novnc_port}/vnc.html"

    @property
    def log(self) -> str:
        """Everything that it has said."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings that make it independent of everything else on the machine."""
        return {
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "HOME": str(self.folder),
            "RUN_DIR": str(self.run),
            "PROFILE_DIR": str(self.profile),
            "DOWNLOAD_DIR": str(self.downloads),
            "CDP_PORT": str(self.cdp_port),
            "CDP_BIND": "127.0.0.1",
            "CDP_PROXY_PORT": str(self.proxy_port),
            "VNC_PORT": str(self.vnc_port),
            "NOVNC_BIND": "127.0.0.1",
            "NOVNC_PORT": str(self.novnc_port),
            "VNC_PASSWORD_FILE": str(self.folder / "password"),
            "SCREEN": "800x600",
            # Root may not have Chromium's sandbox; anybody else does.
            "CHROMIUM_SANDBOX": "off" if os.geteuid() == 0 else "on",
            **self.extra,
        }

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        self.spawn()
        self.wait_until_healthy()

    @classmethod
    @contextmanager
    def running(cls, folder: Path, *, looked_at: bool = True) -> Generator[BrowserStack]:
        """One that is started, and ended with the block; without a password nobody can look at it."""
        stack = cls(folder)
        if not looked_at:
            (folder / "password").unlink()
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start it."""
        self._log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [SCRIPTS / "entrypoint.sh"],
            env={"DISPLAY": f":{free_display()}", **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self._process

    def healthy(self) -> bool:
        """What the container's health check says."""
        checked = subprocess.run(
            [SCRIPTS / "health.sh"], env=dict(self.environment), stdout=subprocess.DEVNULL, check=False
        )
        return checked.returncode == 0

    def wait_until_healthy(self, seconds: float = PATIENCE) -> None:
        """Fails when it is not after so many."""
        assert self._process is not None
        until(lambda: self._process.poll() is None and self.healthy(), seconds, lambda: self.log[-3000:])  # pyright: ignore

    def pid(self, name: str) -> int:
        """The process that runs as `name` now; 0 for none."""
        try:
            return int((self.run / f"{name}.pid").read_text())
        except (OSError, ValueError):
            return 0

    def kill(self, name: str) -> int:
        """SIGKILL to one of its processes; returns which it was."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, or kill all of it at once; its exit status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        if how is signal.SIGKILL:
            os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        try:
            status = process.wait(PATIENCE)
        finally:
            _end_group(process.pid)
            process.wait(PATIENCE)
            if self._log is not None:
                self._log.close()
        return status

    @property
    def pages(self) -> list[str]:
        """The addresses of the open tabs, the one that was in front last first."""
        return [page["url"] for page in self.get("/json/list").json() if page["type"] == "page"]

    def get(self, path: str, *, method: str = "GET", **headers: str) -> httpx2.Response:
        """Ask DevTools through the proxy."""
        with httpx2.Client(trust_env=False) as client:
            return client.request(method, f"{self.url}{path}", headers=headers, timeout=PATIENCE)


def until(holds: Callable[[], object], seconds: float = PATIENCE, why: Callable[[], object] = str) -> None:
    """Return once something holds; what `why` says is shown when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, why()
        time.sleep(0.05)


def free_display() -> int:
    """The number of a display that nobody has."""
    sockets = Path("/tmp/.X11-unix")  # noqa: S108 - where X has them
    number = 100 + os.getpid() % 400
    # A container on this machine's network has its abstract sockets here, and its files elsewhere.
    while (sockets.parent / f".X{number}-lock").exists() or any(
        _listens(f"{kind}{sockets}/X{number}") for kind in ("", "\0")
    ):
        number += 1
    return number


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
    until(lambda: not _alive(group))


def _alive(group: int) -> bool:
    """Whether any process of a group still runs (one that has ended and is not fetched yet does not)."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != "Z":
            return True
    return False
