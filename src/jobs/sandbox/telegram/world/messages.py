"""Sending, editing, deleting and marking messages."""

from __future__ import annotations

from collections.abc import Sequence

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import posting
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.model import Message, Reply, is_channel, is_group, is_user
from jobs.sandbox.telegram.world.peers import resolve
from jobs.sandbox.telegram.world.state import Typing
from jobs.sandbox.telegram.world.text import Entities, take_text
from jobs.sandbox.telegram.world.views import show_message, updates

_EDIT_SECONDS = 48 * 3600


def find(ctx: Context, peer: int, message_id: int) -> Message:
    """A message by the id it has for the account in a chat. Raises MESSAGE_ID_INVALID."""
    message = ctx.state.box(ctx.me, peer).messages.get(message_id)
    if message is None or message.peer_for(ctx.me.id) != peer:
        raise RpcError(400, "MESSAGE_ID_INVALID")
    return message


def take_reply(ctx: Context, peer: int, given: types.TypeInputReplyTo | None) -> Reply | None:
    """What a message answers to; a target that is gone is dropped, as Telegram does."""
    if not isinstance(given, types.InputReplyToMessage):
        return None
    target_peer = resolve(ctx.state, ctx.me, given.reply_to_peer_id) if given.reply_to_peer_id else peer
    target = ctx.state.box(ctx.me, target_peer).messages.get(given.reply_to_msg_id)
    if target is None or target.peer_for(ctx.me.id) != target_peer:
        return None
    if given.quote_text and given.quote_text not in target.text:
        raise RpcError(400, "QUOTE_TEXT_INVALID")
    return Reply(target, given.quote_text, given.quote_entities, given.quote_offset, dict(target.ids))


def draft(
    ctx: Context, request: object, peer: int, text: str, entities: Entities | None, *, caption: bool = False
) -> Message:
    """A message not yet posted, from the fields that every sending request has."""
    posting.require_may_post(ctx, peer)
    taken, checked = take_text(ctx.state, ctx.me, text, entities, caption=caption)
    channel = ctx.state.channels.get(peer)
    is_post = channel is not None and not channel.megagroup
    return Message(
        ctx.me.id,
        peer,
        ctx.state.now,
        taken,
        checked,
        reply=take_reply(ctx, peer, getattr(request, "reply_to", None)),
        silent=bool(getattr(request, "silent", None)),
        post=is_post,
        views=1 if is_post else None,
    )


def sent_before(ctx: Context, random_ids: Sequence[int]) -> types.Updates | None:
    """The first result again, when these random ids were used already and the world answers so."""
    sent = ctx.me.sent
    if not any(random_id in sent for random_id in random_ids):
        return None
    if ctx.state.settings.duplicate_random_id_is_error:
        raise RpcError(500, "RANDOM_ID_DUPLICATE")
    known = [(random_id, sent[random_id]) for random_id in random_ids if random_id in sent]
    return _results(ctx, [(r, m) for r, m in known if m.id_for(ctx.me.id) is not None])


def send(ctx: Context, messages: Sequence[Message], random_ids: Sequence[int]) -> types.Updates:
    """Post messages under their random ids; the answer to the sending link."""
    for message, random_id in zip(messages, random_ids, strict=True):
        posting.post(ctx, message)
        ctx.me.sent[random_id] = message
    me = ctx.me.id
    return ctx.answer(
        types.UpdateMessageID(message.id_for(me) or 0, random_id)
        for message, random_id in zip(messages, random_ids, strict=True)
    )


def _results(ctx: Context, sent: Sequence[tuple[int, Message]]) -> types.Updates:
    found: list[types.TypeUpdate] = []
    for random_id, message in sent:
        shown = show_message(ctx.state, ctx.me, message)
        kind = types.UpdateNewChannelMessage if is_channel(message.peer) else types.UpdateNewMessage
        found.append(types.UpdateMessageID(shown.id, random_id))
        found.append(kind(shown, ctx.state.box(ctx.me, message.peer).pts, 0))
    return updates(ctx.state, ctx.me, found)


def send_message(ctx: Context, request: functions.messages.SendMessageRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    message = draft(ctx, request, peer, request.message, request.entities)
    if (again := sent_before(ctx, [request.random_id])) is not None:
        return again
    answer = send(ctx, [message], [request.random_id])
    if not is_user(peer):
        return answer
    # Telegram answers a private text with the least that the client cannot know itself.
    return types.UpdateShortSentMessage(
        id=message.ids[ctx.me.id],
        pts=ctx.me.mailbox.pts,
        pts_count=1,
        date=ctx.state.date(message.date),
        out=True,
        entities=message.entities or None,
    )


def edit_message(ctx: Context, request: functions.messages.EditMessageRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    message = find(ctx, peer, request.id)
    if message.sender != ctx.me.id or message.forward is not None or message.action is not None:
        raise RpcError(403, "MESSAGE_AUTHOR_REQUIRED")
    too_old = ctx.state.now - message.date > _EDIT_SECONDS
    if too_old and peer != ctx.me.id and not message.post:
        raise RpcError(400, "MESSAGE_EDIT_TIME_EXPIRED")
    text, entities = take_text(
        ctx.state, ctx.me, request.message or "", request.entities, caption=message.media is not None
    )
    if text == message.text and list(map(bytes, entities)) == list(map(bytes, message.entities)):
        raise RpcError(400, "MESSAGE_NOT_MODIFIED")
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
    functions.messages.SendMessageRequest: send_message,
    functions.messages.EditMessageRequest: edit_message,
    functions.messages.DeleteMessagesRequest: delete_messages,
    functions.messages.DeleteHistoryRequest: delete_history,
    functions.messages.ReadHistoryRequest: read_history,
    functions.messages.ReadMessageContentsRequest: read_contents,
    functions.messages.SetTypingRequest: set_typing,
}
