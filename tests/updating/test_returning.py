"""What was before an update comes back, and what has happened since is still known."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.backup.making import make_backup
from jobs.backup.places import Places
from jobs.core.database import Database
from jobs.core.settings import ENV_FILE, Settings
from jobs.core.words import updating as words
from jobs.updating.checkout import identity
from jobs.updating.problems import UpdateError
from jobs.updating.returning import put_back
from jobs.updating.state import Outcome, Release, Releases, State

RECEIVED = (
    "INSERT INTO inbox (chat_id, message_id, revision, session_key, payload, state, received_at) "
    "VALUES (1, ?, 0, 'owner', '{}', 'done', '2026-11-28T00:00:00.000+00:00')"
)


class Desk:
    """Data that an older version has left, and a newer one has gone on with."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder / "data", workspace_dir=folder / "workspace")
        self.releases = Releases(self.settings.data_dir)

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.settings.data_dir / "db.sqlite")) as connection, connection:
            return connection.execute(statement, values).fetchall()

    async def begun(self) -> State:
        """One message was answered before the update; then the snapshot was taken."""
        self.releases.folder.mkdir(parents=True)
        async with Database.open(self.settings.data_dir / "db.sqlite"):
            pass
        self.sql(RECEIVED, 1)
        places = replace(Places.of(self.settings, ENV_FILE), data_alone=True)
        make_backup(places, self.releases.folder / "before.backup")
        old, new = Release("", "0.1.0", "a", 6), Release("0.2.0-b", "0.2.0", "b", 7)
        return State(identity(), "returning", old, new, "before.backup", Outcome("returned", "0.1.0", "0.2.0", "gone"))


async def test_what_was_answered_since_is_not_answered_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    state = await desk.begun()
    desk.sql("CREATE TABLE whistles (id INTEGER)")
    desk.sql("ALTER TABLE inbox ADD COLUMN pitch TEXT")
    desk.sql(RECEIVED, 2)
    put_back(desk.settings, desk.releases, desk.releases.write(state))
    assert desk.sql("SELECT message_id, state FROM inbox ORDER BY message_id") == [(1, "done"), (2, "done")]
    assert desk.sql("SELECT 1 FROM sqlite_master WHERE name = 'whistles'") == []
    assert _outcome(desk).forgetful is False


async def test_what_the_older_version_cannot_read_is_told_to_the_owner(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    state = await desk.begun()
    desk.sql(RECEIVED, 2)
    desk.sql("ALTER TABLE inbox RENAME COLUMN payload TO letter")
    put_back(desk.settings, desk.releases, desk.releases.write(state))
    assert desk.sql("SELECT message_id FROM inbox") == [(1,)]
    assert _outcome(desk).forgetful is True


async def test_without_what_was_before_nothing_is_touched(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    state = desk.releases.write(await desk.begun())
    (desk.releases.folder / state.snapshot).unlink()
    desk.sql(RECEIVED, 2)
    with pytest.raises(UpdateError) as refused:
        put_back(desk.settings, desk.releases, state)
    assert refused.value.why is words.NO_SNAPSHOT
    assert desk.sql("SELECT count(*) FROM inbox") == [(2,)]


def _outcome(desk: Desk) -> Outcome:
    state = desk.releases.read()
    assert state is not None
    assert state.phase == "settled"
    assert state.outcome is not None
    return state.outcome
