"""Pinned messages."""

from __future__ import annotations

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import posting
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.model import Mailbox, Message, PinChanged, Reply, is_channel, is_user
from jobs.sandbox.telegram.world.peers import resolve


def update_pinned(ctx: Context, request: functions.messages.UpdatePinnedMessageRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    _require_may_pin(ctx, peer)
    message = posting.find(ctx, peer, request.id)
    one_side = is_user(peer) and bool(request.pm_oneside)
    boxes = [ctx.me.mailbox] if one_side else posting.mailboxes(ctx.state, message)
    changed = [box for box in boxes if _pin(ctx, box, [message], pinned=not request.unpin)]
    if not changed:
        raise RpcError(400, "CHAT_NOT_MODIFIED")
    if not request.unpin and not one_side and peer != ctx.me.id:
        note = Message(
            ctx.me.id,
            peer,
            ctx.state.now,
            reply=Reply(message, ids=dict(message.ids)),
            action=types.MessageActionPinMessage(),
            silent=bool(request.silent),
            post=message.post,
        )
        posting.post(ctx, note)
    return ctx.answer()


def unpin_all(ctx: Context, request: functions.messages.UnpinAllMessagesRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    _require_may_pin(ctx, peer)
    box = ctx.state.box(ctx.me, peer)
    before = box.pts
    pinned = [message for message in box.with_peer(peer) if box.owner in message.pinned_in]
    touched = dict.fromkeys(each for message in pinned for each in posting.mailboxes(ctx.state, message))
    for each in touched:
        _pin(ctx, each, pinned, pinned=False)
    return types.messages.AffectedHistory(box.pts, box.pts - before, 0)


def _require_may_pin(ctx: Context, peer: int) -> None:
    if not is_channel(peer):
        return
    channel = ctx.state.channels[peer]
    if ctx.me.id != channel.creator and ctx.me.id not in channel.admins:
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")


def _pin(ctx: Context, box: Mailbox, messages: list[Message], *, pinned: bool) -> bool:
    """Pin or unpin in one mailbox; whether that changed anything."""
    changing = [m for m in messages if box.owner in m.ids and (box.owner in m.pinned_in) != pinned]
    for message in changing:
        message.pinned_in ^= {box.owner}
    if changing:
        ids = tuple(message.ids[box.owner] for message in changing)
        ctx.record(box, PinChanged(changing[0].peer_for(box.owner), ids, pinned), len(ids))
    return bool(changing)


HANDLERS: Handlers = {
    functions.messages.UpdatePinnedMessageRequest: update_pinned,
    functions.messages.UnpinAllMessagesRequest: unpin_all,
}
