"""What a story about sent files looks at."""

from __future__ import annotations

import re
from pathlib import Path

from telethon.tl import types

from jobs.sandbox.claude import ModelRequest
from jobs.sandbox.stage import Stage


def uploads(stage: Stage) -> list[Path]:
    """What is kept of that which was sent."""
    return sorted(path for path in (stage.workspace / "uploads").rglob("*") if path.is_file())


def told(request: ModelRequest) -> str:
    """All that the newest message of a request says."""
    return "\n".join(request.texts)


def voice(seconds: int) -> types.DocumentAttributeAudio:
    return types.DocumentAttributeAudio(seconds, voice=True)


def highest_memory(pid: int) -> float:
    """The most that a process has had in memory so far, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert match is not None
    return int(match[1]) / 1024
