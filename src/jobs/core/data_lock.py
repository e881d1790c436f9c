"""One program at a time on a data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from jobs.core.errors import ConfigError, StorageError


@contextmanager
def only_one(data_dir: Path) -> Generator[None]:
    """Two programs on one sign-in would end it: the data folder belongs to one at a time."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"The data folder {data_dir} cannot be used: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"Jobs is running already with the data folder {data_dir}: stop it first.") from error
        yield
    finally:
        os.close(handle)
