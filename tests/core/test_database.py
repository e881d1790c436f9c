"""A transaction is all or nothing, whatever strikes it, and the file is what the next start can use."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from interruption import cancelled_at, cancelled_everywhere
from jobs.core.database import Database
from jobs.core.errors import StorageError

ADD = "INSERT INTO chats (chat_id, reconciled_id) VALUES (?, ?)"


async def chats(database: Database) -> list[int]:
    async with database.transaction() as tx:
        return [row["chat_id"] for row in await tx.all("SELECT chat_id FROM chats ORDER BY chat_id")]


async def add(database: Database, *numbers: int) -> None:
    async with database.transaction() as tx:
        for number in numbers:
            await tx.execute(ADD, number, 0)


async def pragma(database: Database, name: str) -> object:
    async with database.transaction() as tx:
        row = await tx.one(f"PRAGMA {name}")
        return row[0] if row else None


async def test_an_exception_undoes_the_whole_block(database: Database) -> None:
    async def fail_half_way() -> None:
        async with database.transaction() as tx:
            await tx.execute(ADD, 1, 0)
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        await fail_half_way()
    assert await chats(database) == []


async def test_a_statement_that_sqlite_refuses_undoes_the_whole_block_and_is_a_sentence(database: Database) -> None:
    with pytest.raises(StorageError, match=r"The database refused: .*UNIQUE"):
        await add(database, 1, 1)
    assert await chats(database) == []


async def test_a_cancellation_at_any_instant_leaves_all_or_nothing_and_the_next_one_works(database: Database) -> None:
    async for step in cancelled_everywhere(lambda step: add(database, 10 * step + 1, 10 * step + 2)):
        there = set(await chats(database))
        assert len(there & {10 * step + 1, 10 * step + 2}) in (0, 2)


async def test_a_cancellation_while_another_has_its_turn_disturbs_nobody(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(ADD, 1, 0)
        assert await cancelled_at(0, add(database, 2, 3))
        await tx.execute(ADD, 4, 0)
    assert await chats(database) == [1, 4]


async def test_two_transactions_at_once_take_turns(database: Database) -> None:
    async def count_up() -> None:
        async with database.transaction() as tx:
            row = await tx.one("SELECT count(*) AS n FROM chats")
            assert row is not None
            await tx.execute(ADD, row["n"], 0)

    await asyncio.gather(*(count_up() for _ in range(20)))
    assert await chats(database) == list(range(20))


async def test_what_was_read_stays_true_until_the_transaction_ends(database: Database, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db.sqlite", isolation_level=None, timeout=0)) as other:
        async with database.transaction() as tx:
            assert await tx.all("SELECT * FROM chats") == []
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute(ADD, (1, 0))
        other.execute(ADD, (1, 0))


async def test_what_is_committed_is_there_for_the_next_opening(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    async with Database.open(path) as database:
        await add(database, 1, 2)
    async with Database.open(path) as database:
        assert await chats(database) == [1, 2]


async def test_the_file_is_for_its_owner_alone_and_keeps_what_is_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    async with Database.open(path) as database:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await pragma(database, "journal_mode") == "wal"
        assert await pragma(database, "synchronous") == 2  # FULL: on the disk before it is acknowledged


async def test_a_full_disk_is_a_sentence_and_loses_nothing(database: Database) -> None:
    await add(database, 1)
    await pragma(database, f"max_page_count = {await pragma(database, 'page_count')}")
    with pytest.raises(StorageError, match="full"):
        await add(database, *range(2, 10_000))
    assert await chats(database) == [1]
    await pragma(database, "max_page_count = 100000")
    await add(database, 2, 3)
    assert await chats(database) == [1, 2, 3]


async def test_somebody_elses_lock_is_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    async with Database.open(path) as database:
        await pragma(database, "busy_timeout = 10")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError, match="locked"):
                await add(database, 1, 2)
        await add(database, 1, 2)
        assert await chats(database) == [1, 2]


async def test_whether_anything_can_be_written_is_found_by_writing(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    async with Database.open(path) as database:
        version = await pragma(database, "user_version")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        try:
            with pytest.raises(StorageError):
                await database.check_writable()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        await database.check_writable()
        assert await pragma(database, "user_version") == version


async def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be used: .*Check that the folder exists"):
        async with Database.open(tmp_path / "nowhere" / "db.sqlite"):
            pass
