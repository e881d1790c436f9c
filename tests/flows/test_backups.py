"""The owner's assistant is moved to another machine: `jobs backup` while it runs, `jobs restore`, and it goes on."""

from __future__ import annotations

import asyncio
import shutil
import sys

from jobs.sandbox.claude import Rules, say
from jobs.sandbox.patience import PATIENCE
from jobs.sandbox.stage import Stage


async def command(stage: Stage, *arguments: str) -> tuple[int, str]:
    """Run `jobs …` beside the daemon, as the person at the machine does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobs", *arguments, cwd=stage.root, env=dict(stage.environment()),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_a_backup_of_a_running_assistant_brings_the_conversation_back(stage: Stage) -> None:
    stage.extra["BACKUP_PASSPHRASE"] = "correct horse"
    stage.claude.script = Rules().on_text("tea", say("Noted.")).on_text("which", say("Tea."))
    daemon = await stage.start()
    owner = await stage.person()
    (stage.workspace / "MEMORY.md").write_text("- drinks tea\n")
    await owner.ask("I drink tea", "Noted.")
    await stage.nothing_waits()
    file = stage.root / "moved.backup"
    code, said = await command(stage, "backup", str(file))
    assert code == 0, said
    assert "read again and whole" in said
    assert "correct horse" not in said
    code, said = await command(stage, "restore", str(file))
    assert code == 2, said
    assert "stop it first" in said
    await daemon.stop()
    shutil.rmtree(stage.data_dir)
    shutil.rmtree(stage.workspace)
    code, said = await command(stage, "restore", str(file))
    assert code == 0, said
    assert "Brought back" in said
    await stage.start()
    await owner.ask("which drink was it?", "Tea.")
    assert (stage.workspace / "MEMORY.md").read_text() == "- drinks tea\n"
    sent = stage.claude.requests.model[-1]
    assert any("I drink tea" in str(message) for message in sent.messages), "the conversation began anew"


async def test_a_restore_that_was_killed_is_finished_at_the_next_start(stage: Stage) -> None:
    stage.claude.script = lambda _: say("Fine.")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    await stage.nothing_waits()
    await daemon.stop()
    incoming = stage.data_dir / ".jobs-restoring"
    for folder in (stage.data_dir, stage.workspace):
        (folder / ".jobs-restoring" / "all").mkdir(parents=True)
        (folder / ".jobs-restoring" / "names").write_text("[]")
    (incoming / "all" / "db.sqlite").write_bytes((stage.data_dir / "db.sqlite").read_bytes())
    (incoming / "all" / "telethon.session").write_bytes((stage.data_dir / "telethon.session").read_bytes())
    (incoming / "names").write_text('["db.sqlite", "telethon.session"]')
    (stage.workspace / ".jobs-restoring" / "all" / "MEMORY.md").write_text("- of the backup\n")
    (stage.workspace / ".jobs-restoring" / "names").write_text('["MEMORY.md"]')
    (stage.data_dir / ".jobs-restore.json").write_text('{"stamp": "1"}')
    (stage.workspace / "MEMORY.md").write_text("- of before\n")
    await stage.start()
    assert (stage.workspace / "MEMORY.md").read_text() == "- of the backup\n"
    assert (stage.workspace / ".jobs-replaced-1" / "MEMORY.md").read_text() == "- of before\n"
    await owner.ask("still there?", "Fine.")
