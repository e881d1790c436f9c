"""The file that keeps the account signed in, and the way to Telegram that the settings ask for."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NotRequired, TypedDict

from pyasn1.error import PyAsn1Error
from telethon.crypto import AuthKey, rsa
from telethon.network import Connection, ConnectionTcpFull, ConnectionTcpMTProxyRandomizedIntermediate
from telethon.sessions import MemorySession, SQLiteSession

from jobs.core.errors import ConfigError, StorageError
from jobs.core.setting_values import TelegramProxy
from jobs.core.settings import Settings
from jobs.core.words import settings as setting_words
from jobs.core.words import sign_in as words

log = logging.getLogger(__name__)

_TEST_DC = 2


class _PatientSession(SQLiteSession):
    """Telethon's keepalive ends for good when it cannot write its notes: a full disk must not make us deaf."""

    def save(self) -> None:
        try:
            super().save()
        except sqlite3.Error as error:
            log.warning("The sign-in file could not be written: %s", error)


class ConnectionOptions(TypedDict):
    """Keyword arguments for TelegramClient."""

    connection: type[Connection]
    proxy: NotRequired[dict[str, object] | tuple[str, int, str]]


def open_session(settings: Settings, path: Path | None = None) -> SQLiteSession:
    """The session at `path` (default: the settings' own), made with mode 0600 where there is none yet.

    One that holds a key already is used as stored; only a fresh one is pointed at TG_SERVER.
    Raises StorageError for a file that cannot be used, ConfigError for an unusable TG_SERVER_KEY.
    """
    path = path or settings.tg_session_path
    trust_server_key(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        session = _PatientSession(str(path))
        if settings.tg_server and not session.auth_key:
            session.set_dc(_TEST_DC, settings.tg_server.host, settings.tg_server.port)
            session.save()
    except (OSError, sqlite3.Error) as error:
        sentence = words.SESSION_UNUSABLE.say(settings.console_language, path=path, reason=error)
        raise StorageError(sentence) from error
    return session


@contextmanager
def held(settings: Settings) -> Generator[None]:
    """Have the sign-in file for ourselves: Telegram revokes a key that two programs use.

    Raises ConfigError when another program has it, StorageError when it cannot be locked.
    """
    path = settings.tg_session_path
    try:
        handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        sentence = words.SESSION_UNUSABLE.say(settings.console_language, path=path, reason=error)
        raise StorageError(sentence) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(words.SESSION_TAKEN.say(settings.console_language, path=path)) from error
        yield
    finally:
        os.close(handle)


def fresh_session(settings: Settings) -> MemorySession:
    """A session without a key that nothing remembers, for questions which need nobody signed in."""
    trust_server_key(settings)
    session = MemorySession()
    if settings.tg_server:
        session.set_dc(_TEST_DC, settings.tg_server.host, settings.tg_server.port)
    return session


def copy_session(path: Path) -> MemorySession | None:
    """The key and server stored at `path`, for a look that must not write there; None when it has no key.

    Never connect with it while another process is connected with the file: Telegram revokes a key that
    it sees at two addresses.
    """
    session = MemorySession()
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            row = connection.execute("select dc_id, server_address, port, auth_key from sessions").fetchone()
        finally:
            connection.close()
    except (sqlite3.Error, OSError):
        return None
    if row is None or not row[3]:
        return None
    session.set_dc(row[0], row[1], row[2])
    session.auth_key = AuthKey(data=row[3])
    return session


def trust_server_key(settings: Settings) -> None:
    """Let Telethon accept the server that TG_SERVER_KEY belongs to. Raises ConfigError for a bad file."""
    if settings.tg_server_key is None:
        return
    try:
        rsa.add_key(settings.tg_server_key.read_bytes(), old=False)
    except (OSError, ValueError, PyAsn1Error) as error:
        sentence = setting_words.BAD_SERVER_KEY
        language = settings.console_language
        problem = sentence.say(language, name="TG_SERVER_KEY", path=settings.tg_server_key)
        raise ConfigError(problem) from error


def connection_options(proxy: TelegramProxy | None) -> ConnectionOptions:
    """How to get there: `TelegramClient(session, …, **connection_options(settings.tg_proxy))`."""
    if proxy is None:
        return {"connection": ConnectionTcpFull}
    if proxy.kind == "mtproxy":
        via = (proxy.host, proxy.port, proxy.secret)
        return {"connection": ConnectionTcpMTProxyRandomizedIntermediate, "proxy": via}
    return {
        "connection": ConnectionTcpFull,
        "proxy": {
            "proxy_type": proxy.kind,
            "addr": proxy.host,
            "port": proxy.port,
            "username": proxy.username,
            "password": proxy.password,
            "rdns": True,
        },
    }
