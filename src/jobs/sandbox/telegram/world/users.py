"""Accounts: who is who, whom one knows, who is found."""

from __future__ import annotations

from telethon import functions
from telethon.tl import types
from telethon.tl.tlobject import TLObject

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.model import is_user
from jobs.sandbox.telegram.world.peers import resolve, resolve_user, show_all, show_user, to_peer


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
    pinned = [m.id_for(me.id) for m in me.mailbox.with_peer(user.id) if m.pinned]
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


def resolve_username(ctx: Context, request: functions.contacts.ResolveUsernameRequest) -> Result:
    name = request.username.lstrip("@").casefold()
    named = [*ctx.state.users.values(), *ctx.state.channels.values()]
    peer = next((one.peer for one in named if one.username and one.username.casefold() == name), None)
    if peer is None:
        raise RpcError(400, "USERNAME_NOT_OCCUPIED")
    return _resolved(ctx, peer)


def resolve_phone(ctx: Context, request: functions.contacts.ResolvePhoneRequest) -> Result:
    digits = "".join(filter(str.isdigit, request.phone))
    user = next((user for user in ctx.state.users.values() if user.phone == digits), None)
    if user is None:
        raise RpcError(400, "PHONE_NOT_OCCUPIED")
    return _resolved(ctx, user.id)


def _resolved(ctx: Context, peer: int) -> Result:
    users, chats = show_all(ctx.state, ctx.me, [peer])
    return types.contacts.ResolvedPeer(to_peer(peer), chats, users)


def block(ctx: Context, request: functions.contacts.BlockRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.id)
    if not is_user(peer) or peer == ctx.me.id:
        raise RpcError(400, "CONTACT_ID_INVALID")
    ctx.me.blocked.add(peer)
    ctx.tell(ctx.me, types.UpdatePeerBlocked(to_peer(peer), blocked=True))
    return True


def unblock(ctx: Context, request: functions.contacts.UnblockRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.id)
    ctx.me.blocked.discard(peer)
    ctx.tell(ctx.me, types.UpdatePeerBlocked(to_peer(peer), blocked=False))
    return True


HANDLERS: Handlers = {
    functions.users.GetUsersRequest: get_users,
    functions.users.GetFullUserRequest: get_full_user,
    functions.contacts.ResolveUsernameRequest: resolve_username,
    functions.contacts.ResolvePhoneRequest: resolve_phone,
    functions.contacts.BlockRequest: block,
    functions.contacts.UnblockRequest: unblock,
}
