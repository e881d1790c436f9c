"""An installation's folders as they are on a disk, and what is in them as something to compare."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from jobs.backup.places import Places
from jobs.core.database import migrations


@dataclass(frozen=True)
class Home:
    """Everything below `root`."""

    root: Path

    @property
    def places(self) -> Places:
        return Places(self.root / "data", self.root / "workspace", self.root / "data" / "telethon.session", self.env)

    @property
    def env(self) -> Path:
        return self.root / ".env"

    @property
    def state(self) -> Path:
        return self.places.data / "db.sqlite"

    def furnish(self, fact: str) -> Home:
        """Folders as after a day's work; `fact` stands in several of them."""
        for folder in ("data/.claude/projects", "data/models", "data/tmp", "workspace/memory", "workspace/cache"):
            (self.root / folder).mkdir(parents=True)
        database(self.state, fact)
        database(self.places.session, "signed in")
        data, workspace = self.places.data, self.places.workspace
        (data / ".claude/projects/a.jsonl").write_text(f'{{"text": "{fact}"}}\n')
        (data / "mcp_servers.json").write_text("{}")
        (data / "mcp_servers.json").chmod(0o600)
        (workspace / "MEMORY.md").write_text(f"- {fact}\n")
        (workspace / "empty").mkdir()
        (workspace / "run.sh").write_text("#!/bin/sh\n")
        (workspace / "run.sh").chmod(0o755)
        (workspace / "notes.md").symlink_to("MEMORY.md")
        (workspace / "away").symlink_to("/nowhere/at/all")
        (workspace / "имя с \n переводом").write_text("odd")
        self.env.write_text(f"TG_USER_ID=1 # {fact}\n")
        return self

    def clutter(self) -> Home:
        """What a running program has, and caches."""
        data, workspace = self.places.data, self.places.workspace
        (data / "lock").touch()
        (data / "models" / "e5.onnx").write_text("large")
        (data / "memory.sqlite").write_text("index")
        (data / "claude-owner.pid").write_text("1")
        (workspace / "cache" / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55")
        (workspace / "cache" / "big").write_text("x")
        (workspace / "node_modules").mkdir()
        (workspace / "node_modules" / "big.js").write_text("x")
        os.mkfifo(workspace / "pipe")
        return self


def database(path: Path, fact: str) -> None:
    """A SQLite file in the mode that ours have, one row in it."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE facts (text TEXT)")
        connection.execute("INSERT INTO facts VALUES (?)", (fact,))
        connection.execute(f"PRAGMA user_version = {len(migrations())}")


def facts(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM facts")]


def tree(folder: Path, *, but: tuple[str, ...] = ()) -> dict[str, object]:
    """What is in a folder, by name; of databases the rows, for SQLite writes their files as it likes."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.startswith(but) or name.endswith(("-wal", "-shm")):
            continue
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            found[name] = str(path.readlink())
        elif stat.S_ISDIR(mode):
            found[name] = oct(mode)
        elif stat.S_ISREG(mode):
            is_database = path.read_bytes()[:6] == b"SQLite"
            found[name] = (oct(mode), facts(path) if is_database else path.read_bytes())
    return found
