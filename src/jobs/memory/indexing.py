"""Keeps the index what the notes are: the writing side. Belongs to one thread."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Iterable
from pathlib import Path

from jobs.core.errors import StorageError
from jobs.memory.chunks import chunks_of
from jobs.memory.index import Damaged, Index, Indexed, Missing
from jobs.memory.notes import NoteFile, Notes

log = logging.getLogger(__name__)

_SETTLED = 0.1
"""Seconds; a file that was changed less long ago may be changed again without a new time."""
_FILES_TO_TELL_OF = 200


class Indexing:
    """One process writes; another one that has the same folder open only reads.

    `generation` counts how often the file was made anew: whoever reads it has to open it again then.
    """

    def __init__(self, path: Path, notes: Notes, model: str) -> None:
        self._path = path
        self._notes = notes
        self._model = model
        self._index: Index | None = None
        self._opened_as: tuple[int, int] | None = None
        self._lock: int | None = None
        self.generation = 0
        self.stopping = False
        self.damage: str | None = None
        """What was wrong with the file when it was last made anew."""

    def close(self) -> None:
        """Give the file back."""
        if self._index is not None:
            self._index.close()
            self._index = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def leads(self) -> bool:
        """Whether this process writes."""
        return self._lock is not None

    def refresh(self) -> bool:
        """Index what has changed; whether anything had. Raises StorageError."""
        files = self._notes.files()
        if not self._take_lead() or (self._index is None and not files and not self._path.exists()):
            return False
        try:
            return self._refresh(self._opened(), files)
        except Damaged as error:
            self.heal(error)
            return True

    def check(self) -> None:
        """Look through the file, and make it anew if it is damaged."""
        if not self._take_lead() or not self._path.exists():
            return
        try:
            self._opened().check()
        except Damaged as error:
            self.heal(error)

    def heal(self, error: Damaged | None = None) -> None:
        """Make the index anew from the notes. Raises StorageError."""
        if not self._take_lead():
            raise StorageError(f"{self._path} is written by another process: it has to be made anew there")
        if error is not None:
            log.warning("%s; it is made anew from the notes", error)
            self.damage = str(error)
        if self._index is not None:
            self._index.close()
            self._index = None
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        self.generation += 1
        self._refresh(self._opened(), self._notes.files())

    def missing(self, most: int) -> list[Missing]:
        """Chunks that are to be embedded. Raises StorageError."""
        return self._index.missing(most) if self._index is not None else []

    def coverage(self) -> tuple[int, int]:
        """How many chunks there are, and how many of them are embedded. Raises StorageError."""
        return self._index.coverage() if self._index is not None else (0, 0)

    def add_vectors(self, vectors: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        """Keep vectors (key, bits, vector). Raises StorageError."""
        if self._index is not None:
            self._index.add_vectors(self._model, vectors)

    def _opened(self) -> Index:
        if self._index is not None and _identity(self._path) != self._opened_as:
            log.warning("%s is not the file any more that it was; the index is opened anew", self._path)
            self._index.close()
            self._index = None
            self.generation += 1
        if self._index is None:
            self._index = Index.open(self._path)
            self._index.use_model(self._model)
            self._opened_as = _identity(self._path)
        return self._index

    def _take_lead(self) -> bool:
        if self._lock is not None:
            return True
        try:
            handle = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return False
        self._lock = handle
        return True

    def _refresh(self, index: Index, files: dict[str, NoteFile]) -> bool:
        known = index.stamps()
        gone = known.keys() - files.keys()
        changed = [file for name, file in files.items() if known.get(name) != file.stamp]
        unreadable: set[str] = set()
        rewritten = bool(gone)
        if len(changed) > _FILES_TO_TELL_OF:
            log.info("Indexing %d files of notes", len(changed))
        for number, file in enumerate(changed, 1):
            if self.stopping:
                break
            rewritten |= self._take_in(index, file, unreadable)
            if number % _FILES_TO_TELL_OF == 0:
                log.info("Indexed %d of %d files of notes", number, len(changed))
        gone |= unreadable & known.keys()
        if gone:
            index.drop(gone)
        index.wipe()
        return rewritten or bool(gone)

    def _take_in(self, index: Index, file: NoteFile, unreadable: set[str]) -> bool:
        """Index one file; whether its text had changed."""
        text = self._notes.read(file)
        if text is None:
            unreadable.add(file.name)
            return False
        stamp = file.stamp if time.time() - file.changed_at > _SETTLED else ""
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        if index.digest(file.name) == digest:
            index.touch(file.name, stamp)
            return False
        day = file.day.isoformat() if file.day is not None else None
        index.put(Indexed(file.name, stamp, digest, day), chunks_of(text), self._model)
        return True


def _identity(path: Path) -> tuple[int, int] | None:
    """Another one when a file was deleted or replaced, which an open handle does not notice."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
