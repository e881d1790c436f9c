from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.sandbox.launching import forked
from jobs.sandbox.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A world of its own for each test; the daemon starts when the test says so."""
    async with Stage.open(tmp_path, launch=forked) as stage:
        yield stage
