"""Folders that are missing, unusable, or read by others."""

import shutil

from jobs.sandbox.claude import Rules, call
from jobs.sandbox.stage import Stage


async def test_a_workspace_that_cannot_be_made_is_said_in_a_sentence(stage: Stage) -> None:
    stage.extra["WORKSPACE_DIR"] = "/proc/nowhere/workspace"
    daemon = await stage.start(wait=False)
    assert await daemon.wait() == 1
    assert "The workspace /proc/nowhere/workspace cannot be used" in daemon.log
    assert "Traceback" not in daemon.log


async def test_a_launcher_that_cannot_be_written_is_said_in_a_sentence(stage: Stage) -> None:
    (stage.data_dir / "claude").mkdir(parents=True)
    daemon = await stage.start(wait=False)
    assert await daemon.wait() == 1
    assert "cannot be written" in daemon.log
    assert "Traceback" not in daemon.log


async def test_a_workspace_that_is_deleted_meanwhile_is_made_again(stage: Stage) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("one", "Fine.")
    await daemon.wait_for_log("answered 1 messages")
    shutil.rmtree(stage.workspace)
    daemon.kill_claude()
    await daemon.wait_for_log("ended")
    stage.claude.script = Rules().on_text("two", call("Bash", command="echo it works")).on_result("it works", "Good.")
    await owner.ask("two", "Good.")


async def test_what_claude_keeps_is_for_nobody_else_to_read(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    folder = {path.name: path.stat().st_mode & 0o077 for path in stage.data_dir.iterdir()}
    assert {name for name, others in folder.items() if others} == set()
