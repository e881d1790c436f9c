"""Restores, and is killed before the n-th change of the file system: `restorer.py FILE ROOT N`."""

import os
import signal
import sys
from pathlib import Path

from backup_desk import Home

from jobs.backup.restoring import restore

CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink", "os.chmod", "os.utime", "shutil.rmtree"}
file, root, left = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])


def count(event: str, arguments: tuple[object, ...]) -> None:
    global left  # noqa: PLW0603
    changes = event in CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT)
    if changes:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(count)
restore(Home(root).places, file)
