"""A new version is asked about, prepared beside the old one, tried, and taken back when it would not do."""

from __future__ import annotations

import json

import psutil
import pytest
from installation import NEW, OLD, TABLE, Edits, Installation, Upstream, answers, runs, used

from jobs.sandbox.stage import Stage
from jobs.updating.state import Releases


async def test_a_new_version_is_asked_about_takes_over_and_can_be_left_again(
    updating: Stage, installation: Installation, upstream: Upstream
) -> None:
    upstream.migrate(TABLE)
    upstream.publish(NEW, "- It can whistle.")
    first = await updating.start()
    owner = await updating.person()
    await owner.ask("hi", "Fine.")
    question = await owner.ask("/update", f"Version {NEW} is there")
    assert "- It can whistle." in question.text
    await owner.send("yes", reply_to=question.id)
    await owner.wait_for_text("it takes a few minutes")
    await owner.wait_for_text(f"I am version {NEW} now")
    await answers(updating, owner)
    assert await runs(updating, installation) == NEW
    assert updating.rows("SELECT * FROM whistles") == []
    await owner.ask("/update", f"This is the newest version ({NEW})")
    await updating.nothing_waits()
    code, said = await installation.jobs(updating, "rollback", "--yes")
    assert code == 2, said
    await first.stop()
    code, said = await installation.jobs(updating, "rollback", "--yes")
    assert code == 0, said
    await updating.start()
    await owner.wait_for_text(f"I am version {OLD} again, instead of {NEW}")
    assert await runs(updating, installation) == OLD
    await answers(updating, owner)


async def test_one_update_follows_another_without_a_restart_by_hand(
    updating: Stage, installation: Installation, upstream: Upstream
) -> None:
    daemon = await updating.start()
    owner = await updating.person()
    await owner.ask("hi", "Fine.")
    for version in ("0.1.1", NEW):
        upstream.publish(version)
        question = await owner.ask("/update", f"Version {version} is there")
        await owner.send("yes", reply_to=question.id)
        await owner.wait_for_text(f"I am version {version} now")
        await answers(updating, owner)
    assert await runs(updating, installation) == NEW
    programs = [" ".join(each.cmdline()) for each in psutil.Process(daemon.pid).children(recursive=True)]
    assert sum("-m jobs run" in program for program in programs) == 1
    assert await daemon.stop() == 0


async def test_no_is_no(updating: Stage, upstream: Upstream) -> None:
    upstream.publish(NEW)
    await updating.start()
    owner = await updating.person()
    question = await owner.ask("/update", f"Version {NEW} is there")
    await owner.send("no", reply_to=question.id)
    await owner.wait_for_text("everything stays as it is")
    assert Releases(updating.data_dir).read() is None


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        ({"app/upkeep": ("import asyncio\n", "import asyncio, nowhere\n")}, "No module named 'nowhere'"),
        ({"app/__init__": ("await self._leave.wait()", "raise StorageError('ill')")}, "ill"),
        ({"app/__init__": ("self._at_gate = True", "await asyncio.sleep(3600)")}, "was not well in time"),
    ],
    ids=["broken import", "ends", "not well"],
)
async def test_a_version_that_does_not_come_up_is_taken_back(
    updating: Stage, installation: Installation, upstream: Upstream, edits: Edits, why: str
) -> None:
    upstream.migrate(TABLE)
    upstream.publish(NEW, edits=edits)
    owner = await used(updating)
    code, said = await installation.jobs(updating, "update", "--yes")
    assert code == 0, said
    if "not well" in why:
        updating.extra["JOBS_TRIAL_SECONDS"] = "5"
    await owner.send("still there?")
    await updating.start()
    told = await owner.wait_for_text(f"Version {NEW} would not do")
    assert why in told.text
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)
    await updating.nothing_waits()
    assert await runs(updating, installation) == OLD
    assert updating.rows("PRAGMA user_version")[0][0] < len(list((upstream.folder / "src").rglob("*.sql")))
    assert owner.texts.count("Fine.") == 2


async def test_a_migration_that_fails_is_seen_on_a_copy(updating: Stage, upstream: Upstream) -> None:
    upstream.migrate("INSERT INTO nowhere VALUES (1);")
    upstream.publish(NEW)
    daemon = await updating.start()
    owner = await updating.person()
    question = await owner.ask("/update", f"Version {NEW} is there")
    await owner.send("yes", reply_to=question.id)
    told = await owner.wait_for_text("cannot take over the data")
    assert "nowhere" in told.text
    await answers(updating, owner)
    assert daemon.log.count("Ready") == 1


async def test_what_the_owner_does_to_the_checkout_by_hand_wins(
    updating: Stage, installation: Installation, upstream: Upstream
) -> None:
    upstream.publish(NEW)
    owner = await used(updating)
    code, said = await installation.jobs(updating, "update", "--yes")
    assert code == 0, said
    file = Releases(updating.data_dir).folder / "state.json"
    state = json.loads(file.read_text())
    file.write_text(json.dumps({**state, "base": "0" * 40}))  # what it was when that was written
    await updating.start()
    await answers(updating, owner)
    assert await runs(updating, installation) == OLD
