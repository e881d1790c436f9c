from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from installation import Installation, Upstream

from jobs.sandbox.claude import say
from jobs.sandbox.stage import Stage


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("installation")
    return Installation(Upstream.begun(folder / "upstream"), folder / "checkout")


@pytest.fixture
def upstream(tmp_path: Path, installation: Installation) -> Upstream:
    return installation.upstream.copied(tmp_path / "upstream")


@pytest.fixture
async def updating(tmp_path: Path, installation: Installation, upstream: Upstream) -> AsyncIterator[Stage]:
    (tmp_path / "home").mkdir()
    async with Stage.open(tmp_path / "home", lambda _: say("Fine."), launch=installation.launch) as stage:
        stage.extra |= {"JOBS_TRIAL_SECONDS": "20", "UPDATE_SOURCE": str(upstream.folder)}
        yield stage
        print(*(daemon.log[-10_000:] for daemon in stage.daemons), sep="\n---- the next start\n")  # noqa: T201
