"""Invite links to groups and channels."""

from __future__ import annotations

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import channels, groups
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.model import Channel, Chat, is_user
from jobs.sandbox.telegram.world.peers import resolve, show_chat

LINK = "https://t.me/+"


def _invited_to(ctx: Context, invite_hash: str) -> Chat:
    chats: list[Chat] = [*ctx.state.groups.values(), *ctx.state.channels.values()]
    if not invite_hash:
        raise RpcError(400, "INVITE_HASH_EMPTY")
    chat = next((chat for chat in chats if chat.invite_hash == invite_hash), None)
    if chat is None or _is_closed_to(chat, ctx.me.id):
        raise RpcError(400, "INVITE_HASH_EXPIRED")
    return chat


def _is_closed_to(chat: Chat, user_id: int) -> bool:
    if isinstance(chat, Channel):
        return chat.deleted or user_id in chat.banned
    return chat.migrated_to is not None


def export(ctx: Context, request: functions.messages.ExportChatInviteRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    if is_user(peer):
        raise RpcError(400, "PEER_ID_INVALID")
    chat = ctx.state.chat(peer)
    if ctx.me.id != chat.creator and ctx.me.id not in chat.admins:
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")
    return types.ChatInviteExported(LINK + chat.invite_hash, ctx.me.id, ctx.state.date(chat.date), permanent=True)


def check(ctx: Context, request: functions.messages.CheckChatInviteRequest) -> Result:
    chat = _invited_to(ctx, request.hash)
    if ctx.me.id in chat.members:
        return types.ChatInviteAlready(show_chat(ctx.state, ctx.me, chat))
    is_channel = isinstance(chat, Channel)
    megagroup = is_channel and chat.megagroup
    return types.ChatInvite(
        chat.title,
        types.PhotoEmpty(0),
        len(chat.members),
        color=0,
        channel=is_channel,
        broadcast=is_channel and not megagroup,
        megagroup=megagroup,
        request_needed=is_channel and chat.join_by_request,
        about=chat.about or None,
    )


def accept(ctx: Context, request: functions.messages.ImportChatInviteRequest) -> Result:
    chat = _invited_to(ctx, request.hash)
    if ctx.me.id in chat.members:
        raise RpcError(400, "USER_ALREADY_PARTICIPANT")
    if isinstance(chat, Channel):
        if chat.join_by_request:
            raise RpcError(400, "INVITE_REQUEST_SENT")
        channels.add_members(ctx, chat, [ctx.me])
    else:
        groups.join(ctx, chat, ctx.me)
    return types.messages.ChatInviteJoinResultOk(ctx.answer())


HANDLERS: Handlers = {
    functions.messages.ExportChatInviteRequest: export,
    functions.messages.CheckChatInviteRequest: check,
    functions.messages.ImportChatInviteRequest: accept,
}
