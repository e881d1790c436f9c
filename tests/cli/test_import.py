"""`jobs import` as a real process: what is taken and left, once, whole, and never over what is there."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest
from jobs_command import Jobs

SKILL = "---\nname: chase\ndescription: Chases somebody.\n---\nAsk until answered.\n"


def furnish(folder: Path) -> Path:
    """A workspace as OpenClaw leaves it."""
    for name, text in {
        "MEMORY.md": "# Memory\n\n- likes tea\n\n## Люди\n\n- Маша: аллергия на орехи\n",
        "USER.md": "# USER.md - About Your Human\n\n- **Name:** Olga\n\n## Context\n\nWorks at night.\n",
        "SOUL.md": "# SOUL.md\n\n_You are not a chatbot._\n",
        "HEARTBEAT.md": "# Keep it short\n\n- [ ] look at the mail\n- [x] done already\n- water the plants\n",
        "AGENTS.md": "# AGENTS.md\n",
        "memory/2026-01-02.md": "# 2026-01-02\n\n- 10:00 met Pavel\n",
        "memory/people/pavel.md": "# Pavel\n\n- tall\n",
        "memory/state.json": "{}",
        "memory/.hidden.md": "x",
        "skills/chase/SKILL.md": SKILL,
        "skills/chase/run.sh": "#!/bin/sh\n",
        "skills/Not Good/SKILL.md": SKILL,
        "skills/empty/notes.md": "x",
        ".git/config": "x",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "skills/chase/run.sh").chmod(0o755)
    return folder


def everything(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and ".history" not in path.parts]
    return {str(path.relative_to(folder)): path.read_text() for path in files}


async def test_a_workspace_is_taken_over_and_a_second_time_nothing(jobs: Jobs) -> None:
    furnish(jobs.folder / ".openclaw" / "workspace")
    ours = jobs.folder / "workspace"
    outcome = await jobs("import", "openclaw", str(jobs.folder / ".openclaw"))
    assert (outcome.code, outcome.err) == (0, "")
    files = everything(ours)
    assert files == {
        ".claude/skills/chase/SKILL.md": SKILL,
        ".claude/skills/chase/run.sh": "#!/bin/sh\n",
        "HEARTBEAT.md": "- [ ] look at the mail\n- [ ] water the plants\n",
        "MEMORY.md": "# Memory\n\n- likes tea\n\n## Люди\n\n- Маша: аллергия на орехи\n\n"
        "## About the owner\n\n- **Name:** Olga\n\n### Context\n\nWorks at night.\n",
        "memory/2026-01-02.md": "# 2026-01-02\n\n- 10:00 met Pavel\n",
        "memory/people/pavel.md": "# Pavel\n\n- tall\n",
        "memory/soul.md": "# SOUL.md\n\n_You are not a chatbot._\n",
    }
    assert os.access(ours / ".claude/skills/chase/run.sh", os.X_OK)
    for line in (
        "✓ MEMORY.md → MEMORY.md", "✓ USER.md → MEMORY.md, new there: 2", "✓ SOUL.md → memory/soul.md",
        "– AGENTS.md: left where it is (Jobs has no place for it)", "– .git: left where it is (it is hidden)",
        "– memory/state.json: left where it is (it is no Markdown)",
        "– memory/.hidden.md: left where it is (it is hidden)",
        "– skills/Not Good: left where it is (a skill is named", "– skills/empty: left where it is (its SKILL.md",
        "✓ skills/chase → .claude/skills/chase", "nobody follows it by itself",
        "Skills can make the assistant run programs",
    ):  # fmt: skip
        assert line in outcome.out, line
    again = await jobs("import", "openclaw", str(jobs.folder / ".openclaw" / "workspace"), LANG="ru_RU.UTF-8")
    assert again.code == 0
    assert "· MEMORY.md: всё это уже есть в MEMORY.md" in again.out
    assert "✓" not in again.out.replace("✓ USER.md → MEMORY.md, нового: 2", "")


async def test_what_stands_there_stays_and_the_rest_joins_it(jobs: Jobs) -> None:
    source = furnish(jobs.folder / "old")
    ours = jobs.folder / "workspace"
    for name, text in {
        "MEMORY.md": "# Mine\r\n\r\n* Likes tea.\r\n\r\n## Люди\r\n\r\n* Anna: 1\r\n",
        "memory/2026-01-02.md": "# 2026-01-02\n\n- 09:00 got up\n",
        "HEARTBEAT.md": "- [ ] Water the plants",
        ".claude/skills/chase/SKILL.md": "mine",
    }.items():
        (ours / name).parent.mkdir(parents=True, exist_ok=True)
        (ours / name).write_bytes(text.encode())
    outcome = await jobs("import", "nanobot", str(source))
    assert outcome.code == 0
    memory = (ours / "MEMORY.md").read_bytes().decode()
    assert memory.startswith(
        "# Mine\r\n\r\n* Likes tea.\r\n\r\n## Люди\r\n\r\n* Anna: 1\r\n- Маша: аллергия на орехи\r\n"
    )
    assert (ours / "memory/2026-01-02.md").read_text() == "# 2026-01-02\n\n- 09:00 got up\n- 10:00 met Pavel\n"
    assert (ours / "HEARTBEAT.md").read_text() == "- [ ] Water the plants\n- [ ] look at the mail"
    assert (ours / ".claude/skills/chase/SKILL.md").read_text() == "mine"
    assert "– skills/chase: left where it is (there is another skill of that name)" in outcome.out


async def test_a_dry_run_writes_nothing_and_says_the_same(jobs: Jobs) -> None:
    source = furnish(jobs.folder / "old")
    dry = await jobs("import", "openclaw", str(source), "--dry-run")
    assert dry.code == 0
    assert not (jobs.folder / "workspace").exists()
    assert "Nothing was written" in dry.out
    real = await jobs("import", "openclaw", str(source))
    assert dry.out.splitlines()[:-1] == real.out.splitlines()[:-1]


async def test_nothing_hostile_is_followed_or_read(jobs: Jobs) -> None:
    source = furnish(jobs.folder / "old")
    secret = jobs.folder / "secret.md"
    secret.write_text("the secret\n")
    outside = jobs.folder / "outside"
    (outside / "chase").mkdir(parents=True)
    (outside / "chase" / "SKILL.md").write_text(SKILL.replace("Chases", "the secret"))
    (source / "MEMORY.md").unlink()
    (source / "MEMORY.md").symlink_to(secret)
    (source / "memory" / "link.md").symlink_to(secret)
    (source / "memory" / "folder").symlink_to(outside)
    (source / "skills" / "linked").symlink_to(outside / "chase")
    (source / "skills" / "chase" / "link.md").symlink_to(secret)
    (source / "skills" / "chase" / "inner").symlink_to(outside)
    os.mkfifo(source / "memory" / "pipe.md")
    os.mkfifo(source / "skills" / "chase" / "pipe")
    (source / "memory" / "big.md").write_bytes(b"- x\n" * 300_000)
    (source / "memory" / "binary.md").write_bytes(b"\0\xff")
    (source / "memory" / "esc\x1b[2J.md").write_text("- x\n")
    outcome = await jobs("import", "openclaw", str(source))
    assert outcome.code == 0, outcome.out + outcome.err
    assert "the secret" not in "".join(everything(jobs.folder / "workspace").values())
    left = {line.split(": left")[0].removeprefix("– ") for line in outcome.out.splitlines() if ": left" in line}
    assert {
        "MEMORY.md", "memory/link.md", "memory/folder", "memory/pipe.md", "memory/big.md", "memory/binary.md",
        "skills/linked",
        "skills/chase/link.md", "skills/chase/inner", "skills/chase/pipe",
    } <= left  # fmt: skip
    assert "\x1b" not in outcome.out
    assert "✓ skills/chase" in outcome.out


async def test_what_cannot_be_written_is_said_and_the_rest_is_taken(jobs: Jobs) -> None:
    source = furnish(jobs.folder / "old")
    ours = jobs.folder / "workspace"
    ours.mkdir()
    (ours / "MEMORY.md").write_bytes("- заметка".encode("utf-16"))
    outcome = await jobs("import", "openclaw", str(source))
    assert outcome.code == 1
    assert "– MEMORY.md: left where it is (MEMORY.md: it is no UTF-8 text" in outcome.out
    assert "Some of it could not be written" in outcome.out
    assert (ours / "memory" / "2026-01-02.md").exists()
    assert (ours / "MEMORY.md").read_bytes() == "- заметка".encode("utf-16")


@pytest.mark.parametrize(
    ("path", "said"),
    [("nowhere", "is no folder that can be read"), ("empty", "is no such workspace"), ("workspace", "of Jobs itself")],
)
async def test_a_folder_that_is_none_is_said(jobs: Jobs, path: str, said: str) -> None:
    (jobs.folder / "empty").mkdir()
    furnish(jobs.folder / "workspace")
    before = everything(jobs.folder / "workspace")
    outcome = await jobs("import", "openclaw", path)
    assert (outcome.code, outcome.out.startswith("✗ ")) == (1, True)
    assert said in outcome.out
    assert everything(jobs.folder / "workspace") == before


async def test_an_import_that_is_killed_leaves_whole_files_and_is_gone_on_with(jobs: Jobs) -> None:
    source = furnish(jobs.folder / "old")
    for number in range(40):
        (source / "memory" / f"note{number}.md").write_text(f"# Note {number}\n\n" + "- one more line\n" * 20)
    dice = random.Random(3)  # noqa: S311
    for _ in range(6):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobs", "import", "openclaw", str(source), cwd=jobs.folder, env=jobs.environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert child.stdout is not None
        for _ in range(dice.randrange(1, 25)):
            await child.stdout.readline()
        child.kill()
        await child.communicate()
        for name, text in everything(jobs.folder / "workspace").items():
            if name.startswith("memory/note"):
                assert text == (source / name).read_text()
    assert (await jobs("import", "openclaw", str(source))).code == 0
    files = everything(jobs.folder / "workspace")
    assert {f"memory/note{number}.md" for number in range(40)} <= set(files)
    assert files["MEMORY.md"].count("likes tea") == 1
    assert not [name for name in files if name.endswith(".tmp")]
