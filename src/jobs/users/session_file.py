"""Which conversation a session continues: one id in one small file."""

from __future__ import annotations

import os
import re
import tempfile
import uuid
from pathlib import Path

from jobs.core.errors import StorageError

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class SessionFile:
    """`sessions/<name>.session`; written atomically, mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        """The conversation's id; None when there is none. For a damaged file, an id that no conversation has."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self._path} cannot be read: {error}.") from error
        # Something that is no id is a conversation that cannot be reopened, not none at all: the owner is told.
        return text if _ID.fullmatch(text) else str(uuid.uuid5(uuid.NAMESPACE_OID, text))

    def write(self, session_id: str) -> None:
        """Remember `session_id`."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".session-")  # made with mode 0600
            try:
                with os.fdopen(handle, "w", encoding="ascii") as file:
                    file.write(session_id + "\n")
                Path(name).replace(self._path)
            except OSError:
                Path(name).unlink()
                raise
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written: {error}.") from error

    def clear(self) -> None:
        """Forget the conversation."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be removed: {error}.") from error
