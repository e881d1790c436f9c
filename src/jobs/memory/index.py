"""`memory.sqlite`: chunks, the words in them and their vectors. Derived from the notes: it may be deleted any time.

Everything here blocks; a connection belongs to one thread at a time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import apsw

from jobs.core.errors import StorageError
from jobs.memory import analysis
from jobs.memory.chunks import Chunk

_SCHEMA = 1
_VERSION = _SCHEMA * 1000 + analysis.VERSION
_BUSY_MS = 10_000
_TABLES = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, stamp TEXT NOT NULL, digest BLOB NOT NULL, day TEXT
) STRICT;
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, file_id INTEGER NOT NULL REFERENCES files (id), first_line INTEGER NOT NULL,
    last_line INTEGER NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL, tokens TEXT NOT NULL, key BLOB NOT NULL
) STRICT;
CREATE INDEX chunks_of_file ON chunks (file_id);
CREATE INDEX chunks_by_key ON chunks (key);
-- AUTOINCREMENT: what is kept in memory of a vector is never taken for that of another.
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, model TEXT NOT NULL, bits BLOB NOT NULL,
    vector BLOB NOT NULL
) STRICT;
CREATE TABLE model (name TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (
    tokens, content = 'chunks', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M*'"
);
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, row);
"""


class Damaged(StorageError):
    """The file is no index, or a broken one: it has to be made again."""


class _Cursor(Protocol):
    def fetchall(self) -> list[tuple[object, ...]]: ...


class _Connection(Protocol):
    """What is used of apsw's, whose types are incomplete."""

    in_transaction: bool

    def execute(self, statements: str, bindings: Sequence[object], /) -> _Cursor: ...
    def set_busy_timeout(self, milliseconds: int, /) -> None: ...
    def wal_checkpoint(self, *, mode: int) -> tuple[int, int]: ...
    def close(self, force: bool = ..., /) -> None: ...


@dataclass(frozen=True, slots=True)
class Row:
    """A chunk as it is kept."""

    id: int
    name: str
    day: str | None
    first_line: int
    last_line: int
    heading: tuple[str, ...]
    text: str
    tokens: frozenset[str]
    vector: int | None
    """The id of its vector, if it has one of the present model."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A file as it was read."""

    name: str
    stamp: str
    digest: bytes
    day: str | None
    """ISO 8601."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What is to be embedded."""

    key: bytes
    heading: tuple[str, ...]
    text: str


