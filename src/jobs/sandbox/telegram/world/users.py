"""Accounts: who is who."""

from __future__ import annotations

from telethon import functions
from telethon.tl import types
from telethon.tl.tlobject import TLObject

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.peers import resolve_user, show_user


def get_users(ctx: Context, request: functions.users.GetUsersRequest) -> Result:
    shown: list[TLObject] = []
    for given in request.id:
        try:
            shown.append(show_user(ctx.state, ctx.me, resolve_user(ctx.state, ctx.me, given)))
        except RpcError as error:
            if error.code != 400:
                raise
            shown.append(types.UserEmpty(getattr(given, "user_id", 0)))
    return shown


def get_full_user(ctx: Context, request: functions.users.GetFullUserRequest) -> Result:
    state, me = ctx.state, ctx.me
    user = resolve_user(state, me, request.id)
    pinned = [m.id_for(me.id) for m in me.mailbox.with_peer(user.id) if me.id in m.pinned_in]
    common = sum(1 for group in state.groups.values() if {me.id, user.id} <= group.members.keys())
    full = types.UserFull(
        id=user.id,
        settings=types.PeerSettings(),
        notify_settings=types.PeerNotifySettings(),
        common_chats_count=common if user is not me else 0,
        blocked=user.id in me.blocked,
        can_pin_message=True,
        has_scheduled=any(message.peer == user.id for message in me.scheduled.values()),
        about=user.about or None,
        pinned_msg_id=pinned[-1] if pinned else None,
    )
    return types.users.UserFull(full, [], [show_user(state, me, user)])


HANDLERS: Handlers = {
    functions.users.GetUsersRequest: get_users,
    functions.users.GetFullUserRequest: get_full_user,
}
