"""`jobs update`, `jobs rollback`, and the questions that one version asks another."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from jobs import __version__
from jobs.backup.problems import BackupError
from jobs.cli.terminal import InputEnded, Terminal
from jobs.core.data_lock import only_one
from jobs.core.database import Database, migrations
from jobs.core.errors import ConfigError
from jobs.core.health import HEALTH_SOCKET, ask_health
from jobs.core.i18n import Language, Words
from jobs.core.settings import ENV_FILE, Settings, load_settings
from jobs.core.words import updating as words
from jobs.updating.building import Builder
from jobs.updating.described import described
from jobs.updating.problems import UpdateError
from jobs.updating.returning import put_back
from jobs.updating.source import Candidate, Source
from jobs.updating.state import Outcome, Release, Releases, State
from jobs.users.environment import proxy


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of `jobs update`."""

    check: bool
    yes: bool
    to: str
    """A commit; "" for the newest version."""
    lines: bool
    """Whether a program reads what is said: one JSON object a line."""


def main(language: Language, wanted: Wanted) -> int:
    """0 when there is nothing to do or it was done; 1 when it could not be, or the person says no."""
    settings = load_settings()
    say = _Voice(language, lines=wanted.lines)
    releases = Releases(settings.data_dir)
    try:
        source = Source(settings, releases, proxy(settings))
        candidate = source.exactly(wanted.to) if wanted.to else source.newest()
        if candidate is None:
            say.plain(words.NEWEST, "newest", version=__version__)
            return 0
        say.candidate(candidate, releases.now().current)
        if wanted.check:
            return 0
        if not wanted.yes and not _agreed(language, words.ASK_TERMINAL):
            say.plain(words.NOTHING_DONE, "declined")
            return 1
        with releases.alone():
            if releases.now().phase not in ("settled", "chosen"):
                raise UpdateError(words.ANOTHER)  # a return that was interrupted: the next start finishes it
            _prepare(settings, releases, source, candidate, say)
    except (UpdateError, BackupError) as error:
        say.failed(error.say("en"), error.say("ru"))
        return 1
    except (OSError, sqlite3.Error) as error:  # a full disk, wherever it is met; nothing was switched
        reason = getattr(error, "strerror", None) or str(error)
        failed = UpdateError(words.NOT_WRITTEN, path=releases.folder, reason=reason)
        say.failed(failed.say("en"), failed.say("ru"))
        return 1
    return 0


def _prepare(settings: Settings, releases: Releases, source: Source, candidate: Candidate, say: _Voice) -> None:
    environment = dict(os.environ)
    builder = Builder(settings, ENV_FILE, releases, source, environment, lambda what: say.plain(what, "progress"))
    release = builder.build(candidate)
    # The state is written last: until here the next start is the old version, from here on it tries the new one.
    releases.write(replace(releases.now(), phase="chosen", other=release, snapshot=""))
    say.plain(words.READY, "ready", version=release.version)
    if asyncio.run(ask_health(settings.data_dir / HEALTH_SOCKET)) is not None and not say.lines:
        say.plain(words.RESTART, "progress")


def rollback(language: Language, *, yes: bool) -> int:
    """Go back to the version before the last update. Raises ConfigError while the daemon runs."""
    settings = load_settings()
    releases = Releases(settings.data_dir)
    try:
        state = releases.now()
        before = state.other
        if state.phase != "settled" or before is None:
            print(words.NOTHING_BEFORE.say(language, version=state.current.version))
            return 1
        print(words.ROLLBACK_TO.say(language, version=state.current.version, other=before.version))
        if before.schema != state.current.schema:
            print(words.ROLLBACK_DATA.say(language, other=before.version))
        if not yes and not _agreed(language, words.ASK_ROLLBACK):
            print(words.NOTHING_DONE.say(language))
            return 1
        if before.schema != state.current.schema and not (releases.folder / state.snapshot).is_file():
            raise UpdateError(words.NO_SNAPSHOT, other=before.version)
        with only_one(settings.data_dir):
            pass  # nobody runs; whoever starts meanwhile finds what is written next
        _roll_back(settings, releases, state, before)
    except (UpdateError, BackupError) as error:
        print(f"✗ {error.say(language)}", file=sys.stderr)
        return 1
    print(words.ROLLBACK_DONE.say(language, version=before.version))
    return 0


def _roll_back(settings: Settings, releases: Releases, state: State, before: Release) -> None:
    outcome = Outcome("rolled_back", before.version, state.current.version)
    snapshot = state.snapshot if before.schema != state.current.schema else ""
    going = State(state.base, "returning", before, state.current, snapshot, outcome)
    with releases.alone():
        put_back(settings, releases, releases.write(going))


def check_data(folder: Path) -> int:
    """Bring a copy of the data into this version's form; says on its last line, as JSON, which that is."""

    async def open_and_close() -> None:
        async with Database.open(folder / "db.sqlite"):
            pass

    asyncio.run(open_and_close())
    with closing(sqlite3.connect(folder / "db.sqlite")) as database:
        [(verdict,)] = database.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise ConfigError(f"{folder / 'db.sqlite'}: {verdict}")
    print(json.dumps({"version": __version__, "schema_number": len(migrations())}))
    return 0


def _agreed(language: Language, question: Words) -> bool:
    try:
        return Terminal(language).confirm(question, default=False)
    except InputEnded:
        return False


class _Voice:
    """Says things to a person, or to the daemon: what kind of thing it is, in both languages."""

    def __init__(self, language: Language, *, lines: bool) -> None:
        self._language: Language = language
        self.lines = lines

    def plain(self, what: Words, kind: str, **values: object) -> None:
        if self.lines:
            self._line(kind=kind, en=what.say("en", **values), ru=what.say("ru", **values), **values)
        else:
            print(what.say(self._language, **values), flush=True)

    def candidate(self, candidate: Candidate, current: Release) -> None:
        if self.lines:
            self._line(kind="candidate", candidate=asdict(candidate), current=current.version)
        else:
            print(described(candidate, current.version, self._language), flush=True)

    def failed(self, en: str, ru: str) -> None:
        if self.lines:
            self._line(kind="failed", en=en, ru=ru)
        else:
            print(f"✗ {ru if self._language == 'ru' else en}", file=sys.stderr)

    def _line(self, **values: object) -> None:
        print(json.dumps(values, ensure_ascii=False), flush=True)