class Index:
    """The open file. Raises Damaged where it turns out to be, StorageError when it cannot be read or written."""

    def __init__(self, path: Path, *, follows: bool = False) -> None:
        self._path = path
        try:
            flags = apsw.SQLITE_OPEN_READONLY if follows else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
            self._db = cast("_Connection", apsw.Connection(str(path), flags=flags))
        except apsw.Error as error:
            raise _translated(error, path) from error
        self._taken_out: set[bytes] | None = set()
        """The keys of what is to be wiped; None when there is nothing, as there may be after a crash."""

    @classmethod
    def open(cls, path: Path) -> Index:
        """To write: the file is made where there is none, and made anew where another version has written it."""
        index = cls(path)
        try:
            path.chmod(0o600)
            index._prepare()
        except BaseException:
            index.close()
            raise
        return index

    @classmethod
    def follow(cls, path: Path) -> Index:
        """To read what another connection writes."""
        index = cls(path, follows=True)
        index._db.set_busy_timeout(_BUSY_MS)
        return index

    def close(self) -> None:
        """Give the file back."""
        self._db.close(True)

    def check(self) -> None:
        """Look through the whole file. Raises Damaged."""
        found = [str(row[0]) for row in self._all("PRAGMA quick_check(1)")]
        if found != ["ok"]:
            raise Damaged(f"{self._path} is damaged: {found[0] if found else 'it cannot be checked'}")
        self._run("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")

    # ---- files and their words ----

    def stamps(self) -> dict[str, str]:
        """The stamp of every file at the time when it was read."""
        return {str(name): str(stamp) for name, stamp in self._all("SELECT name, stamp FROM files")}

    def digest(self, name: str) -> bytes | None:
        """What the file held when it was read."""
        rows = self._all("SELECT digest FROM files WHERE name = ?", name)
        return cast("bytes", rows[0][0]) if rows else None

    def touch(self, name: str, stamp: str) -> None:
        """The file has been changed, but not its text."""
        self._run("UPDATE files SET stamp = ? WHERE name = ?", stamp, name)

    def put(self, file: Indexed, chunks: Sequence[Chunk], model: str) -> None:
        """Keep what a file holds now, in place of what it held. Chunks that stay the same keep their rows."""
        with self._transaction():
            rows = self._all(
                "INSERT INTO files (name, stamp, digest, day) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE "
                "SET stamp = excluded.stamp, digest = excluded.digest, day = excluded.day RETURNING id",
                file.name, file.stamp, file.digest, file.day,
            )  # fmt: skip
            file_id = int(cast("int", rows[0][0]))
            tokens_before = self._take_out(file_id)
            extra = analysis.day_tokens(file.day) if file.day else []
            for chunk in chunks:
                key = chunk.key(model)
                tokens = tokens_before.get(key) or " ".join(
                    [*extra, *analysis.tokens_of(" \n".join((*chunk.heading, chunk.text)))]
                )
                self._run(
                    "INSERT INTO chunks (file_id, first_line, last_line, heading, text, tokens, key) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    file_id, chunk.first_line, chunk.last_line, json.dumps(chunk.heading), chunk.text,
                    tokens, key,
                )  # fmt: skip
                self._run("INSERT INTO words (rowid, tokens) VALUES (last_insert_rowid(), ?)", tokens)

    def drop(self, names: Iterable[str]) -> None:
        """Keep nothing of these files any more."""
        with self._transaction():
            for name in names:
                for (file_id,) in self._all("SELECT id FROM files WHERE name = ?", name):
                    self._take_out(cast("int", file_id))
                    self._run("DELETE FROM files WHERE id = ?", file_id)

    def wipe(self) -> None:
        """Let nothing of what was taken out stay in the file, its vectors included; tried again after a failure."""
        if self._taken_out is None:
            return
        with self._transaction():
            for key in self._taken_out:
                self._run(
                    "DELETE FROM vectors WHERE key = ? AND NOT EXISTS (SELECT 1 FROM chunks WHERE key = ?)", key, key
                )
        # The log of changes holds the pages as they were; readers that are underway are waited for.
        with self._translating():
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._taken_out = None

    def _take_out(self, file_id: int) -> Mapping[bytes, str]:
        before = self._all("SELECT id, tokens, key FROM chunks WHERE file_id = ?", file_id)
        for chunk_id, tokens, _ in before:
            self._run("INSERT INTO words (words, rowid, tokens) VALUES ('delete', ?, ?)", chunk_id, tokens)
        self._run("DELETE FROM chunks WHERE file_id = ?", file_id)
        tokens_of = {cast("bytes", key): str(tokens) for _, tokens, key in before}
        self._taken_out = (self._taken_out or set()) | tokens_of.keys()
        return tokens_of

    # ---- vectors ----

    def use_model(self, model: str) -> None:
        """Vectors are of this model from now on; those of another one go, and chunks are keyed anew."""
        with self._transaction():
            present = self._all("SELECT name FROM model")
            if present == [(model,)]:
                return
            self._run("DELETE FROM model")
            self._run("INSERT INTO model (name) VALUES (?)", model)
            self._run("DELETE FROM vectors")
            rows = self._all("SELECT id, first_line, last_line, heading, text FROM chunks")
            for chunk_id, first, last, heading, text in rows:
                chunk = Chunk(cast("int", first), cast("int", last), _heading(heading), str(text))
                self._run("UPDATE chunks SET key = ? WHERE id = ?", chunk.key(model), chunk_id)

    def missing(self, most: int) -> list[Missing]:
        """Some of the chunks that have no vector; those of the newest days first."""
        rows = self._all(
            "SELECT c.key, c.heading, c.text FROM chunks c JOIN files f ON f.id = c.file_id "
            "WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.key = c.key) "
            "GROUP BY c.key ORDER BY f.day IS NOT NULL, f.day DESC, c.id LIMIT ?",
            most,
        )
        return [Missing(cast("bytes", key), _heading(heading), str(text)) for key, heading, text in rows]

    def coverage(self) -> tuple[int, int]:
        """How many different chunks there are, and how many of them have a vector."""
        rows = self._all(
            "SELECT (SELECT count(DISTINCT key) FROM chunks), "
            "(SELECT count(*) FROM vectors WHERE key IN (SELECT key FROM chunks))"
        )
        return cast("tuple[int, int]", rows[0])

    def add_vectors(self, model: str, vectors: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        """Keep vectors (key, bits, vector) of chunks that are still there."""
        with self._transaction():
            for key, bits, vector in vectors:
                self._run(
                    "INSERT INTO vectors (key, model, bits, vector) SELECT ?, ?, ?, ? "
                    "WHERE EXISTS (SELECT 1 FROM chunks WHERE key = ?) ON CONFLICT (key) DO NOTHING",
                    key, model, bits, vector, key,
                )  # fmt: skip

    def bits_after(self, vector_id: int, model: str) -> list[tuple[int, bytes]]:
        """The bits of every vector that came after another."""
        rows = self._all("SELECT id, bits FROM vectors WHERE id > ? AND model = ? ORDER BY id", vector_id, model)
        return cast("list[tuple[int, bytes]]", rows)

    def vectors(self, ids: Collection[int]) -> list[tuple[int, bytes]]:
        """The vectors with these ids that are still there."""
        rows = self._all("SELECT id, vector FROM vectors WHERE id IN (SELECT value FROM json_each(?))", _array(ids))
        return cast("list[tuple[int, bytes]]", rows)

    def vectors_since(self, day: str) -> list[int]:
        """The ids of the vectors of what was written on a day or later, or has no day."""
        rows = self._all(
            "SELECT DISTINCT v.id FROM files f JOIN chunks c ON c.file_id = f.id JOIN vectors v ON v.key = c.key "
            "WHERE f.day IS NULL OR f.day >= ?",
            day,
        )
        return [cast("int", vector_id) for (vector_id,) in rows]

    # ---- searching ----

    def count(self) -> int:
        """How many chunks there are."""
        return cast("int", self._all("SELECT count(*) FROM chunks")[0][0])

    def frequency(self, token: str, most: int) -> int:
        """In how many chunks a token stands; counted up to `most`, as a common one stands in very many."""
        sql = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
        return cast("int", self._all(sql, f'"{token}"', most)[0][0])

    def spelled_like(self, word: str) -> list[str]:
        """The words that begin alike."""
        begin = word[:1]
        rows = self._all("SELECT term FROM vocabulary WHERE term >= ? AND term < ?", begin, begin + "\U0010ffff")
        return [str(term) for (term,) in rows]

    def matching(self, tokens: Collection[str], most: int, since: str | None) -> list[tuple[int, float]]:
        """Chunks that hold any of these tokens: their ids and BM25 (more is better), best first."""
        asked = " OR ".join(f'"{token}"' for token in tokens)
        if since is None:
            sql = "SELECT rowid, -rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
            rows = self._all(sql, asked, most)
        else:
            sql = (
                "SELECT words.rowid, -bm25(words) FROM words JOIN chunks c ON c.id = words.rowid "
                "JOIN files f ON f.id = c.file_id WHERE words MATCH ? AND (f.day IS NULL OR f.day >= ?) "
                "ORDER BY bm25(words) LIMIT ?"
            )
            rows = self._all(sql, asked, since, most)
        return cast("list[tuple[int, float]]", rows)

    def rows(self, ids: Collection[int] = (), *, vectors: Collection[int] = ()) -> list[Row]:
        """Chunks by their ids, and those that have one of these vectors."""
        found = self._all(
            "SELECT c.id, f.name, f.day, c.first_line, c.last_line, c.heading, c.text, c.tokens, v.id FROM chunks c "
            "JOIN files f ON f.id = c.file_id LEFT JOIN vectors v ON v.key = c.key WHERE c.id IN "
            "(SELECT value FROM json_each(?) UNION SELECT x.id FROM json_each(?) j JOIN vectors w ON w.id = j.value "
            "JOIN chunks x ON x.key = w.key)",
            _array(ids), _array(vectors),
        )  # fmt: skip
        return [_row(*one) for one in found]

    # ---- below ----

    def _prepare(self) -> None:
        self._db.set_busy_timeout(_BUSY_MS)
        for pragma in ("secure_delete = ON", "journal_mode = WAL", "synchronous = NORMAL"):
            self._all(f"PRAGMA {pragma}")
        version = self._all("PRAGMA user_version")[0][0]
        if version == _VERSION:
            return
        if version != 0 or self._all("SELECT 1 FROM sqlite_schema LIMIT 1"):
            raise Damaged(f"{self._path} was written by another version")
        with self._transaction():
            self._run(_TABLES)
            self._run(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._run("BEGIN IMMEDIATE")
        try:
            yield
            self._run("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                with suppress(StorageError):
                    self._run("ROLLBACK")
            raise

    def _run(self, sql: str, *values: object) -> None:
        self._all(sql, *values)

    def _all(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with self._translating():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _translating(self) -> Generator[None]:
        try:
            yield
        except apsw.Error as error:
            raise _translated(error, self._path) from error


def _translated(error: apsw.Error, path: Path) -> StorageError:
    # A table that is missing in a file of our version is damage as well.
    if isinstance(error, apsw.CorruptError | apsw.NotADBError | apsw.SQLError | apsw.SchemaChangeError):
        return Damaged(f"{path} is damaged: {error}")
    return StorageError(f"{path} cannot be used: {error}")


def _array(ids: Collection[int]) -> str:
    return json.dumps(list(ids))


def _heading(text: object) -> tuple[str, ...]:
    return tuple(cast("list[str]", json.loads(str(text))))


def _row(*columns: object) -> Row:
    chunk_id, name, day, first, last, heading, text, tokens, vector = columns
    return Row(
        cast("int", chunk_id), str(name), cast("str | None", day), cast("int", first), cast("int", last),
        _heading(heading), str(text), frozenset(str(tokens).split()), cast("int | None", vector),
    )  # fmt: skip
