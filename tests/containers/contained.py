"""Both containers as docker-compose.yml has them, but on the network of the machine, where the tests are."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from images import ASSISTANT, BROWSER, CHECKOUT, podman

from browser_stack import BrowserStack, free_display
from jobs.sandbox.launching import Process
from jobs.sandbox.patience import PATIENCE

_COMMON = ("--network=host", "--no-healthcheck", "--cap-drop=ALL", "--security-opt=no-new-privileges")
AS_ROOT = ("--user=0:0", *(f"--cap-add={name}" for name in ("CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID")))
"""How the assistant's container is started: it becomes the owner of /data by itself."""
_LINE_BYTES = 1 << 20


class BrowserContainer(BrowserStack):
    """The browser's container; `recreate` makes another one with the same volumes."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder)
        self.name = name
        self.display = free_display()
        (folder / "password").chmod(0o644)
        self.downloads = self._volume("downloads")
        self.profile = self._volume("profile")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def volumes(self) -> list[str]:
        """Those of its own."""
        return [f"{self.name}-{kind}" for kind in ("profile", "downloads")]

    @property
    def log(self) -> str:
        """Everything that it has said."""
        return podman("logs", self.name, check=False)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start it, under a hostname that no other one had."""
        settings = {key: value for key, value in self.environment.items() if key.endswith(("_PORT", "_BIND", "SCREEN"))}
        settings["DISPLAY"] = f":{self.display}"
        self._process = subprocess.Popen(
            [
                "podman", "run", "--name", self.name, *_COMMON, f"--hostname={self.name}-{os.urandom(2).hex()}",
                f"--security-opt=seccomp={CHECKOUT / 'browser' / 'seccomp.json'}",
                *(f"--env={key}={value}" for key, value in settings.items()),
                f"--volume={self.folder / 'password'}:/run/secrets/vnc_password:ro",
                f"--volume={self.name}-profile:/data/profile", f"--volume={self.name}-downloads:/data/downloads",
                BROWSER,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self._process

    def healthy(self) -> bool:
        """What the container's health check says."""
        command = ["podman", "exec", self.name, "/opt/browser/health.sh"]
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0

    def pid(self, name: str) -> int:
        """The process that runs as `name` now, by its number in the container; 0 for none."""
        found = podman("exec", self.name, "cat", f"/run/browser/{name}.pid", check=False)
        return int(found) if found.isdigit() else 0

    def kill(self, name: str) -> int:
        """SIGKILL to one of its processes; returns which it was."""
        pid = self.pid(name)
        podman("exec", self.name, "bash", "-c", f"kill -KILL {pid}")
        return pid

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it and take the container away; its volumes stay."""
        process, self._process = self._process, None
        if process is None:
            return 0
        podman("kill", f"--signal={how.value}", self.name, check=False)
        try:
            return process.wait(PATIENCE)
        finally:
            podman("rm", "--force", self.name, check=False)
            process.wait(PATIENCE)

    def _volume(self, kind: str) -> Path:
        podman("volume", "create", f"{self.name}-{kind}")
        return Path(podman("volume", "inspect", "--format", "{{.Mountpoint}}", f"{self.name}-{kind}"))


@dataclass
class Assistant:
    """Starts the assistant's container in place of the daemon: an implementation of `jobs.sandbox.launching.Launch`."""

    name: str
    skills: Path
    browser: BrowserContainer
    started: list[str] = field(default_factory=list[str])

    async def __call__(self, cwd: Path, environment: Mapping[str, str]) -> Process:
        """See the port. `cwd` has the data folder in it; the workspace is a volume."""
        theirs = {key: value for key, value in environment.items() if os.environ.get(key) != value}
        theirs |= {"DATA_DIR": "/data", "WORKSPACE_DIR": "/workspace", "BROWSER_DOWNLOADS_DIR": "/browser-downloads"}
        del theirs["HOME"]
        name = f"{self.name}-{len(self.started)}"
        self.started.append(name)
        return await asyncio.create_subprocess_exec(
            "podman", "run", "--name", name, *_COMMON, *AS_ROOT,
            *(f"--env={key}={value}" for key, value in theirs.items()),
            f"--volume={cwd / 'data'}:/data", f"--volume={self.name}-workspace:/workspace",
            f"--volume={self.skills}:/workspace/.claude/skills",
            f"--volume={self.browser.name}-downloads:/browser-downloads:ro", ASSISTANT,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
        )  # fmt: skip

    def inside(self, *command: str) -> str:
        """What a command says in the container that was started last."""
        return podman("exec", self.started[-1], *command)
