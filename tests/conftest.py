"""What tests of several packages need: a journal on a real file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.core.clock import SystemClock
from jobs.core.database import Database
from jobs.core.journal import Journal


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "db.sqlite") as database:
        yield database


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database, SystemClock())
