import struct
import tempfile
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from demo_desk import Desk, at_desk

from jobs.cli.demo.world import Plan
from jobs.sandbox.launching import forked
from jobs.sandbox.scripted_assistant import ScriptedAssistant
from jobs.sandbox.stage import Stage


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """The scripted demo in English, ready, its assistant answering at once."""
    async with at_desk(Plan("en", "Etc/UTC", pace=0)) as desk:
        await desk.sees("online")
        yield desk


@pytest.fixture
def own_temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo's folder comes to be, and nothing else."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small red PNG."""
    path = tmp_path / "red.png"
    rows = b"".join(b"\0" + b"\xff\0\0" * 64 for _ in range(64))
    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND")
    )
    return path


def _chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A world whose model is the demo's script; the daemon starts when the test says so."""
    async with Stage.open(tmp_path, ScriptedAssistant("en", pace=0), launch=forked) as stage:
        stage.workspace.mkdir()
        yield stage
