"""Signing in to Telegram, step by step, over one connection; every refusal is a `SignInError`."""

from __future__ import annotations

import asyncio
import base64
import math
import struct
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from python_socks import ProxyError
from telethon import TelegramClient, errors, events
from telethon.sessions import Session
from telethon.tl import functions, types
from telethon.utils import get_display_name

from jobs import __version__
from jobs.core.errors import SpokenError, TelegramError
from jobs.core.i18n import Words
from jobs.core.settings import Settings
from jobs.core.words import sign_in as words
from jobs.telegram.sender import Client
from jobs.telegram.session_file import connection_options

_CONNECT_SECONDS = 20
_QR_LIFE = (1.0, 30.0)
"""Seconds that a QR code is shown at least and at most, whatever the two clocks say."""


class SignInError(SpokenError, TelegramError):
    """Telegram did not let us in."""


class Unreachable(SignInError):
    """Telegram, or the proxy to it, does not answer."""


class Forgotten(SignInError):
    """Telegram does not know the sign-in at all any more, not even as one that has ended."""


class WrongApp(SignInError):
    """The api_id and api_hash are not a pair that Telegram knows."""


class WrongNumber(SignInError):
    """Nobody can sign in with this number: it is mistyped, unknown or banned."""


class WrongCode(SignInError):
    """The code is not the one that was sent; it may be typed again."""


class CodeExpired(SignInError):
    """The code is void: a new one has to be requested."""


class WrongPassword(SignInError):
    """Not the two-step verification password; it may be typed again."""


class WaitFirst(SignInError):
    """Telegram wants a pause before the next try."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who is signed in, or somebody who was looked up."""

    id: int
    name: str
    username: str | None


@dataclass(frozen=True, slots=True)
class PasswordNeeded:
    """The account has two-step verification; `hint` is what its owner noted down, possibly nothing."""

    hint: str


class CodeWay(Enum):
    """Where Telegram sent the code."""

    APP = "app"
    SMS = "sms"
    CALL = "call"
    EMAIL = "email"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CodeSent:
    """A code is on its way to the owner of `phone`."""

    phone: str
    phone_code_hash: str
    way: CodeWay


@asynccontextmanager
async def connected(settings: Settings, session: Session) -> AsyncGenerator[SignIn]:
    """A connection for signing in and looking up: it fails fast and never sleeps out a flood wait by itself.

    Raises Unreachable when there is no connection within 20 seconds, Forgotten for a session of no use.
    """
    client: Any = Client(
        session,
        settings.tg_api_id,
        settings.tg_api_hash.get_secret_value(),
        **connection_options(settings.tg_proxy),
        timeout=8,
        connection_retries=1,
        request_retries=2,
        flood_sleep_threshold=0,
        device_model="Jobs",
        app_version=__version__,
    )
    try:
        with _plain_refusals():
            async with asyncio.timeout(_CONNECT_SECONDS):
                await client.connect()
        yield SignIn(client)
    finally:
        await client.disconnect()


class SignIn:
    """The steps of signing in, and the few questions that go with them. Every method may raise SignInError."""

    def __init__(self, client: TelegramClient) -> None:
        self._client = client

    async def server_time(self) -> datetime:
        """Telegram's clock (UTC, whole seconds)."""
        with _plain_refusals():
            config = await self._client(functions.help.GetConfigRequest())
        return config.date

    async def check_app(self) -> None:
        """Raises WrongApp unless Telegram knows the api_id and api_hash. It asks for a QR token, unused."""
        with _plain_refusals():
            await self._client(self._login_token_request())

    async def account(self) -> Account | None:
        """Who is signed in; None when nobody is, or no longer."""
        with _plain_refusals():
            me = await self._client.get_me()
        return _account(me) if isinstance(me, types.User) else None

    async def find(self, name: str) -> Account | None:
        """The person behind an @username, a phone number in the contacts, or an id that the account has met."""
        try:
            with _plain_refusals():
                entity = await self._client.get_entity(int(name) if name.isdecimal() else name)
        except (ValueError, struct.error, errors.UsernameInvalidError, errors.UsernameNotOccupiedError):
            return None  # struct.error: a number too large for an id
        return _account(entity) if isinstance(entity, types.User) else None

    async def request_code(self, phone: str) -> CodeSent:
        """Have Telegram send a sign-in code. Raises WrongNumber, WrongApp, WaitFirst."""
        with _plain_refusals():
            sent = await self._client.send_code_request(phone)
        return CodeSent(phone, sent.phone_code_hash, _WAYS.get(type(sent.type), CodeWay.OTHER))

    async def enter_code(self, sent: CodeSent, code: str) -> Account | PasswordNeeded:
        """Raises WrongCode (ask again) and CodeExpired (request a new one)."""
        digits = "".join(character for character in code if character.isalnum())
        if not digits:
            raise WrongCode(words.WRONG_CODE)  # Telethon would take an empty code for a wish to have one sent
        try:
            with _plain_refusals():
                user = await self._client.sign_in(sent.phone, digits, phone_code_hash=sent.phone_code_hash)
        except errors.SessionPasswordNeededError:
            return await self._password_needed()
        return _account(user)

    async def enter_password(self, password: str) -> Account:
        """The second step, after `PasswordNeeded`. Raises WrongPassword (ask again)."""
        if not password:
            raise WrongPassword(words.WRONG_PASSWORD)
        with _plain_refusals():
            return _account(await self._client.sign_in(password=password))

    async def by_qr(self, show: Callable[[str], None]) -> Account | PasswordNeeded:
        """Call `show` with a tg:// address to draw, and with the next one as each expires, until one is scanned."""
        scanned = asyncio.Event()

        async def on_scanned(_update: types.UpdateLoginToken) -> None:
            scanned.set()

        self._client.add_event_handler(on_scanned, events.Raw(types.UpdateLoginToken))
        try:
            while True:
                scanned.clear()
                answer = await self._login_token()
                if isinstance(answer, types.auth.LoginTokenSuccess):
                    return await self._finish_login(answer.authorization.user)
                token = base64.urlsafe_b64encode(answer.token).decode().rstrip("=")
                show(f"tg://login?token={token}")
                await _wait_for(scanned, answer.expires)
        except errors.SessionPasswordNeededError:
            return await self._password_needed()
        finally:
            self._client.remove_event_handler(on_scanned)

    def _login_token_request(self) -> functions.auth.ExportLoginTokenRequest:
        return functions.auth.ExportLoginTokenRequest(self._client.api_id, self._client.api_hash, [])

    async def _login_token(self) -> types.auth.LoginToken | types.auth.LoginTokenSuccess:
        # What Telethon's own QRLogin does, except that asking again also finds a scan whose update got lost.
        with _plain_refusals():
            answer = await self._client(self._login_token_request())
            if isinstance(answer, types.auth.LoginTokenMigrateTo):
                await self._client._switch_dc(answer.dc_id)  # pyright: ignore[reportPrivateUsage]
                answer = await self._client(functions.auth.ImportLoginTokenRequest(answer.token))
        return answer

    async def _finish_login(self, user: types.User) -> Account:
        with _plain_refusals():
            await self._client._on_login(user)  # pyright: ignore[reportPrivateUsage]
        return _account(user)

    async def _password_needed(self) -> PasswordNeeded:
        with _plain_refusals():
            password = await self._client(functions.account.GetPasswordRequest())
        return PasswordNeeded(password.hint or "")


