import os
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tally import Tally

from jobs.sandbox.launching import forked
from jobs.sandbox.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage.open(tmp_path, launch=forked) as stage:
        yield stage


@pytest.fixture
def kills() -> int:
    """How often the daemon is killed; `make chaos N=500` asks for more."""
    return int(os.environ.get("JOBS_CHAOS_KILLS", "12"))


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """The table that the summary shows."""
    seed = os.environ.get("JOBS_CHAOS_SEED")
    tally = Tally(int(seed) if seed else random.SystemRandom().randrange(10**6))
    yield tally
    request.node.user_properties.append(("table", str(tally)))


@pytest.fixture
def rng(tally: Tally) -> random.Random:
    return random.Random(tally.seed)  # noqa: S311 - so that a storm can be repeated
