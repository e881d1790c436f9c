"""The nightly backups of this installation, and what the owner hears of them."""

from __future__ import annotations

from datetime import time, timedelta

from jobs.app.sessions import World
from jobs.backup.nightly import Habit, NightlyBackups
from jobs.backup.places import Places
from jobs.backup.problems import BackupError
from jobs.core.i18n import Words
from jobs.core.rich_text import pieces
from jobs.core.settings import ENV_FILE, Settings


def make_nightly_backups(settings: Settings, at: time, world: World) -> NightlyBackups:
    """Not running yet."""

    async def tell(what: Words, once: str, why: BackupError | None = None, **values: str) -> None:
        reason = {"reason": why.say(world.language)} if why is not None else {}
        text = what.say(world.language, **reason, **values)
        await world.journal.notify(settings.tg_user_id, pieces(text), once=f"backup {once}"[:300])

    habit = Habit(at, timedelta(days=settings.backup_keep_days), settings.timezone)
    passphrase = settings.backup_passphrase.get_secret_value() if settings.backup_passphrase is not None else ""
    return NightlyBackups(Places.of(settings, ENV_FILE), habit, world.clock, passphrase, tell)
