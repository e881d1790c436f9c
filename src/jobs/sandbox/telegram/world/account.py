"""An account's own affairs: profile, username, the devices it is signed in on."""

from __future__ import annotations

import re

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.model import Channel, User
from jobs.sandbox.telegram.world.peers import show_user
from jobs.sandbox.telegram.world.state import Device, WorldState

_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{4,31}")


def owner_of(state: WorldState, username: str) -> User | Channel | None:
    """Who has a username, in whatever case."""
    named: list[User | Channel] = [*state.users.values(), *state.channels.values()]
    wanted = username.lstrip("@").casefold()
    return next((one for one in named if one.username and one.username.casefold() == wanted), None)


def require_free(state: WorldState, username: str) -> None:
    if not _USERNAME.fullmatch(username):
        raise RpcError(400, "USERNAME_INVALID")
    if owner_of(state, username) is not None:
        raise RpcError(400, "USERNAME_OCCUPIED")


def check_username(ctx: Context, request: functions.account.CheckUsernameRequest) -> Result:
    if not _USERNAME.fullmatch(request.username):
        raise RpcError(400, "USERNAME_INVALID")
    return owner_of(ctx.state, request.username) is None


def update_username(ctx: Context, request: functions.account.UpdateUsernameRequest) -> Result:
    wanted = request.username or None
    if wanted == ctx.me.username:
        raise RpcError(400, "USERNAME_NOT_MODIFIED")
    if wanted is not None and owner_of(ctx.state, wanted) is not ctx.me:
        require_free(ctx.state, wanted)
    ctx.me.username = wanted
    return show_user(ctx.state, ctx.me, ctx.me)


def update_profile(ctx: Context, request: functions.account.UpdateProfileRequest) -> Result:
    me = ctx.me
    if request.first_name is not None:
        if not request.first_name.strip():
            raise RpcError(400, "FIRSTNAME_INVALID")
        me.first_name = request.first_name
    if request.last_name is not None:
        me.last_name = request.last_name
    if request.about is not None:
        me.about = request.about
    return show_user(ctx.state, me, me)


def update_status(_ctx: Context, _request: functions.account.UpdateStatusRequest) -> Result:
    return True


def get_notify_settings(_ctx: Context, _request: functions.account.GetNotifySettingsRequest) -> Result:
    return types.PeerNotifySettings()


# Devices


def _hash(state: WorldState, device: Device) -> int:
    return state.secret("device", device.link.auth_key_id)


def get_authorizations(ctx: Context, _request: functions.account.GetAuthorizationsRequest) -> Result:
    shown: list[types.TypeAuthorization] = []
    for device in ctx.state.devices(ctx.me.id):
        current = device.link is ctx.link
        shown.append(
            types.Authorization(
                hash=0 if current else _hash(ctx.state, device),
                device_model=device.client.get("device_model", ""),
                platform="",
                system_version=device.client.get("system_version", ""),
                api_id=int(device.client.get("api_id", "0")),
                app_name="",
                app_version=device.client.get("app_version", ""),
                date_created=ctx.state.date(device.since),
                date_active=ctx.state.date(),
                ip="127.0.0.1",
                country="",
                region="",
                current=current,
            )
        )
    return types.account.Authorizations(180, shown)


def reset_authorization(ctx: Context, request: functions.account.ResetAuthorizationRequest) -> Result:
    doomed = [d for d in ctx.state.devices(ctx.me.id) if _hash(ctx.state, d) == request.hash]
    if not doomed:
        raise RpcError(400, "HASH_INVALID")
    end_devices(ctx.state, doomed)
    return True


def reset_authorizations(ctx: Context, _request: functions.auth.ResetAuthorizationsRequest) -> Result:
    end_devices(ctx.state, [d for d in ctx.state.devices(ctx.me.id) if d.link is not ctx.link])
    return True


def end_devices(state: WorldState, devices: list[Device]) -> None:
    """Sign devices out against their will: their connections drop, and the next call is told 401."""
    for device in devices:
        state.sign_out(device.link)
        device.link.close()


HANDLERS: Handlers = {
    functions.account.CheckUsernameRequest: check_username,
    functions.account.UpdateUsernameRequest: update_username,
    functions.account.UpdateProfileRequest: update_profile,
    functions.account.UpdateStatusRequest: update_status,
    functions.account.GetNotifySettingsRequest: get_notify_settings,
    functions.account.GetAuthorizationsRequest: get_authorizations,
    functions.account.ResetAuthorizationRequest: reset_authorization,
    functions.auth.ResetAuthorizationsRequest: reset_authorizations,
}
