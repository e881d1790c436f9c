"""Signing in: each way through, and each refusal of Telegram as a sentence that helps."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from telethon.crypto import AuthKey

from jobs.core.setting_values import Endpoint, TelegramProxy
from jobs.core.settings import Settings
from jobs.sandbox.telegram.faults import DropUpdate, Refuse
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world import TelegramWorld
from jobs.telegram import auth
from jobs.telegram.auth import Account, CodeWay, PasswordNeeded, SignIn, SignInError
from jobs.telegram.session_file import fresh_session

API_HASH = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def world() -> TelegramWorld:
    return TelegramWorld()


@pytest.fixture
async def telegram(world: TelegramWorld) -> AsyncGenerator[TelegramServer]:
    async with TelegramServer(world) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, telegram: TelegramServer) -> Settings:
    (tmp_path / "dc.pem").write_text(telegram.public_key_pem)
    return Settings(
        _env_file=None,
        tg_api_id=1,
        tg_api_hash=API_HASH,
        tg_server=Endpoint(*telegram.address),
        tg_server_key=tmp_path / "dc.pem",
        data_dir=tmp_path,
    )


async def refusal_of(step: Awaitable[object]) -> type[SignInError]:
    with pytest.raises(SignInError) as caught:
        await step
    return type(caught.value)


def visit(settings: Settings) -> AbstractAsyncContextManager[SignIn]:
    return auth.connected(settings, fresh_session(settings))


@pytest.mark.parametrize(
    ("error", "refusal", "sentence"),
    [
        (Refuse(400, "API_ID_INVALID"), auth.WrongApp, "my.telegram.org"),
        (Refuse(400, "PHONE_NUMBER_INVALID"), auth.WrongNumber, "country code"),
        (Refuse(400, "PHONE_NUMBER_BANNED"), auth.WrongNumber, "banned"),
        (Refuse(400, "PHONE_NUMBER_FLOOD"), auth.WaitFirst, "tomorrow"),
        (Refuse(400, "PHONE_PASSWORD_FLOOD"), auth.WaitFirst, "tomorrow"),
        (Refuse(420, "FLOOD_WAIT_61"), auth.WaitFirst, "in 2 min"),
        (Refuse(420, "FLOOD_WAIT_3"), auth.WaitFirst, "in 1 min"),
        (Refuse(406, "UPDATE_APP_TO_LOGIN"), SignInError, "sign in the other way"),
    ],
)
async def test_a_refused_number_is_told_with_the_reason_and_the_remedy(
    settings: Settings, telegram: TelegramServer, error: Refuse, refusal: type[SignInError], sentence: str
) -> None:
    telegram.faults.add(error, on="auth.sendCode")
    async with visit(settings) as client:
        with pytest.raises(refusal) as caught:
            await client.request_code("+15550001")
    assert type(caught.value) is refusal
    assert sentence in caught.value.say("en")
    assert caught.value.say("ru") != caught.value.say("en")


async def test_a_server_that_is_away_is_told_at_once(settings: Settings, telegram: TelegramServer) -> None:
    await telegram.pause()
    with pytest.raises(auth.Unreachable):
        async with visit(settings):
            pass


NO_TELEGRAM = {
    "a web server": b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>Please log in</html>",
    "silent": b"",
    "full of zeros": bytes(64),
    "damaged": struct.pack("<ii", 20, 0) + b"whatever" + bytes(4),
}


@pytest.mark.parametrize("kind", NO_TELEGRAM)
async def test_a_server_that_is_no_telegram_is_told_at_once(settings: Settings, kind: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(NO_TELEGRAM[kind])
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        elsewhere = Endpoint(*server.sockets[0].getsockname())
        with pytest.raises(auth.Unreachable):
            async with visit(settings.model_copy(update={"tg_server": elsewhere})):
                pass


@pytest.mark.parametrize("kind", ["socks5", "http", "mtproxy"])
async def test_a_proxy_that_is_away_is_told_at_once(settings: Settings, kind: str) -> None:
    proxy = TelegramProxy(kind, "127.0.0.1", 9, secret="00" * 16)  # type: ignore[arg-type]
    with pytest.raises(auth.Unreachable):
        async with visit(settings.model_copy(update={"tg_proxy": proxy})):
            pass


async def test_the_servers_clock_can_be_read(settings: Settings) -> None:
    async with visit(settings) as client:
        assert (await client.server_time()).tzinfo is not None


async def test_a_person_is_found_by_username_and_nobody_by_a_wrong_one(
    settings: Settings, telegram: TelegramServer, world: TelegramWorld, tmp_path: Path
) -> None:
    ada, bob = world.add_user("Ada"), world.add_user("Bob", "Bright", username="bobby")
    session = fresh_session(settings)
    key = telegram.create_auth_key(ada.id)
    session.auth_key = AuthKey(data=key.auth_key)
    async with auth.connected(settings, session) as client:
        for name in ("@bobby", "bobby", "t.me/bobby"):
            found = await client.find(name)
            assert found is not None
            assert (found.id, found.name, found.username) == (bob.id, "Bob Bright", "bobby")
        assert await client.find("@nobody_here") is None
        assert await client.find("987654321") is None
        assert await client.find("not a name at all!") is None
        assert await client.find("9" * 40) is None
        assert await client.find(str(bob.id)) is not None


async def test_a_code_opens_the_account_and_a_wrong_or_empty_one_may_be_typed_again(
    settings: Settings, world: TelegramWorld
) -> None:
    ada = world.add_user("Ada", phone="15550001")
    async with visit(settings) as client:
        sent = await client.request_code("+1 555 0001")
        assert sent.way is CodeWay.SMS
        for wrong in ("", " - ", "00000x"):
            with pytest.raises(auth.WrongCode):
                await client.enter_code(sent, wrong)
        assert await client.enter_code(sent, f" {world.last_code('15550001')} ") == Account(ada.id, "Ada", None)
        assert await client.account() == Account(ada.id, "Ada", None)


async def test_a_code_tried_too_often_is_void_and_a_new_one_can_be_had(
    settings: Settings, world: TelegramWorld
) -> None:
    ada = world.add_user("Ada", phone="15550001")
    async with visit(settings) as client:
        sent = await client.request_code("15550001")
        refusals = [await refusal_of(client.enter_code(sent, "wrong")) for _ in range(6)]
        assert refusals == [auth.WrongCode] * 5 + [auth.CodeExpired]
        renewed = await client.request_code("15550001")
        account = await client.enter_code(renewed, world.last_code("15550001"))
    assert account == Account(ada.id, "Ada", None)


async def test_a_number_without_an_account_is_told_to_sign_up_first(settings: Settings, world: TelegramWorld) -> None:
    async with visit(settings) as client:
        sent = await client.request_code("15550009")
        with pytest.raises(auth.WrongNumber, match="sign up"):
            await client.enter_code(sent, world.last_code("15550009"))


async def test_two_step_verification_is_a_second_step_with_its_hint(settings: Settings, world: TelegramWorld) -> None:
    eve = world.add_user("Eve", phone="15550002", password_2fa="correct horse", password_hint="battery")
    async with visit(settings) as client:
        sent = await client.request_code("15550002")
        assert await client.enter_code(sent, world.last_code("15550002")) == PasswordNeeded("battery")
        for wrong in ("", "incorrect horse"):
            with pytest.raises(auth.WrongPassword):
                await client.enter_password(wrong)
        assert await client.enter_password("correct horse") == Account(eve.id, "Eve", None)


async def test_a_scanned_qr_code_opens_the_account(settings: Settings, world: TelegramWorld) -> None:
    ada = world.add_user("Ada", username="ada")
    async with visit(settings) as client, asyncio.timeout(60):  # sooner than the code expires
        account = await client.by_qr(lambda url: world.accept_qr(url, ada))
        assert account == Account(ada.id, "Ada", "ada")
        assert await client.account() == account


async def test_a_scan_whose_update_got_lost_is_found_when_the_code_expires(
    settings: Settings, telegram: TelegramServer, world: TelegramWorld
) -> None:
    ada = world.add_user("Ada")
    world.settings.login_token_seconds = 1
    telegram.faults.add(DropUpdate(), on="UpdateLoginToken")
    shown: list[str] = []

    def scan_the_first(url: str) -> None:
        shown.append(url)
        world.accept_qr(url, ada)

    async with visit(settings) as client, asyncio.timeout(60):
        assert await client.by_qr(scan_the_first) == Account(ada.id, "Ada", None)
    assert len(shown) == 1


async def test_a_qr_code_of_a_protected_account_asks_for_the_password(settings: Settings, world: TelegramWorld) -> None:
    eve = world.add_user("Eve", password_2fa="correct horse")
    async with visit(settings) as client:
        assert await client.by_qr(lambda url: world.accept_qr(url, eve)) == PasswordNeeded("")
        assert await client.enter_password("correct horse") == Account(eve.id, "Eve", None)


async def test_the_application_is_checked_before_anybody_signs_in(settings: Settings, world: TelegramWorld) -> None:
    world.settings.api_credentials = {1: API_HASH}
    async with visit(settings) as client:
        await client.check_app()
    async with visit(settings.model_copy(update={"tg_api_id": 2})) as client:
        with pytest.raises(auth.WrongApp):
            await client.check_app()
