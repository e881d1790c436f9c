"""The script behind `make run`: what stands in its way is one line with the remedy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def test_an_environment_that_cannot_be_made_there_is_told_with_the_remedy() -> None:
    run = subprocess.run(
        ["sh", "scripts/bootstrap.sh", "locks/run.lock"],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "VENV": "/dev/null/.venv"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    [line] = run.stderr.splitlines()
    assert line.startswith("/dev/null/.venv cannot be written: give your user the right to write in this folder")
