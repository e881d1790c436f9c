"""Marketplaces and plugins as real folders and git repositories."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

Files = Mapping[str, str]
Fields = Mapping[str, JsonValue]


def write(folder: Path, files: Files) -> Path:
    """Put files into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def marketplace(folder: Path, *entries: JsonValue, name: str = "garden", **more: JsonValue) -> Path:
    """A folder that lists plugins."""
    listed = {"name": name, "owner": {"name": "Greta"}, "plugins": list(entries), **more}
    return write(folder, {".claude-plugin/marketplace.json": json.dumps(listed)})


def committed(folder: Path, message: str = "all") -> str:
    """Make a repository of a folder, or a further commit; returns that."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD").strip()


def git(folder: Path, *words: str) -> str:
    """Run git in a folder; returns what it prints."""
    settings = ("-c", "user.name=Greta", "-c", "user.email=greta@example.org", "-c", "protocol.file.allow=always")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *settings, *words], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def skill(name: str, description: str, text: str) -> str:
    """A SKILL.md."""
    return f"---\nname: {name}\ndescription: {description}\n---\n{text}\n"


def command(description: str, text: str) -> str:
    """A slash command."""
    return f"---\ndescription: {description}\n---\n{text}\n"
