"""Signing in: by code, with a password on top, by QR; and signing out."""

from __future__ import annotations

from typing import Any

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import Link, RpcError
from jobs.sandbox.telegram.world import posting
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.logins import LoginToken, SentCode
from jobs.sandbox.telegram.world.model import Message, User
from jobs.sandbox.telegram.world.password import Challenge, Password, new_algo
from jobs.sandbox.telegram.world.peers import show_user
from jobs.sandbox.telegram.world.state import SERVICE_USER, WorldState

# auth.Authorization; Telethon's own annotations mistake the types of this group for a module.
Authorization = Any

_CODE_SECONDS = 300
_MOST_TRIES = 5


def digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))


def account_with(state: WorldState, phone: str) -> User | None:
    return next((user for user in state.users.values() if user.phone == digits(phone)), None)


def _calling(ctx: Context) -> Link:
    if ctx.link is None:
        raise RpcError(400, "CONNECTION_NOT_INITED")
    return ctx.link


def _check_api(ctx: Context, api_id: int, api_hash: str) -> None:
    accepted = ctx.state.settings.api_credentials
    if accepted is not None and accepted.get(api_id) != api_hash:
        raise RpcError(400, "API_ID_INVALID")


# By code


def send_code(ctx: Context, request: functions.auth.SendCodeRequest) -> Result:
    _check_api(ctx, request.api_id, request.api_hash)
    phone = digits(request.phone_number)
    if not 7 <= len(phone) <= 15:
        raise RpcError(400, "PHONE_NUMBER_INVALID")
    user = account_with(ctx.state, phone)
    if user is not None and user.banned:
        raise RpcError(400, "PHONE_NUMBER_BANNED")
    return _new_code(ctx, phone, user)


def resend_code(ctx: Context, request: functions.auth.ResendCodeRequest) -> Result:
    _pending_code(ctx, request.phone_number, request.phone_code_hash)
    phone = digits(request.phone_number)
    return _new_code(ctx, phone, account_with(ctx.state, phone))


def cancel_code(ctx: Context, request: functions.auth.CancelCodeRequest) -> Result:
    _pending_code(ctx, request.phone_number, request.phone_code_hash)
    del ctx.state.logins.codes[digits(request.phone_number)]
    return True


def _new_code(ctx: Context, phone: str, user: User | None) -> types.auth.SentCode:
    state = ctx.state
    length = state.settings.code_length
    code = f"{state.random.randrange(10**length):0{length}d}"
    sent = SentCode(code, state.random.randbytes(9).hex(), state.now + _CODE_SECONDS)
    state.logins.codes[phone] = sent
    in_app = user is not None and bool(state.devices(user.id))
    if user is not None and in_app:
        text = f"Login code: {code}. Do not give this code to anyone, even if they say they are from Telegram!"
        service_message(ctx, user, text)
    kind: Any = types.auth.SentCodeTypeApp(length) if in_app else types.auth.SentCodeTypeSms(length)
    return types.auth.SentCode(kind, sent.hash, types.auth.CodeTypeSms() if in_app else None, timeout=60)


def service_message(ctx: Context, user: User, text: str) -> None:
    """Let Telegram itself write to an account."""
    posting.post(ctx, Message(SERVICE_USER, user.id, ctx.state.now, text))


def _pending_code(ctx: Context, phone: str, code_hash: str) -> SentCode:
    if not code_hash:
        raise RpcError(400, "PHONE_CODE_HASH_EMPTY")
    sent = ctx.state.logins.codes.get(digits(phone))
    too_late = sent is not None and (ctx.state.now > sent.expires or sent.wrong_tries >= _MOST_TRIES)
    if sent is None or sent.hash != code_hash or too_late:
        raise RpcError(400, "PHONE_CODE_EXPIRED")
    return sent


def sign_in(ctx: Context, request: functions.auth.SignInRequest) -> Result:
    sent = _pending_code(ctx, request.phone_number, request.phone_code_hash)
    if not request.phone_code:
        raise RpcError(400, "PHONE_CODE_EMPTY")
    if request.phone_code != sent.code:
        sent.wrong_tries += 1
        raise RpcError(400, "PHONE_CODE_INVALID")
    phone = digits(request.phone_number)
    del ctx.state.logins.codes[phone]
    user = account_with(ctx.state, phone)
    if user is None:
        return types.auth.AuthorizationSignUpRequired()
    return _enter(ctx, user)


def _enter(ctx: Context, user: User) -> Authorization:
    """Finish a login whose first factor was right, or ask for the password."""
    link = _calling(ctx)
    if user.password is not None:
        ctx.state.logins.awaiting_password[link.auth_key_id] = user.id
        raise RpcError(401, "SESSION_PASSWORD_NEEDED")
    return _welcome(ctx, link, user)


def _welcome(ctx: Context, link: Link, user: User) -> Authorization:
    state = ctx.state
    others = state.devices(user.id)
    device = state.sign_in(link, user)
    if others:
        model = device.client.get("device_model", "an unknown device")
        service_message(ctx, user, f"New login. We detected a login into your account from {model}.")
    return types.auth.Authorization(show_user(state, user, user))


def log_out(ctx: Context, _request: functions.auth.LogOutRequest) -> Result:
    link = _calling(ctx)
    ctx.state.logins.awaiting_password.pop(link.auth_key_id, None)
    ctx.state.sign_out(link)
    return types.auth.LoggedOut()


