"""`jobs backup` and `jobs restore`: everything in one file, and back."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path

from jobs.backup.making import Made, make_backup, shown_names
from jobs.backup.places import BACKUPS, Places
from jobs.backup.problems import BackupError
from jobs.backup.restoring import restore
from jobs.cli.terminal import InputEnded, Terminal, readable_size
from jobs.core.data_lock import only_one
from jobs.core.i18n import Language
from jobs.core.settings import ENV_FILE, Settings, load_settings
from jobs.core.words import backup as words

_SHOWN_EACH = 0.2
"""Seconds between two states of the line of progress."""


def backup(language: Language, file: Path | None, *, ask: bool) -> int:
    """0 when all is in the backup; 1 when it was not made, or a file could not be read."""
    settings = load_settings()
    target = file or settings.data_dir / BACKUPS / f"jobs-{datetime.now():%Y-%m-%d-%H%M%S}.backup"
    try:
        passphrase = _passphrase(settings, language, ask=ask, new=True)
        with _Progress(language) as progress:
            made = make_backup(Places.of(settings, ENV_FILE), target.expanduser(), passphrase, progress.tell)
    except BackupError as error:
        return _refused(error, language)
    print(words.MADE.say(language, path=made.path, files=made.files, size=readable_size(made.size)))
    if not passphrase:
        print(words.NOT_ENCRYPTED.say(language))
    return _passed_over(made, language)


def restore_backup(language: Language, file: Path, *, ask: bool) -> int:
    """0 when everything was brought back. Raises ConfigError while the daemon runs."""
    settings = load_settings()
    try:
        passphrase = _passphrase(settings, language, ask=ask, new=False)
        with only_one(settings.data_dir), _Progress(language) as progress:
            done = restore(Places.of(settings, ENV_FILE), file.expanduser(), passphrase, progress.tell)
    except BackupError as error:
        return _refused(error, language)
    created, version = done.about.created, done.about.version
    print(words.RESTORED.say(language, files=done.files, created=created, version=version))
    for path in done.replaced:
        print(words.KEPT.say(language, path=path))
    return 0


def _passed_over(made: Made, language: Language) -> int:
    if not made.passed_over:
        return 0
    print(words.PASSED_OVER.say(language, names=shown_names(made.passed_over)))
    return 1


def _passphrase(settings: Settings, language: Language, *, ask: bool, new: bool) -> str:
    if not ask:
        return settings.backup_passphrase.get_secret_value() if settings.backup_passphrase is not None else ""
    terminal = Terminal(language)
    try:
        typed = terminal.ask_secret(words.ASK_PASSPHRASE)
        if not typed:
            raise BackupError(words.EMPTY)
        if new and typed != terminal.ask_secret(words.ASK_AGAIN):
            raise BackupError(words.DIFFERENT)
    except InputEnded as error:
        raise BackupError(words.EMPTY) from error
    return typed


def _refused(error: BackupError, language: Language) -> int:
    print(f"✗ {error.say(language)}", file=sys.stderr)
    return 1


class _Progress:
    """A line on the terminal that says how far it is; nothing where that is none."""

    def __init__(self, language: Language) -> None:
        self._language: Language = language
        self._count = 0
        self._shown = time.monotonic()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)

    def tell(self, name: str) -> None:
        self._count += 1
        if sys.stdout.isatty() and time.monotonic() - self._shown > _SHOWN_EACH:
            self._shown = time.monotonic()
            shown = "".join(char if char.isprintable() else "?" for char in name)[-50:]
            line = words.PROGRESS.say(self._language, count=self._count, name=shown)
            print(f"\r\033[K{line}", end="", flush=True)
