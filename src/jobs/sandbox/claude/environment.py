"""The environment in which the Claude CLI talks to a sandbox API and touches nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from .server import MessagesServer

API_KEY = "sk-ant-api03-sandbox"


def environment(server: MessagesServer, home: Path, *, api_key: str = API_KEY) -> dict[str, str]:
    """Variables for a CLI (or a daemon that starts one); its files stay under `home`, which must exist.

    The SDK adds the parent process's variables to these, so ANTHROPIC_* and CLAUDE_* must not be set there.
    """
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / ".claude"),
        "CLAUDE_CODE_TMPDIR": str(home / "tmp"),
        "ANTHROPIC_BASE_URL": server.base_url,
        "ANTHROPIC_API_KEY": api_key,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    if os.geteuid() == 0:
        variables["IS_SANDBOX"] = "1"
    (home / "tmp").mkdir(exist_ok=True)
    return variables
