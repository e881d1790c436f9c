"""An update among troubles: two starts, a version that fails late, or twice, files that cannot be read or written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from installation import NEW, OLD, Installation, Upstream, answers, put_beside, reached, runs, used

from jobs.app import Application
from jobs.core.data_lock import only_one
from jobs.core.settings import Settings
from jobs.core.words import updating as words
from jobs.sandbox.stage import Stage
from jobs.updating.problems import UpdateError
from jobs.updating.state import Outcome, Releases

HANGS = "exec sleep 3600"


@pytest.mark.parametrize("phase", ["chosen", "returning"])
async def test_data_that_somebody_has_for_a_moment_are_no_wrong_setting(
    updating: Stage, installation: Installation, phase: str
) -> None:
    """The unit starts it again after every exit code but that of wrong settings, 2."""
    state = put_beside(updating, installation, HANGS)
    if phase == "returning":
        outcome = Outcome("returned", OLD, NEW, "gone")
        state = replace(state, phase="returning", snapshot="before.backup", outcome=outcome)
        releases = Releases(updating.data_dir)
        (releases.folder / state.snapshot).touch()
        releases.write(state)
    with only_one(updating.data_dir):
        daemon = await updating.start(wait=False)
        assert await daemon.wait() == 1
    assert "stop it first" in daemon.log


async def test_of_two_starts_at_once_one_tries_the_new_version_and_the_other_ends(
    updating: Stage, installation: Installation
) -> None:
    owner = await used(updating)
    put_beside(updating, installation, HANGS)
    updating.extra["JOBS_TRIAL_SECONDS"] = "8"
    first = await updating.start(wait=False)
    await reached(Releases(updating.data_dir), "trying")
    second = await updating.start(wait=False)
    assert await second.wait() == 1
    assert "Another update" in second.log
    await first.ready()
    told = await owner.wait_for_text(f"Version {NEW} would not do")
    assert "no answer within 8 s" in told.text
    await answers(updating, owner)


async def test_nobody_starts_unwatched_while_a_version_is_tried(tmp_path: Path) -> None:
    """As a start would that was to go on as the old version, and was slow."""
    settings = Settings(data_dir=tmp_path / "data", workspace_dir=tmp_path / "workspace")
    releases = Releases(settings.data_dir)
    releases.write(replace(releases.now(), phase="trying"))
    with pytest.raises(UpdateError) as refused:
        await Application(settings, {}, None).run()
    assert refused.value.why is words.ANOTHER


async def test_a_state_that_cannot_be_read_keeps_nothing_from_working(
    updating: Stage, installation: Installation
) -> None:
    owner = await used(updating)
    releases = Releases(updating.data_dir)
    releases.folder.mkdir()
    (releases.folder / "state.json").write_text('{"phase": "trying"}')
    with pytest.raises(UpdateError) as unreadable:
        releases.read()
    assert "в нём не то, что пишет Jobs" in unreadable.value.say("ru")
    await updating.start()
    await answers(updating, owner)
    assert await runs(updating, installation) == OLD
    told = await owner.ask("/update", "There was no update")
    assert "state.json cannot be read" in told.text


async def test_a_version_that_fails_once_it_is_let_go_is_taken_back_and_heard_of_each_time(
    updating: Stage, installation: Installation, upstream: Upstream
) -> None:
    owner = await used(updating)
    let_go = "await self._leave.wait()"
    upstream.publish(NEW, edits={"app/__init__": (let_go, f"{let_go}; raise StorageError('ill')")})
    for times in (1, 2):
        put_beside(updating, installation, f'PYTHONPATH={upstream.folder}/src exec {installation.python} "$@"')
        daemon = await updating.start()
        await owner.wait_for(lambda seen, times=times: sum("would not do" in each.text for each in seen) == times)
        await answers(updating, owner)
        assert await runs(updating, installation) == OLD
        await daemon.stop()
    told = {text for text in owner.texts if "would not do" in text}
    assert len(told) == 1
    assert "ill" in told.pop()


async def test_a_disk_that_is_full_while_it_is_fetched_and_built_changes_nothing(
    updating: Stage, installation: Installation, upstream: Upstream
) -> None:
    upstream.publish(NEW)
    owner = await used(updating)
    code, said = await installation.jobs(updating, "update", "--check")
    assert code == 0, said
    code, said = await installation.jobs(updating, "update", "--yes", largest=2 << 20)
    assert code == 1, said
    assert "✗ The new version could not be fetched" in said
    releases = Releases(updating.data_dir)
    assert releases.read() is None
    assert not list(releases.folder.glob("*/.whole"))
    await updating.start()
    await answers(updating, owner)
