"""A workspace with notes, and indexes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from memory_desk import Desk

from hand_clock import HandClock
from jobs.memory.embeddings_local import LocalEmbedder
from jobs.memory.storage import Storage


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def storage(workspace: Path, clock: HandClock) -> Storage:
    return Storage(workspace, clock, ZoneInfo("Europe/Berlin"))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the real model is made, once for all tests of a process."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
async def local(model_folder: Path) -> AsyncIterator[LocalEmbedder]:
    embedder = LocalEmbedder(model_folder)
    yield embedder
    await embedder.close()
