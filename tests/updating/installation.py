"""An installation from a git repository that publishes new versions, both on this machine; nothing is downloaded."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

from jobs.core.database import migrations
from jobs.sandbox.launching import Process
from jobs.sandbox.patience import PATIENCE
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from jobs.updating.building import seed
from jobs.updating.state import Release, Releases, State

PROJECT = Path(__file__).resolve().parents[2]
TAKEN = ("src", "scripts", "locks", "skills", "pyproject.toml", "README.md", "CHANGELOG.md", "Makefile")
OLD, NEW = "0.1.0", "0.2.0"
TABLE = "CREATE TABLE whistles (id INTEGER PRIMARY KEY) STRICT;"
"""A migration."""
Edits = Mapping[str, tuple[str, str]]
"""By the name of a module: what is put in the place of what."""


class Upstream:
    """The repository that versions are published in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def begun(cls, folder: Path) -> Upstream:
        """With the first version: this very project."""
        folder.mkdir()
        for name in TAKEN:
            if (PROJECT / name).is_dir():
                shutil.copytree(
                    PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
                )
            else:
                shutil.copy2(PROJECT / name, folder / name)
        upstream = cls(folder)
        upstream.git("init", "--quiet", "--initial-branch=main")
        upstream.commit("the beginning", f"v{OLD}")
        return upstream

    def copied(self, folder: Path) -> Upstream:
        """The same history, to be continued by itself."""
        self.git("clone", "--quiet", str(self.folder), str(folder))
        return Upstream(folder)

    def git(self, *words: str) -> str:
        """What git says."""
        settings = ("-c", "user.name=Publisher", "-c", "user.email=publisher@example.org", "-c", "commit.gpgsign=false")
        command = ("git", *settings, "-C", str(self.folder), *words)
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout.strip()

    def commit(self, message: str, tag: str = "") -> str:
        """Everything as it is; returns the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def publish(self, version: str, news: str = "- Something new.", edits: Edits | None = None) -> str:
        """A version with a line in its changelog."""
        self.write_version(version)
        changelog = self.folder / "CHANGELOG.md"
        changelog.write_text(changelog.read_text().replace("### Added\n", f"### Added\n{news}\n", 1))
        for name, (before, after) in (edits or {}).items():
            file = self.folder / "src" / "jobs" / f"{name}.py"
            text = file.read_text()
            assert before in text
            file.write_text(text.replace(before, after, 1))
        return self.commit(version, f"v{version}")

    def write_version(self, version: str) -> None:
        """Into the file that says which version it is."""
        file = self.folder / "src" / "jobs" / "__init__.py"
        file.write_text(re.sub(r'"[\d.]+"', f'"{version}"', file.read_text()))

    def migrate(self, sql: str) -> None:
        """Give the next version a migration."""
        folder = self.folder / "src" / "jobs" / "core" / "migrations"
        number = len(list(folder.glob("*.sql"))) + 1
        (folder / f"{number:04}_next.sql").write_text(sql)


class Installation:
    """A checkout of a repository with an environment of its own: what `make run` makes."""

    def __init__(self, upstream: Upstream, folder: Path) -> None:
        self.upstream = upstream
        self.folder = folder
        upstream.git("clone", "--quiet", str(upstream.folder), str(folder))
        subprocess.run(
            (sys.executable, "-m", "venv", "--without-pip", ".venv"), cwd=folder, check=True, timeout=PATIENCE
        )
        seed(folder)
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "VENV": ".venv"}
        command = ("sh", "scripts/bootstrap.sh", "locks/run.lock")
        subprocess.run(command, cwd=folder, env=environment, check=True, timeout=PATIENCE, capture_output=True)

    @property
    def python(self) -> Path:
        """Of its environment."""
        return self.folder / ".venv" / "bin" / "python"

    @property
    def commit(self) -> str:
        """That is checked out."""
        return Upstream(self.folder).git("rev-parse", "HEAD")

    async def launch(self, cwd: Path, environment: Mapping[str, str]) -> Process:
        """As a person starts it; see `jobs.sandbox.launching`."""
        return await asyncio.create_subprocess_exec(
            self.python, "-m", "jobs", "run", cwd=cwd, env=dict(environment), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=1 << 20,
        )  # fmt: skip

    async def jobs(self, stage: Stage, *arguments: str, largest: int | None = None) -> tuple[int, str]:
        """The exit code and all that `jobs …` says; no file that it writes gets larger than so many bytes."""
        bounded = ("prlimit", f"--fsize={largest}") if largest else ()
        process = await asyncio.create_subprocess_exec(
            *bounded, self.python, "-m", "jobs", *arguments, cwd=stage.root, env=dict(stage.environment()),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate()
        return process.returncode or 0, out.decode()


def put_beside(stage: Stage, installation: Installation, program: str, version: str = NEW) -> State:
    """A release that is chosen without having been built: `program`, a shell script, is what runs as its Python."""
    releases = Releases(stage.data_dir)
    python = releases.folder / f"{version}-b" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o755)
    releases.mark_whole(f"{version}-b")
    commit, schema = installation.commit, len(migrations())
    by_hand = Release("", OLD, commit, schema)
    return releases.write(State(commit, "chosen", by_hand, Release(f"{version}-b", version, "b" * 40, schema)))


async def used(stage: Stage) -> Person:
    """Somebody has talked with it, and it is not running now."""
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    await stage.nothing_waits()
    await daemon.stop()
    return owner


async def answers(stage: Stage, owner: Person) -> None:
    """One answer to one message more, and no more than that."""
    before = owner.texts.count("Fine.")
    await owner.send("still there?")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") > before)
    await stage.nothing_waits()
    assert owner.texts.count("Fine.") == before + 1


async def runs(stage: Stage, installation: Installation) -> str:
    """The version that says that it is well."""
    code, said = await installation.jobs(stage, "health")
    assert code == 0, said
    return OLD if OLD in said else NEW if NEW in said else said


def releases_state(releases: Releases) -> State:
    """What the file says, whatever checkout this is."""
    return TypeAdapter(State).validate_json((releases.folder / "state.json").read_bytes())


async def reached(releases: Releases, *phases: str) -> None:
    """Return once the update is in one of the phases."""
    async with asyncio.timeout(PATIENCE):
        while releases_state(releases).phase not in phases:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)
