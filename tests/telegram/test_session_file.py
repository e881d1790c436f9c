"""The sign-in file: private, used as stored, and pointed at a test server only while it is fresh."""

from __future__ import annotations

import stat
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Literal

import pytest
from proxies import Open, open_http, open_socks5, proxy
from telethon.sessions import SQLiteSession

from jobs.core.errors import ConfigError, StorageError
from jobs.core.setting_values import Endpoint, TelegramProxy
from jobs.core.settings import Settings
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world import TelegramWorld
from jobs.telegram.auth import connected
from jobs.telegram.session_file import copy_session, fresh_session, open_session

API_HASH = "0123456789abcdef0123456789abcdef"


@pytest.fixture
async def telegram() -> AsyncGenerator[TelegramServer]:
    world = TelegramWorld()
    world.add_user("Ada", user_id=4711)
    async with TelegramServer(world) as server:
        yield server


def settings(folder: Path, **values: object) -> Settings:
    return Settings(_env_file=None, tg_api_id=1, tg_api_hash=API_HASH, data_dir=folder, **values)


def of_server(folder: Path, telegram: TelegramServer, **values: object) -> Settings:
    (folder / "dc.pem").write_text(telegram.public_key_pem)
    return settings(folder, tg_server=Endpoint(*telegram.address), tg_server_key=folder / "dc.pem", **values)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_and_its_folder_are_made_and_the_file_is_private(tmp_path: Path) -> None:
    wanted = settings(tmp_path / "new" / "data")
    open_session(wanted).close()
    assert mode(wanted.tg_session_path) == 0o600


def test_a_file_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    open_session(wanted).close()
    wanted.tg_session_path.chmod(0o644)
    open_session(wanted).close()
    assert mode(wanted.tg_session_path) == 0o600


async def test_a_fresh_session_exchanges_keys_with_the_test_server_and_a_later_one_uses_what_is_stored(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    first = of_server(tmp_path, telegram)
    async with connected(first, open_session(first)) as client:
        assert await client.account() is None
    elsewhere = settings(tmp_path, tg_server=Endpoint("127.0.0.1", 9))
    stored = open_session(elsewhere)
    assert (stored.server_address, stored.port) == telegram.address
    async with connected(elsewhere, stored) as client:
        assert await client.account() is None


async def test_a_copy_can_look_without_touching_the_file(tmp_path: Path, telegram: TelegramServer) -> None:
    wanted = settings(tmp_path)
    telegram.create_session_file(wanted.tg_session_path, 4711)
    before = wanted.tg_session_path.read_bytes()
    copy = copy_session(wanted.tg_session_path)
    assert copy is not None
    async with connected(wanted, copy) as client:
        account = await client.account()
    assert account is not None
    assert (account.id, account.name) == (4711, "Ada")
    assert wanted.tg_session_path.read_bytes() == before


@pytest.mark.parametrize("content", [None, b"", b"this is no database" * 100])
def test_there_is_no_copy_of_a_file_without_a_key(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "telethon.session"
    if content is not None:
        path.write_bytes(content)
    assert copy_session(path) is None
    assert path.exists() == (content is not None)


def test_there_is_no_copy_of_a_session_that_never_connected(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    open_session(wanted).close()
    assert copy_session(wanted.tg_session_path) is None


def test_a_damaged_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    wanted = settings(tmp_path, language="en")
    wanted.tg_session_path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageError, match=r"delete it and run `jobs setup`"):
        open_session(wanted)


def test_a_server_key_that_is_damaged_is_told_as_a_setting(tmp_path: Path) -> None:
    key = tmp_path / "dc.pem"
    key.write_text("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n")
    with pytest.raises(ConfigError, match="TG_SERVER_KEY"):
        fresh_session(settings(tmp_path, tg_server_key=key))


async def test_the_way_through_an_mtproxy_works(tmp_path: Path, telegram: TelegramServer) -> None:
    host, port, secret = telegram.proxy
    through = of_server(tmp_path, telegram, tg_proxy=TelegramProxy("mtproxy", host, port, secret=secret))
    async with connected(through, fresh_session(through)) as client:
        assert await client.account() is None


@pytest.mark.parametrize(("kind", "opening"), [("socks5", open_socks5), ("http", open_http)])
async def test_the_way_through_a_proxy_works(
    tmp_path: Path, telegram: TelegramServer, kind: Literal["socks5", "http"], opening: Open
) -> None:
    async with proxy(opening) as between:
        way = TelegramProxy(kind, "127.0.0.1", between.port, "me", "secret")
        through = of_server(tmp_path, telegram, tg_proxy=way)
        async with connected(through, fresh_session(through)) as client:
            assert await client.account() is None
    assert between.asked_for == [telegram.address]


def test_a_session_file_of_telethons_own_making_opens(tmp_path: Path) -> None:
    SQLiteSession(str(tmp_path / "telethon.session")).close()
    session = open_session(settings(tmp_path, tg_server=Endpoint("127.0.0.1", 4430)))
    assert (session.server_address, session.port) == ("127.0.0.1", 4430)
    session.close()