_WAYS = {
    types.auth.SentCodeTypeApp: CodeWay.APP,
    types.auth.SentCodeTypeSms: CodeWay.SMS,
    types.auth.SentCodeTypeCall: CodeWay.CALL,
    types.auth.SentCodeTypeEmailCode: CodeWay.EMAIL,
}


async def _wait_for(scanned: asyncio.Event, expires: datetime | None) -> None:
    shortest, longest = _QR_LIFE
    left = (expires - datetime.now(tz=UTC)).total_seconds() if expires else longest
    seconds = min(max(left, shortest), longest)
    try:
        async with asyncio.timeout(seconds):
            await scanned.wait()
    except TimeoutError:
        return


def _account(user: types.User | types.auth.SentCode) -> Account:
    if not isinstance(user, types.User):
        raise SignInError(words.REFUSED, reason="no account")
    return Account(user.id, get_display_name(user) or str(user.id), user.username)


_REFUSALS: tuple[tuple[type[errors.RPCError], type[SignInError], Words], ...] = (
    (errors.ApiIdInvalidError, WrongApp, words.WRONG_APP),
    (errors.ApiIdPublishedFloodError, WrongApp, words.WRONG_APP),
    (errors.PhoneNumberInvalidError, WrongNumber, words.WRONG_NUMBER),
    (errors.PhoneNumberUnoccupiedError, WrongNumber, words.UNKNOWN_NUMBER),
    (errors.PhoneNumberBannedError, WrongNumber, words.BANNED_NUMBER),
    (errors.UserDeactivatedError, WrongNumber, words.BANNED_NUMBER),
    (errors.UserDeactivatedBanError, WrongNumber, words.BANNED_NUMBER),
    (errors.PhoneCodeInvalidError, WrongCode, words.WRONG_CODE),
    (errors.PhoneCodeEmptyError, WrongCode, words.WRONG_CODE),
    (errors.PhoneCodeExpiredError, CodeExpired, words.CODE_EXPIRED),
    (errors.PasswordHashInvalidError, WrongPassword, words.WRONG_PASSWORD),
    (errors.PhoneNumberFloodError, WaitFirst, words.TOO_MANY_TODAY),
    (errors.PhonePasswordFloodError, WaitFirst, words.TOO_MANY_TODAY),
    (errors.AuthKeyUnregisteredError, Forgotten, words.FORGOTTEN),
)

_NOBODY_THERE = (
    OSError,
    TimeoutError,
    ProxyError,
    # Somebody answers who is no Telegram: the sign-in page of a hotel's network.
    EOFError,
    errors.SecurityError,
    errors.InvalidBufferError,
    errors.InvalidChecksumError,
)


@contextmanager
def _plain_refusals() -> Generator[None]:
    """Turn what Telethon raises into a SignInError; SessionPasswordNeededError, a next step, passes."""
    try:
        yield
    except (errors.SessionPasswordNeededError, errors.UsernameInvalidError, errors.UsernameNotOccupiedError):
        raise
    except errors.FloodWaitError as error:
        raise WaitFirst(words.TOO_MANY_TRIES, minutes=math.ceil(error.seconds / 60)) from error
    except errors.RPCError as error:
        for known, refusal, sentence in _REFUSALS:
            if isinstance(error, known):
                raise refusal(sentence) from error
        raise SignInError(words.REFUSED, reason=error.message or type(error).__name__) from error
    except _NOBODY_THERE as error:
        raise Unreachable(words.UNREACHABLE) from error
