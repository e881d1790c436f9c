"""The containers of servers that come as images: killing the program that started one does not end it."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from pathlib import Path

from jobs.mcp_manager.launch import FILE, FOLDER

log = logging.getLogger(__name__)

_LABEL = "jobs.mcp"
_SECONDS = 20.0


def label(servers: Path) -> str:
    """The option by which each is found again. `servers`: the folder of all of them."""
    return f"--label={_LABEL}={servers}"


def end_containers(data: Path) -> None:
    """End those that have been left to themselves. Blocks, for up to two times 20 s where docker hangs."""
    docker = shutil.which("docker")
    if docker is None or not _has_images(data):
        return
    try:
        found = _said(docker, "ps", "--all", "--quiet", "--filter", f"label={_LABEL}={data / FOLDER}").split()
        if found:
            _said(docker, "rm", "--force", *found)
            log.info("Ended %d containers that MCP servers left behind", len(found))
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("The containers of MCP servers could not be ended: %s", error)


def _has_images(data: Path) -> bool:
    try:
        servers: dict[str, dict[str, object]] = json.loads((data / FILE).read_bytes())["servers"]
        return any(server["kind"] == "oci" for server in servers.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _said(*command: str) -> str:
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS, check=True
    )
    return ended.stdout
