"""A backup every night, a few of them kept; the owner hears of it only when there is none."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from jobs.backup.making import Made, make_backup, shown_names
from jobs.backup.places import BACKUPS, OURS, Places
from jobs.backup.problems import BackupError
from jobs.core.clock import Clock
from jobs.core.errors import StorageError
from jobs.core.i18n import Words
from jobs.core.words import backup as words

log = logging.getLogger(__name__)

_FIRST = 600.0
"""Seconds after the start, when everything else is under way."""
_AGAIN = 900.0
_NAME = re.compile(r"jobs-\d{4}-\d\d-\d\d\.backup")
_LEFT_SECONDS = 86400
_GENTLY = 10
"""How nice the thread is."""


class Tell(Protocol):
    """Tells the owner something once; `why` is the `reason` in the sentence. Raises StorageError."""

    async def __call__(self, what: Words, once: str, why: BackupError | None = None, **values: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Habit:
    """When it is done, in the owner's zone, and how many days it is kept."""

    at: time_of_day
    kept: timedelta
    zone: ZoneInfo


class NightlyBackups:
    """Makes one a day: at its time, or as soon as the program runs after it."""

    def __init__(self, places: Places, habit: Habit, clock: Clock, passphrase: str, tell: Tell) -> None:
        self._places, self._habit, self._clock = places, habit, clock
        self._passphrase = passphrase
        self._tell = tell
        self._tried: date | None = None
        self._untold: Callable[[], Awaitable[None]] | None = None
        """What the owner has to hear of yet: what fills the disk for a backup does so for the journal."""
        self._stopping = threading.Event()

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self._places.data / BACKUPS

    async def run(self) -> None:
        """Run until cancelled; one that is being made is given up then."""
        try:
            await asyncio.sleep(_FIRST)
            while True:
                await self.look(self._clock.now())
                await asyncio.sleep(_AGAIN)
        finally:
            self._stopping.set()

    async def look(self, now: datetime) -> None:
        """Make today's if it is time and it is not there, and remove those that are too old."""
        await self._catch_up_telling()
        local = now.astimezone(self._habit.zone)
        today = local.date()
        if local.time() < self._habit.at or self._tried == today:
            return
        self._tried = today
        target = self.folder / f"jobs-{today}.backup"
        if target.exists():
            return
        try:
            made = await self._in_thread(lambda: make_backup(self._places, target, self._passphrase, self._go_on))
            await asyncio.to_thread(self._tidy, today)
        except BackupError as error:
            log.warning("No backup was made: %s", error)
            self._untold = partial(self._tell, words.NIGHTLY_FAILED, str(today), error)
        except Exception as error:  # the run of one night ends here
            log.exception("No backup was made")
            why = BackupError(words.NOT_WRITTEN, path=target, reason=type(error).__name__)
            self._untold = partial(self._tell, words.NIGHTLY_FAILED, str(today), why)
        else:
            log.info("A backup was made: %s, %d bytes, %d files", made.path, made.size, made.files)
            if made.passed_over:
                names = shown_names(made.passed_over)
                self._untold = partial(self._tell, words.NIGHTLY_PASSED_OVER, f"without {names}", names=names)
        await self._catch_up_telling()

    async def _catch_up_telling(self) -> None:
        if self._untold is None:
            return
        try:
            await self._untold()
        except StorageError as error:
            log.warning("The owner cannot be told of the backup now; it is tried again: %s", error)
        else:
            self._untold = None

    async def _in_thread(self, work: Callable[[], Made]) -> Made:
        """In a thread of its own that leaves the processor to everybody else."""
        thread = ThreadPoolExecutor(
            1, "backup", lambda: os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _GENTLY)
        )
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, work)
        finally:
            thread.shutdown(wait=False)

    def _go_on(self, _: str) -> None:
        if self._stopping.is_set():
            raise BackupError(words.STOPPED)

    def _tidy(self, today: date) -> None:
        """Remove the old ones, and what a kill has left half done; called when there is a new one."""
        oldest = f"jobs-{today - self._habit.kept + timedelta(days=1)}.backup"
        for path in self.folder.iterdir():
            if _NAME.fullmatch(path.name) and path.name < oldest:
                path.unlink()
            elif path.name.startswith(OURS) and path.stat().st_mtime < time.time() - _LEFT_SECONDS:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
