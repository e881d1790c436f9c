"""A JSON file that says what is installed: written whole or not at all, and a damaged one costs nothing but itself."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)


class Record(Generic[M]):
    """The file at `path` (mode 0600), of the shape `model`, whose `version` says which shape that is.

    For one thread at a time.
    """

    def __init__(self, path: Path, model: type[M]) -> None:
        self.path = path
        self._model = model
        self.damaged: Path | None = None
        """Where a file that could not be read is kept, once there was one."""

    def read(self) -> M:
        """What it says; nothing yet, when there is none or when it was damaged. Raises OSError."""
        try:
            return self._model.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return self._model()
        except ValidationError as error:
            self.damaged = self.put_aside()
            # Not the error itself: it quotes what is in the file, which may be secret.
            problem = error.errors(include_url=False, include_input=False, include_context=False)[0]["type"]
            log.warning("%s was damaged (%s); it is kept as %s, and begun anew", self.path, problem, self.damaged)
            return self._model()

    def write(self, record: M) -> None:
        """Replace what it says. Raises OSError, and then the file is as it was."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self.path.with_name(f"{self.path.name}.new")
        unfinished.unlink(missing_ok=True)
        text = json.dumps(record.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(handle)
        unfinished.replace(self.path)

    def put_aside(self) -> Path:
        """Keep what is there under another name, which is returned. Raises OSError."""
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        self.path.replace(aside)
        return aside
