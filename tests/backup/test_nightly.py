"""A backup a day, a week of them, and a word to the owner only when there is none."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from backup_desk import Home

from hand_clock import HandClock
from jobs.backup import archive
from jobs.backup.nightly import Habit, NightlyBackups
from jobs.backup.problems import BackupError
from jobs.core.errors import StorageError
from jobs.core.i18n import Words
from jobs.core.words import backup as words


class Nights:
    """The backups of one home, looked after by hand."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.furnish("tea")
        self.told: list[tuple[Words, str]] = []
        self.refuses = False
        habit = Habit(time_of_day(4, 30), timedelta(days=7), ZoneInfo("Europe/Berlin"))
        self.backups = NightlyBackups(self.home.places, habit, HandClock(), "", self._tell)

    async def _tell(self, what: Words, once: str, why: BackupError | None = None, **values: str) -> None:
        del why, values
        if self.refuses:
            raise StorageError("The database refused: database or disk is full.")
        self.told.append((what, once))

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.backups.folder.iterdir())


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


async def test_one_is_made_at_its_time_in_the_owners_zone_and_only_one(nights: Nights) -> None:
    await nights.backups.look(datetime(2026, 3, 2, 3, 29, tzinfo=UTC))
    assert not nights.backups.folder.exists()
    await nights.backups.look(datetime(2026, 3, 2, 3, 30, tzinfo=UTC))
    assert nights.names == ["jobs-2026-03-02.backup"]
    made = (nights.backups.folder / nights.names[0]).stat().st_ino
    await nights.backups.look(datetime(2026, 3, 2, 22, 0, tzinfo=UTC))
    assert (nights.backups.folder / nights.names[0]).stat().st_ino == made
    about, members = archive.members(nights.backups.folder / nights.names[0], "")
    assert about.version
    assert not any("backups" in member.name for member in members)


async def test_a_week_of_them_is_kept_and_what_a_kill_left_goes(nights: Nights) -> None:
    nights.backups.folder.mkdir()
    left = nights.backups.folder / ".jobs-jobs-2026-02-01.backup.part"
    left.touch()
    os.utime(left, (time.time() - 2 * 86400,) * 2)
    (nights.backups.folder / "mine.backup").touch()
    for day in range(1, 11):
        await nights.backups.look(datetime(2026, 3, day, 12, tzinfo=UTC))
    assert nights.names == [*(f"jobs-2026-03-{day:02}.backup" for day in range(4, 11)), "mine.backup"]


async def test_a_night_without_one_is_told_once_and_the_next_is_tried_again(nights: Nights) -> None:
    state = nights.home.state.read_bytes()
    nights.home.state.write_bytes(state[:3000])
    for hour in (12, 13):
        await nights.backups.look(datetime(2026, 3, 2, hour, tzinfo=UTC))
    assert nights.told == [(words.NIGHTLY_FAILED, "2026-03-02")]
    nights.home.state.write_bytes(state)
    await nights.backups.look(datetime(2026, 3, 3, 12, tzinfo=UTC))
    assert nights.names == ["jobs-2026-03-03.backup"]


async def test_what_cannot_be_told_now_is_told_later_and_stops_nothing(nights: Nights) -> None:
    state = nights.home.state.read_bytes()
    nights.home.state.write_bytes(state[:3000])
    nights.refuses = True
    await nights.backups.look(datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert nights.told == []
    nights.refuses = False
    await nights.backups.look(datetime(2026, 3, 2, 13, tzinfo=UTC))
    await nights.backups.look(datetime(2026, 3, 2, 14, tzinfo=UTC))
    assert [what for what, _ in nights.told] == [words.NIGHTLY_FAILED]


async def test_an_odd_name_in_the_folder_of_backups_stops_nothing(nights: Nights) -> None:
    nights.backups.folder.mkdir()
    (nights.backups.folder / "jobs-2026-99-99.backup").touch()
    await nights.backups.look(datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert "jobs-2026-03-02.backup" in nights.names
    assert nights.told == []


async def test_files_that_cannot_be_read_are_told_of(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = nights.home.places.workspace / "sec\nret\udcff"
    secret.write_text("x")
    real = os.open

    def refusing(path: str | Path, *how: int, **where: int) -> int:
        if Path(path) == secret:  # root reads whatever its mode says
            raise PermissionError(13, "Permission denied")
        return real(path, *how, **where)

    monkeypatch.setattr(os, "open", refusing)
    await nights.backups.look(datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert nights.told == [(words.NIGHTLY_PASSED_OVER, "without workspace/sec⏎ret\\udcff")]
