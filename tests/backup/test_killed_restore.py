"""A restore that is killed leaves the old state whole or goes on to the new one; nothing is lost either way."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from backup_desk import Home, facts, tree

from jobs.backup.making import make_backup
from jobs.backup.restoring import finish
from jobs.sandbox.patience import PATIENCE

RESTORER = Path(__file__).parent / "restorer.py"
OURS = ("data/.jobs-", "workspace/.jobs-")


def restored_until(file: Path, root: Path, change: int) -> int:
    command = [sys.executable, "-B", str(RESTORER), str(file), str(root), str(change)]
    return subprocess.run(command, timeout=PATIENCE, check=False).returncode


def test_a_kill_at_one_of_many_moments_leaves_the_old_or_the_new_state_whole(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    home.furnish("tea")
    file = tmp_path / "all.backup"
    make_backup(home.places, file)
    template = Home(tmp_path / "template")
    template.root.mkdir()
    template.furnish("coffee")
    (template.places.workspace / "only here").write_text("mine")
    new = tree(home.root, but=(".env", "data/models", "data/tmp"))
    old = tree(template.root, but=(".env", "data/models", "data/tmp"))
    outcomes: list[str] = []
    change = -1
    while not outcomes or outcomes[-1] != "ended":
        change += 2
        other = Home(tmp_path / f"killed {change}")
        shutil.copytree(template.root, other.root, symlinks=True)
        code = restored_until(file, other.root, change)
        assert code in (0, -signal.SIGKILL)
        finish(other.places)  # as the next start does
        there = tree(other.root, but=(".env", "data/models", "data/tmp", *OURS))
        assert there in (old, new), f"neither the one nor the other after a kill before change {change}"
        leftovers = [path for path in other.root.rglob(".jobs-*") if not path.name.startswith(".jobs-replaced-")]
        assert leftovers == []
        if there == new:
            [kept] = [path / "db.sqlite" for path in other.places.data.glob(".jobs-replaced-*")]
            assert facts(kept) == ["coffee"], f"what was there before is lost after a kill before change {change}"
        outcomes.append("ended" if code == 0 else "new" if there == new else "old")
        shutil.rmtree(other.root)
    assert outcomes.count("old") > 5
    assert outcomes.count("new") > 5
