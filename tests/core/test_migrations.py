"""A database of any age becomes today's, keeping its rows; one that cannot is refused with a sentence."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from importlib import resources
from pathlib import Path

import pytest

from jobs.core.database import Database, migrations
from jobs.core.errors import StorageError

NEWEST = len(migrations())


def schema(path: Path) -> list[tuple[str, str, str]]:
    """Every table and index with its definition, blanks and comments aside."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    return sorted((kind, name, " ".join(re.sub(r"--[^\n]*", "", sql).split())) for kind, name, sql in rows)


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def of_version(path: Path, number: int) -> None:
    """Make a database as the program of that age left it, with a row in each of its tables."""
    with closing(sqlite3.connect(path)) as connection:
        for script in migrations()[:number]:
            connection.executescript(script)
        connection.execute(f"PRAGMA user_version = {number}")
        for table in tables(connection):
            fill(connection, table)
        connection.commit()


def tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]


def counts(path: Path) -> dict[str, int]:
    """How many rows each table has."""
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT count(*) FROM {}"
        return {name: connection.execute(sql.format(name)).fetchone()[0] for name in tables(connection)}


def fill(connection: sqlite3.Connection, table: str) -> None:
    """Insert a row with a plausible value in every column that needs one."""
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    needed = {name: kind for _, name, kind, not_null, default, _ in columns if not_null and default is None}
    (definition,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    values = [
        first_allowed(definition, name) or (1 if kind in ("INTEGER", "REAL") else "x") for name, kind in needed.items()
    ]
    marks = ", ".join("?" for _ in values)
    sql = f"INSERT INTO {table} ({', '.join(needed)}) VALUES ({marks})"  # noqa: S608 - names of our own
    connection.execute(sql, values)


def first_allowed(sql: str, column: str) -> str | None:
    """The first value that a CHECK lets a column have."""
    found = re.search(rf"\b{column} [^,]*CHECK \({column} IN \('(\w+)'", sql)
    return found[1] if found else None


async def test_an_empty_folder_gets_the_newest_schema(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    async with Database.open(path):
        pass
    assert version(path) == NEWEST
    assert {"inbox", "outbox", "tool_effects", "usage_events", "chats"} <= set(counts(path))


@pytest.mark.parametrize("age", range(NEWEST + 1))
async def test_a_database_of_any_version_becomes_the_newest_and_keeps_its_rows(tmp_path: Path, age: int) -> None:
    fresh, old = tmp_path / "fresh.sqlite", tmp_path / "old.sqlite"
    of_version(old, age)
    before = counts(old)
    assert all(count == 1 for count in before.values())
    for path in (fresh, old):
        async with Database.open(path):
            pass
    assert version(old) == NEWEST
    assert schema(old) == schema(fresh)
    assert counts(old) == dict.fromkeys(counts(fresh), 0) | before


async def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    async with Database.open(path):
        pass
    before = schema(path)
    async with Database.open(path):
        pass
    assert schema(path) == before


def test_migrations_count_from_one_without_a_gap() -> None:
    folder = resources.files("jobs.core") / "migrations"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    assert names
    assert [int(re.fullmatch(r"(\d{4})_[a-z_]+\.sql", name)[1]) for name in names] == list(range(1, len(names) + 1))  # type: ignore[index]
    assert len(names) == NEWEST


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    of_version(path, NEWEST)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    before = schema(path)
    with pytest.raises(StorageError, match=rf"newer version of Jobs \(schema {NEWEST + 1}, .* restore a backup"):
        async with Database.open(path):
            pass
    assert (schema(path), version(path)) == (before, NEWEST + 1)


@pytest.mark.parametrize(
    "content", [b"not a database at all, but a letter to a friend\n" * 100, bytes(4096) + b"\xff" * 99]
)
async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "db.sqlite"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"cannot be used: .*restore a backup"):
        async with Database.open(path):
            pass
    assert path.read_bytes() == content


async def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE usage_events (mine TEXT)")  # in the way of the first migration
    before = schema(path)
    with pytest.raises(StorageError, match="already exists"):
        async with Database.open(path):
            pass
    assert (schema(path), version(path)) == (before, 0)
