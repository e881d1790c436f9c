"""Whenever it is killed while a new version takes over: the next start is the old one or the new one, whole."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from installation import (
    NEW,
    OLD,
    TABLE,
    Installation,
    Upstream,
    answers,
    put_beside,
    reached,
    releases_state,
    used,
)

from jobs.backup.making import make_backup
from jobs.backup.places import Places
from jobs.core.health import HEALTH_SOCKET, ask_health
from jobs.core.settings import ENV_FILE, Settings
from jobs.sandbox.patience import PATIENCE
from jobs.sandbox.stage import Stage
from jobs.updating.returning import put_back
from jobs.updating.state import Outcome, Releases

pytestmark = pytest.mark.chaos

PHASES = ("chosen", "trying", "proving", "settled")
KILLS = int(os.environ.get("JOBS_UPDATE_KILLS", "1"))
"""In each phase; `make chaos` sends five."""


@pytest.mark.parametrize("phase", PHASES if KILLS > 1 else PHASES[::2])
async def test_killed_at_any_instant_the_next_start_is_one_version_or_the_other_whole(
    updating: Stage, installation: Installation, upstream: Upstream, tmp_path: Path, phase: str
) -> None:
    """SIGKILL while the new version is tried; after each, everything is set back to where that begins."""
    dice = random.Random(phase)  # noqa: S311 - not for secrets
    upstream.migrate(TABLE)
    upstream.publish(NEW)
    updating.extra["JOBS_TRIAL_SECONDS"] = "30"
    owner = await used(updating)
    code, said = await installation.jobs(updating, "update", "--yes")
    assert code == 0, said
    releases = Releases(updating.data_dir)
    chosen = releases_state(releases)
    assert chosen.other is not None
    built, spare = releases.path(chosen.other), tmp_path / "built"
    await asyncio.to_thread(copied, built, spare)
    for _ in range(KILLS):
        await killed_when(updating, releases, phase, after=dice.uniform(0, 1))
        daemon = await updating.start()
        await reached(releases, "settled")
        report = await ask_health(updating.data_dir / HEALTH_SOCKET)
        assert report is not None
        assert report.healthy
        now = releases_state(releases)
        assert report.version == now.current.version
        assert (now.current.version, updating.rows("PRAGMA user_version")[0][0]) in {
            (OLD, chosen.current.schema),
            (NEW, chosen.other.schema),
        }
        await answers(updating, owner)
        await daemon.stop()
        if now.current.version == NEW:
            put_back(load(updating), releases, replace(now, current=chosen.current))
        if not built.exists():
            await asyncio.to_thread(copied, spare, built)
        releases.write(chosen)


async def killed_when(stage: Stage, releases: Releases, phase: str, *, after: float) -> None:
    """Started, and killed with nothing left so many seconds after it has come to a phase (or beyond)."""
    daemon = await stage.start(wait=False)
    await reached(releases, *PHASES[PHASES.index(phase) :])
    await asyncio.sleep(after)
    family = [psutil.Process(daemon.pid), *psutil.Process(daemon.pid).children(recursive=True)]
    await daemon.kill()
    await asyncio.to_thread(psutil.wait_procs, family, timeout=PATIENCE)


def copied(source: Path, target: Path) -> None:
    """Its files at a second place, as they are."""
    subprocess.run(("cp", "-al", source, target), check=True, timeout=PATIENCE)


def load(stage: Stage) -> Settings:
    """The settings that concern the data."""
    return Settings(data_dir=stage.data_dir, workspace_dir=stage.workspace)


@pytest.mark.parametrize("how", ["at a start", "by hand"])
async def test_killed_while_it_goes_back_the_next_start_is_the_old_version_on_its_data(
    updating: Stage, installation: Installation, how: str
) -> None:
    """SIGKILL while the data are put back, by the start after an update that failed, or by `jobs rollback`."""
    dice = random.Random(how)  # noqa: S311 - not for secrets
    owner = await used(updating)
    releases = Releases(updating.data_dir)
    for _ in range(KILLS):
        chosen = put_beside(updating, installation, "exit 1")
        assert chosen.other is not None
        snapshot = await asyncio.to_thread(gone_on, updating, releases)
        newer = replace(chosen.other, schema=chosen.current.schema + 1)
        if how == "by hand":
            releases.write(replace(chosen, phase="settled", current=newer, other=chosen.current, snapshot=snapshot))
            command = (installation.python, "-m", "jobs", "rollback", "--yes")
            process = await asyncio.create_subprocess_exec(
                *command, cwd=updating.root, env=dict(updating.environment()), stdout=asyncio.subprocess.DEVNULL
            )
            await went_back(releases, OLD)
            await asyncio.sleep(dice.uniform(0, 0.3))
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        else:
            outcome = Outcome("returned", OLD, NEW, "interrupted")
            releases.write(replace(chosen, phase="returning", other=newer, snapshot=snapshot, outcome=outcome))
            daemon = await updating.start(wait=False)
            async with asyncio.timeout(PATIENCE):
                while not (releases.folder / f"{snapshot}.since").exists():  # noqa: ASYNC110 - a file tells nobody
                    await asyncio.sleep(0.01)
            await asyncio.sleep(dice.uniform(0, 0.3))
            await daemon.kill()
        daemon = await updating.start()
        assert releases_state(releases).phase == "settled"
        assert updating.rows("PRAGMA user_version")[0][0] == chosen.current.schema
        assert updating.rows("SELECT * FROM sqlite_master WHERE name = 'whistles'") == []
        await answers(updating, owner)
        await daemon.stop()


async def went_back(releases: Releases, version: str) -> None:
    """Return once it is written that this version is to run again."""
    async with asyncio.timeout(PATIENCE):
        while releases_state(releases).current.version != version:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.01)


def gone_on(stage: Stage, releases: Releases) -> str:
    """Give the data the form of a newer version; the name of what they were before."""
    name = f"snapshot-{time.time_ns()}.backup"
    make_backup(replace(Places.of(load(stage), ENV_FILE), data_alone=True), releases.folder / name)
    stage.write(TABLE)
    stage.write(f"PRAGMA user_version = {stage.rows('PRAGMA user_version')[0][0] + 1}")
    return name
