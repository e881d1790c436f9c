"""The one SQLite file that holds the program's state: WAL, synchronous=FULL, numbered migrations."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path

import aiosqlite

from jobs.core.errors import StorageError

Value = str | int | float | bytes | None


class Transaction:
    """What can be done between BEGIN IMMEDIATE and COMMIT."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def execute(self, sql: str, *values: Value) -> int:
        """Run one statement; returns how many rows it changed."""
        async with self._connection.execute(sql, values) as cursor:
            return cursor.rowcount

    async def insert(self, sql: str, *values: Value) -> int:
        """Run one INSERT; returns the new row's id."""
        async with self._connection.execute(sql, values) as cursor:
            if cursor.lastrowid is None:
                raise StorageError(f"The statement inserted nothing: {sql}")
            return cursor.lastrowid

    async def all(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        """Every row that a query returns."""
        async with self._connection.execute(sql, values) as cursor:
            return list(await cursor.fetchall())

    async def one(self, sql: str, *values: Value) -> sqlite3.Row | None:
        """The first row that a query returns."""
        async with self._connection.execute(sql, values) as cursor:
            return await cursor.fetchone()


class Database:
    """The open file. One connection; its users take turns."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Database]:
        """Open `path`, creating and migrating it as needed.

        Raises StorageError when the file cannot be opened, is no database, or was written by a newer version.
        """
        try:
            sqlite3.connect(path).close()  # when aiosqlite cannot open it, its thread outlives the event loop
            connection = await aiosqlite.connect(path, isolation_level=None)
        except sqlite3.Error as error:
            raise _explain(error, path) from error
        try:
            path.chmod(0o600)
            connection.row_factory = sqlite3.Row
            database = cls(connection)
            await database._prepare(path)
            yield database
        finally:
            await connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """All of the block or none of it. Raises StorageError when SQLite refuses."""
        async with self._turn:
            try:
                try:
                    await self._connection.execute("BEGIN IMMEDIATE")
                    yield Transaction(self._connection)
                    await self._connection.commit()
                except BaseException:
                    # A cancelled BEGIN is carried out all the same; after a COMMIT that was, this changes nothing.
                    await self._connection.rollback()
                    raise
            except sqlite3.Error as error:
                raise StorageError(f"The database refused: {error}.") from error

    async def check_writable(self) -> None:
        """Raises StorageError while nothing can be written."""
        async with self.transaction() as tx:
            row = await tx.one("PRAGMA user_version")
            await tx.execute(f"PRAGMA user_version = {row[0] if row else 0}")  # the same, and a page on the disk

    async def _prepare(self, path: Path) -> None:
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
                await self._connection.execute(f"PRAGMA {pragma}")
            async with self._connection.execute("PRAGMA user_version") as cursor:
                row = await cursor.fetchone()
            version = int(row[0]) if row else 0
            known = migrations()
            if version > len(known):
                raise StorageError(
                    f"{path} was written by a newer version of Jobs (schema {version}, this one knows "
                    f"{len(known)}): install that version again, or restore a backup."
                )
            for number, script in enumerate(known[version:], version + 1):
                await self._connection.executescript(
                    f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;"
                )
        except sqlite3.Error as error:
            raise _explain(error, path) from error


def migrations() -> Sequence[str]:
    """Every migration's SQL in order; the file names count from 0001 without a gap."""
    folder = resources.files("jobs.core") / "migrations"
    files = sorted((f for f in folder.iterdir() if re.fullmatch(r"\d{4}_\w+\.sql", f.name)), key=lambda f: f.name)
    for number, file in enumerate(files, 1):
        if int(file.name[:4]) != number:
            raise StorageError(f"Migration {number:04} is missing: the installation is incomplete.")
    return [f.read_text(encoding="utf-8") for f in files]


def _explain(error: sqlite3.Error, path: Path) -> StorageError:
    return StorageError(
        f"The database {path} cannot be used: {error}. Check that the folder exists, belongs to the user "
        f"who runs Jobs and has room; if the file is damaged, restore a backup."
    )
