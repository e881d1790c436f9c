from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from people import People

from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world import TelegramWorld, User


@pytest.fixture(autouse=True)
def _files_go_over_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that finds Pillow makes other files of the photos that it sends."""
    monkeypatch.setattr("telethon.client.uploads.PIL", None)


@pytest.fixture
def world() -> TelegramWorld:
    return TelegramWorld()


@pytest.fixture
async def server(world: TelegramWorld) -> AsyncIterator[TelegramServer]:
    async with TelegramServer(world) as server:
        yield server


@pytest.fixture
async def people(server: TelegramServer, tmp_path: Path) -> AsyncIterator[People]:
    async with People(server, tmp_path) as people:
        yield people


@pytest.fixture
def ada(world: TelegramWorld) -> User:
    return world.add_user("Ada", "Lovelace", username="ada", phone="15550001")


@pytest.fixture
def bob(world: TelegramWorld) -> User:
    return world.add_user("Bob", username="bob", phone="15550002")


@pytest.fixture
def eve(world: TelegramWorld) -> User:
    return world.add_user("Eve", username="eve", phone="15550003")
