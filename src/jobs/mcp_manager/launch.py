"""Starts a server of the owner's with an environment of its own. Run as a file, by Claude's CLI, without our package:

    python -I -S launch.py run DATA_DIR NAME        becomes the server
    python -I -S launch.py headers DATA_DIR NAME    prints the HTTP headers of a remote one

The CLI hands its own environment on, with our keys in it, and puts what a server is configured with on its command
line, which everybody on the machine can read: so the values are read here, from the file that only we can read.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

FILE = "mcp_servers.json"
FOLDER = "mcp"
HOME = "home"
SIGN_IN = "sign_in.json"
_PR_SET_PDEATHSIG = 1
_SIGKILL, _SIGTERM = 9, 15


def environment(values: Mapping[str, str], home: Path) -> dict[str, str]:
    """All that a server finds in its environment."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        **values,
        "HOME": str(home),
    }


def private_home(home: Path) -> None:
    """Make the folder that a server keeps its own things in, for nobody else to look into."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)


def die_with_parent(signal: int) -> None:
    """Be sent this signal when the process that started this one ends; where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)


def main(what: str, data: str, name: str) -> None:
    """Do what the command line says."""
    server = json.loads(Path(data, FILE).read_text(encoding="utf-8"))["servers"][name]
    if what == "headers":
        sys.stdout.write(
            json.dumps({**server["values"], **_signed_in(Path(data, FOLDER, name, SIGN_IN), server["url"])})
        )
        return
    home = Path(data, FOLDER, name, HOME)
    private_home(home)
    os.chdir(home)
    die_with_parent(_SIGTERM if server["kind"] == "oci" else _SIGKILL)  # which docker hands on to the container
    command = server["command"]
    os.execve(command[0], command, environment(server["values"], home))  # noqa: S606


def _signed_in(path: Path, url: str) -> dict[str, str]:
    """The header of a server that the owner has signed in to, at that address."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        tokens = kept["tokens"] if kept["url"] == url else None
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {"Authorization": f"Bearer {tokens['access_token']}"} if tokens else {}


if __name__ == "__main__":
    main(*sys.argv[1:])
