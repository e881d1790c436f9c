"""Editing, deleting, reading and typing."""

from __future__ import annotations

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import posting
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.media import take_media
from jobs.sandbox.telegram.world.model import Message, is_channel, is_group, is_user
from jobs.sandbox.telegram.world.peers import resolve
from jobs.sandbox.telegram.world.state import Typing
from jobs.sandbox.telegram.world.text import take_text

_EDIT_SECONDS = 48 * 3600


def edit_message(ctx: Context, request: functions.messages.EditMessageRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    message = posting.find(ctx, peer, request.id)
    if message.sender != ctx.me.id or message.forward is not None or message.action is not None:
        raise RpcError(403, "MESSAGE_AUTHOR_REQUIRED")
    too_old = ctx.state.now - message.date > _EDIT_SECONDS
    if too_old and peer != ctx.me.id and not message.post:
        raise RpcError(400, "MESSAGE_EDIT_TIME_EXPIRED")
    media = take_media(ctx.state, ctx.me, request.media) if request.media else message.media
    new_text = message.text if request.message is None else request.message
    entities = message.entities if request.message is None else request.entities
    text, entities = take_text(ctx.state, ctx.me, new_text, entities, caption=media is not None)
    same_text = text == message.text and list(map(bytes, entities)) == list(map(bytes, message.entities))
    if same_text and media is message.media:
        raise RpcError(400, "MESSAGE_NOT_MODIFIED")
    message.media = media
    message.text, message.entities = text, entities
    message.edit_date, message.edit_hidden = ctx.state.now, False
    posting.log_edit(ctx, message)
    return ctx.answer()


def delete_messages(ctx: Context, request: functions.messages.DeleteMessagesRequest) -> Result:
    box = ctx.me.mailbox
    before = box.pts
    found = [box.messages[i] for i in request.id if i in box.messages]
    if request.revoke:
        for message in found:
            _require_may_revoke(ctx, message)
        posting.delete_everywhere(ctx, found)
    else:
        posting.delete(ctx, box, request.id)
    return types.messages.AffectedMessages(box.pts, box.pts - before)


def _require_may_revoke(ctx: Context, message: Message) -> None:
    if is_group(message.peer) and message.sender != ctx.me.id:
        group = ctx.state.groups[message.peer]
        if ctx.me.id != group.creator and ctx.me.id not in group.admins:
            raise RpcError(403, "MESSAGE_DELETE_FORBIDDEN")


def delete_history(ctx: Context, request: functions.messages.DeleteHistoryRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    box = ctx.me.mailbox
    before = box.pts
    ids = [i for i in box.ids_with(peer) if not request.max_id or i <= request.max_id]
    if request.revoke and is_user(peer):
        posting.delete_everywhere(ctx, [box.messages[i] for i in ids])
    else:
        posting.delete(ctx, box, ids)
    return types.messages.AffectedHistory(box.pts, box.pts - before, 0)


def read_history(ctx: Context, request: functions.messages.ReadHistoryRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    if is_channel(peer):
        raise RpcError(400, "PEER_ID_INVALID")
    before = ctx.me.mailbox.pts
    posting.read(ctx, peer, request.max_id)
    return types.messages.AffectedMessages(ctx.me.mailbox.pts, ctx.me.mailbox.pts - before)


def read_contents(ctx: Context, request: functions.messages.ReadMessageContentsRequest) -> Result:
    box = ctx.me.mailbox
    before = box.pts
    posting.hear(ctx, [box.messages[i] for i in request.id if i in box.messages])
    return types.messages.AffectedMessages(box.pts, box.pts - before)


def set_typing(ctx: Context, request: functions.messages.SetTypingRequest) -> Result:
    state, me = ctx.state, ctx.me
    peer = resolve(state, me, request.peer)
    state.typing.append(Typing(me.id, peer, request.action, state.now))
    if is_user(peer):
        if peer != me.id:
            ctx.tell(state.users[peer], types.UpdateUserTyping(me.id, request.action))
        return True
    chat = state.chat(peer)
    from_id = types.PeerUser(me.id)
    for member in chat.members:
        if member == me.id:
            continue
        if is_channel(peer):
            update = types.UpdateChannelUserTyping(chat.id, from_id, request.action)
        else:
            update = types.UpdateChatUserTyping(chat.id, from_id, request.action)
        ctx.tell(state.users[member], update)
    return True


HANDLERS: Handlers = {
    functions.messages.EditMessageRequest: edit_message,
    functions.messages.DeleteMessagesRequest: delete_messages,
    functions.messages.DeleteHistoryRequest: delete_history,
    functions.messages.ReadHistoryRequest: read_history,
    functions.messages.ReadMessageContentsRequest: read_contents,
    functions.messages.SetTypingRequest: set_typing,
}
