"""Ending processes at once: one and everything below it, or what an earlier run left behind."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def kill_tree(pid: int) -> None:
    """SIGKILL `pid` and its descendants; where the system does not tell of descendants, `pid` alone."""
    for victim in [pid, *_descendants(pid)]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(victim, signal.SIGKILL)


def kill_marked(name: str, *values: str) -> int:
    """SIGKILL every process that was started with `name=` one of these in its environment; returns how many there were.

    None are where the system does not tell environments, and none if this process is one of them.
    """
    marks = {f"{name}={value}".encode() for value in values}
    marked = [pid for pid in _pids() if not marks.isdisjoint(_environment(pid))]
    if os.getpid() in marked:
        return 0
    for pid in marked:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return len(marked)


def _pids() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, file.read_text(encoding="ascii").split()):
                found += [child, *_descendants(child)]
    return found
