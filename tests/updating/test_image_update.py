"""In a container `/update` has the updater on the machine replace the image, and take back what is not well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from installation import NEW, OLD, TABLE, Installation, Upstream, answers
from machine import Machine, until

from jobs.sandbox.daemon import Daemon
from jobs.sandbox.launching import Process
from jobs.sandbox.stage import Stage


@dataclass(frozen=True, slots=True)
class Ship:
    """The machine, and what runs on it as if in a container."""

    machine: Machine
    stage: Stage

    async def replaced(self, running: Daemon, version: str) -> Daemon:
        """What docker does at the next `up`: one container ends, another one begins, of the image that was built."""
        await asyncio.to_thread(until, lambda: self.machine.started_versions[-1:] == [version])
        assert await running.stop() == 0
        return await self.stage.start()


@pytest.fixture
async def ship(tmp_path: Path, installation: Installation, upstream: Upstream) -> AsyncIterator[Ship]:
    machine = Machine(tmp_path, upstream)
    machine.build()
    machine.start()

    async def launch(cwd: Path, environment: Mapping[str, str]) -> Process:
        return await installation.launch(cwd, {**environment, "PYTHONPATH": str((machine.image / "src").resolve())})

    (tmp_path / "home").mkdir()
    try:
        async with Stage.open(tmp_path / "home", launch=launch) as stage:
            stage.extra["UPDATE_SOCKET"] = str(machine.socket)
            yield Ship(machine, stage)
            print(*(daemon.log[-10_000:] for daemon in stage.daemons), sep="\n---- the next start\n")  # noqa: T201
    finally:
        machine.stop()


async def test_a_new_image_is_asked_about_built_and_takes_over(ship: Ship, upstream: Upstream) -> None:
    first = await ship.stage.start()
    owner = await ship.stage.person()
    await owner.ask("/update", f"This is the newest version ({OLD})")
    upstream.migrate(TABLE)
    upstream.publish(NEW, "- It can whistle.")
    question = await owner.ask("/update", f"Version {NEW} is there")
    assert "- It can whistle." in question.text
    ship.machine.hold()
    await owner.send("yes", reply_to=question.id)
    await owner.wait_for_text("is ready")
    second = await ship.replaced(first, NEW)
    ship.machine.let_go()
    await owner.wait_for_text(f"I am version {NEW} now; it was {OLD} before")
    await answers(ship.stage, owner)
    assert ship.stage.rows("SELECT * FROM whistles") == []
    assert len(list((ship.stage.data_dir / "backups").glob("before-update-*"))) == 1
    await owner.ask("/update", f"This is the newest version ({NEW})")
    await second.stop()
    await ship.stage.start()
    await answers(ship.stage, owner)
    assert owner.texts.count(f"🔄 I am version {NEW} now; it was {OLD} before.") == 1


async def test_an_image_that_is_not_well_is_taken_back_with_its_data(ship: Ship, upstream: Upstream) -> None:
    first = await ship.stage.start()
    owner = await ship.stage.person()
    await owner.ask("hi", "Fine.")
    upstream.migrate(TABLE)
    upstream.publish(NEW)
    ship.machine.is_ill(NEW)
    question = await owner.ask("/update", f"Version {NEW} is there")
    ship.machine.hold()
    await owner.send("yes", reply_to=question.id)
    second = await ship.replaced(first, NEW)
    await answers(ship.stage, owner)
    assert ship.stage.rows("SELECT * FROM whistles") == []
    ship.machine.let_go()
    await ship.replaced(second, OLD)
    told = await owner.wait_for_text(f"Version {NEW} would not do")
    assert "container jobs is unhealthy" in told.text
    assert ship.stage.rows("SELECT * FROM sqlite_master WHERE name = 'whistles'") == []
    await answers(ship.stage, owner)
    assert owner.texts.count("Fine.") == 3


async def test_an_updater_that_cannot_is_heard_of(ship: Ship, upstream: Upstream) -> None:
    await ship.stage.start()
    owner = await ship.stage.person()
    upstream.publish(NEW)
    question = await owner.ask("/update", f"Version {NEW} is there")
    ship.machine.breaks()
    await owner.send("yes", reply_to=question.id)
    told = await owner.wait_for_text("There was no update")
    assert "no room on the device" in told.text
    ship.machine.stop()
    told = await owner.ask("/update", "The updater does not answer")
    assert "docker compose build" in told.text
    await answers(ship.stage, owner)
