"""Puts back what was before an update: the version, and the data where it has given them another form."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from jobs.backup.places import Places
from jobs.backup.restoring import restore
from jobs.core.data_lock import only_one
from jobs.core.settings import ENV_FILE, Settings
from jobs.core.words import updating as words
from jobs.updating.problems import UpdateError
from jobs.updating.state import Releases, State

log = logging.getLogger(__name__)

HAPPENED = ("inbox", "outbox", "tool_effects", "trigger_events", "usage_events")
"""The tables of what has happened: it has, whichever version runs, and is not to happen once more."""


def put_back(settings: Settings, releases: Releases, state: State) -> None:
    """Finish a return, from wherever it was interrupted: `state.current` runs then, on the data of `state.snapshot`.

    What was received, sent and fired since stays known. Raises UpdateError, BackupError, ConfigError, StorageError.
    """
    if state.snapshot:
        if not (releases.folder / state.snapshot).is_file():
            raise UpdateError(words.NO_SNAPSHOT, other=state.current.version)
        places = replace(Places.of(settings, ENV_FILE), data_alone=True)
        with only_one(settings.data_dir):
            newer = _kept(places.data / "db.sqlite", releases.folder / f"{state.snapshot}.since")
            restore(places, releases.folder / state.snapshot)
            if not _carry_over(newer, places.data / "db.sqlite") and state.outcome is not None:
                state = replace(state, outcome=replace(state.outcome, forgetful=True))
    settled = replace(state, phase="settled", other=None, snapshot="")
    releases.write(settled)
    releases.tidy(settled)


def _kept(database: Path, copy: Path) -> Path:
    """A copy of the newer data; the one that is there, when the return was interrupted after it."""
    if not copy.exists() and database.exists():
        unfinished = copy.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
        os.sync()
        unfinished.replace(copy)
    return copy


def _carry_over(newer: Path, database: Path) -> bool:
    """All or nothing, and which it was: a newer version may have given even these another form."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("ATTACH DATABASE ? AS newer", (str(newer),))
            with connection:
                for table in HAPPENED:
                    ours, theirs = (_columns(connection, schema, table) for schema in ("main", "newer"))
                    columns = ", ".join(f'"{name}"' for name in ours if name in theirs)
                    connection.execute(
                        f"INSERT OR REPLACE INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}"  # noqa: S608 - names of ours
                    )
    except sqlite3.Error:
        log.exception("What has happened since the update could not be taken over: some of it may be answered again")
        return False
    return True


def _columns(connection: sqlite3.Connection, schema: str, table: str) -> list[str]:
    return [str(row[1]) for row in connection.execute(f"PRAGMA {schema}.table_info({table})")]