# With a password


def _account_in_question(ctx: Context) -> User:
    """The account that is signed in, or whose password this link has yet to tell."""
    link = _calling(ctx)
    waiting = ctx.state.logins.awaiting_password.get(link.auth_key_id)
    return ctx.me if waiting is None else ctx.state.users[waiting]


def get_password(ctx: Context, _request: functions.account.GetPasswordRequest) -> Result:
    state, user = ctx.state, _account_in_question(ctx)
    shown = types.account.Password(
        new_algo=new_algo(state.random),
        new_secure_algo=types.SecurePasswordKdfAlgoPBKDF2HMACSHA512iter100000(state.random.randbytes(8)),
        secure_random=state.random.randbytes(32),
        has_password=user.password is not None,
    )
    if user.password is not None:
        challenge = Challenge.to(user.password, state.new_id(), state.random)
        state.logins.challenges[user.id] = challenge
        shown.current_algo, shown.hint = user.password.algo, user.password.hint or None
        shown.srp_id, shown.srp_B = challenge.id, challenge.public
    return shown


def check_password(ctx: Context, request: functions.auth.CheckPasswordRequest) -> Result:
    link = _calling(ctx)
    user = _account_in_question(ctx)
    _require_password(ctx, user, request.password)
    ctx.state.logins.awaiting_password.pop(link.auth_key_id, None)
    return _welcome(ctx, link, user)


def _require_password(ctx: Context, user: User, given: types.TypeInputCheckPasswordSRP) -> None:
    if user.password is None:
        return
    if not isinstance(given, types.InputCheckPasswordSRP):
        raise RpcError(400, "PASSWORD_HASH_INVALID")
    challenge = ctx.state.logins.challenges.get(user.id)
    if challenge is None or challenge.id != given.srp_id:
        raise RpcError(400, "SRP_ID_INVALID")
    if challenge.password is not user.password:
        raise RpcError(400, "SRP_PASSWORD_CHANGED")
    if not challenge.is_answered_by(given):
        raise RpcError(400, "PASSWORD_HASH_INVALID")


def update_password(ctx: Context, request: functions.account.UpdatePasswordSettingsRequest) -> Result:
    _require_password(ctx, ctx.me, request.password)
    new = request.new_settings
    if not isinstance(new.new_algo, types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow):
        raise RpcError(400, "NEW_SETTINGS_INVALID")
    ctx.me.password = None
    if new.new_password_hash:
        algo = new.new_algo
        ctx.me.password = Password(algo.salt1, algo.salt2, new.new_password_hash, new.hint or "")
    return True


# By QR


def export_login_token(ctx: Context, request: functions.auth.ExportLoginTokenRequest) -> Result:
    _check_api(ctx, request.api_id, request.api_hash)
    state, link = ctx.state, _calling(ctx)
    if link.user_id is not None:
        authorization: Authorization = types.auth.Authorization(show_user(state, ctx.me, ctx.me))
        return types.auth.LoginTokenSuccess(authorization)
    mine = [token for token in state.logins.tokens.values() if token.auth_key_id == link.auth_key_id]
    accepted = next((token for token in mine if token.accepted_by is not None), None)
    for token in mine:
        del state.logins.tokens[token.token]
    if accepted is not None and accepted.accepted_by is not None:
        return types.auth.LoginTokenSuccess(_enter(ctx, state.users[accepted.accepted_by]))
    expires = state.now + state.settings.login_token_seconds
    token = LoginToken(state.random.randbytes(32), link.auth_key_id, expires)
    state.logins.tokens[token.token] = token
    return types.auth.LoginToken(state.date(expires), token.token)


def accept_login_token(ctx: Context, request: functions.auth.AcceptLoginTokenRequest) -> Result:
    accept_token(ctx.state, ctx.me, request.token)
    now = ctx.state.date()
    return types.Authorization(
        hash=ctx.state.secret("device", request.token),
        device_model="",
        platform="",
        system_version="",
        api_id=0,
        app_name="",
        app_version="",
        date_created=now,
        date_active=now,
        ip="127.0.0.1",
        country="",
        region="",
    )


def accept_token(state: WorldState, user: User, token: bytes) -> None:
    """Let the link that shows this QR code in as an account; it is told to ask again."""
    login = state.logins.tokens.get(token)
    if login is None:
        raise RpcError(400, "AUTH_TOKEN_INVALID")
    if state.now > login.expires:
        raise RpcError(400, "AUTH_TOKEN_EXPIRED")
    if login.accepted_by is not None:
        raise RpcError(400, "AUTH_TOKEN_ALREADY_ACCEPTED")
    login.accepted_by = user.id
    link = state.link(login.auth_key_id)
    if link is not None:
        link.push(types.UpdateShort(types.UpdateLoginToken(), state.date()))


HANDLERS: Handlers = {
    functions.auth.SendCodeRequest: send_code,
    functions.auth.ResendCodeRequest: resend_code,
    functions.auth.CancelCodeRequest: cancel_code,
    functions.auth.SignInRequest: sign_in,
    functions.auth.CheckPasswordRequest: check_password,
    functions.auth.LogOutRequest: log_out,
    functions.auth.ExportLoginTokenRequest: export_login_token,
    functions.auth.AcceptLoginTokenRequest: accept_login_token,
    functions.account.GetPasswordRequest: get_password,
    functions.account.UpdatePasswordSettingsRequest: update_password,
}
