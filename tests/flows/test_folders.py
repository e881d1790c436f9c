"""Folders that are missing, unusable, or read by others."""

import shutil
from pathlib import Path

from jobs.sandbox.claude import Rules, call
from jobs.sandbox.stage import Stage

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)


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


async def test_photos_are_kept_below_the_data_folder_and_not_beyond_a_restart(stage: Stage) -> None:
    system = stage.root / "tmp"
    system.mkdir()
    stage.extra["TMPDIR"] = str(system)
    daemon = await stage.start()
    owner = await stage.person()
    await owner.send_file(PNG, "dot.png", caption="what is this?")
    await owner.wait_for_text("Fine.")

    def images(folder: Path) -> list[Path]:
        return [path for path in folder.rglob("*") if "images" in path.parts and path.is_file()]

    assert images(stage.data_dir)
    assert not images(system)
    [source] = [text for text in stage.claude.requests.model[-1].texts if text.startswith("[Image: source:")]
    assert str(stage.data_dir) in source
    await daemon.stop()
    daemon = await stage.start()
    assert not images(stage.data_dir)
    assert (stage.data_dir / "tmp").stat().st_mode & 0o077 == 0
    await owner.send("and now?")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)


async def test_a_folder_with_a_strange_name_serves_for_commands_and_what_they_write(stage: Stage) -> None:
    stage.extra |= {
        "DATA_DIR": str(stage.root / "it's -my $HOME data"),
        "TG_SESSION_PATH": str(stage.data_dir / "telethon.session"),
    }
    stage.claude.script = Rules().on_text("go", call("Bash", command="cd /; pwd; echo done")).on_result("done", "Good.")
    await stage.start()
    owner = await stage.person()
    await owner.ask("go", "Good.")


def furnish(folder: Path, owner: str) -> None:
    """Everything that a project may have for Claude."""
    described = f"---\nname: {owner}-thing\ndescription: {owner} has this\n---\nHello.\n"
    for name, text in {
        "CLAUDE.md": f"{owner} says so.",
        ".claude/CLAUDE.md": f"{owner} says more.",
        ".claude/rules/rule.md": f"{owner} rules.",
        ".claude/skills/thing/SKILL.md": described,
        ".claude/agents/thing.md": described,
        ".claude/commands/thing.md": described,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


async def test_what_lies_above_the_workspace_is_not_read_and_what_lies_in_it_is(stage: Stage) -> None:
    # As in a checkout of this repository, where the workspace is ./workspace.
    (stage.root / ".git").mkdir()
    (stage.root / "README.md").write_text("About this program.")
    furnish(stage.root, "Contributor")
    furnish(stage.workspace, "Owner")
    readme = str(stage.root / "README.md")
    stage.claude.script = Rules().on_text("look", call("Read", file_path=readme)).on_result("About", "Read.")
    await stage.start()
    owner = await stage.person()
    await owner.ask("look", "Read.")
    first, after_reading = (request.body for request in stage.claude.requests.model)
    assert first.count(b"Owner") >= 5
    assert b"Contributor" not in first
    assert b"Contributor" not in after_reading


async def test_a_first_request_is_as_lean_in_a_checkout_as_anywhere(stage: Stage) -> None:
    (stage.root / ".git").mkdir()
    shutil.copy(Path(__file__).parents[2] / "CLAUDE.md", stage.root)
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    assert len(stage.claude.requests.model[0].body) < 36_500  # README: 36.0 KB
