from __future__ import annotations

import os
from pathlib import Path

import pytest
from jobs_command import Jobs


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    folder = tmp_path / "home"
    folder.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "TZ": "Etc/UTC",
        "NO_PROXY": "127.0.0.1",
        "PYTHONWARNINGS": "error",
    }
    return Jobs(folder, environment)
