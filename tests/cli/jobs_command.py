"""The command `jobs` as a person starts it: a process of its own, in an empty folder, with a clean environment."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path

from jobs.sandbox.patience import PATIENCE

API_HASH = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@dataclass
class Jobs:
    """Runs `jobs …` in `folder`; `environment` is everything that it gets from outside."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def env_file(self) -> Path:
        return self.folder / ".env"

    def write_env(self, **values: str) -> None:
        self.env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        self.env_file.chmod(0o600)

    async def __call__(
        self, *arguments: str, typed: str = "", timeout: float = PATIENCE, through: str = "", **environment: str
    ) -> Outcome:
        """Run it, `through` a line of shell that ends with exec "$@"."""
        child = await asyncio.create_subprocess_exec(
            *(("sh", "-c", through, "sh") if through else ()),
            sys.executable,
            "-m",
            "jobs",
            *arguments,
            cwd=self.folder,
            env=self.environment | environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(timeout):
                out, err = await child.communicate(typed.encode())
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        assert child.returncode is not None
        return Outcome(child.returncode, out.decode(), err.decode())
