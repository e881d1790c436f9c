"""What happens to messages: they are posted, edited, deleted, read. Each verb logs what changed and for whom."""

from __future__ import annotations

from collections.abc import Iterable

from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.context import Context
from jobs.sandbox.telegram.world.media import is_round, is_voice
from jobs.sandbox.telegram.world.model import (
    Channel,
    ContentsRead,
    Deleted,
    Edited,
    Forward,
    Group,
    Mailbox,
    Message,
    NewMessage,
    ReadInbox,
    ReadOutbox,
    User,
    is_channel,
    is_user,
)
from jobs.sandbox.telegram.world.state import WorldState
from jobs.sandbox.telegram.world.views import unread_count


def readers(state: WorldState, message: Message) -> list[User]:
    """The accounts in whose chat lists a message appears, its sender among them."""
    if is_user(message.peer):
        return [state.users[user_id] for user_id in dict.fromkeys((message.sender, message.peer))]
    return [state.users[user_id] for user_id in state.chat(message.peer).members]


def mailboxes(state: WorldState, message: Message) -> list[Mailbox]:
    """Every mailbox in which a message still lies."""
    return [state.channels[owner].mailbox if is_channel(owner) else state.users[owner].mailbox for owner in message.ids]


def find(ctx: Context, peer: int, message_id: int) -> Message:
    """A message by the id it has for the account in a chat. Raises MESSAGE_ID_INVALID."""
    message = ctx.state.box(ctx.me, peer).messages.get(message_id)
    if message is None or message.peer_for(ctx.me.id) != peer:
        raise RpcError(400, "MESSAGE_ID_INVALID")
    return message


def require_may_post(ctx: Context, peer: int) -> None:
    """Refuse where the account may not write."""
    state, me = ctx.state, ctx.me
    if is_user(peer):
        if peer in me.blocked:
            raise RpcError(400, "YOU_BLOCKED_USER")
        if me.id in state.users[peer].blocked:
            raise RpcError(403, "USER_IS_BLOCKED")
        return
    chat = state.chat(peer)
    may_write = me.id in chat.members
    if isinstance(chat, Channel) and not chat.megagroup:
        may_write = me.id == chat.creator or me.id in chat.admins
    if isinstance(chat, Group):
        may_write = may_write and chat.migrated_to is None
    if not may_write:
        raise RpcError(403, "CHAT_WRITE_FORBIDDEN")


def post(ctx: Context, message: Message) -> None:
    """Put a message into the mailboxes of all who see it and let them hear of it."""
    state = ctx.state
    present = readers(state, message)
    message.mentions = _mentioned(message, present)
    if is_voice(message.media) or is_round(message.media):
        message.unheard = {user.id for user in present if user.id != message.sender}
    shared = state.channels.get(message.peer)
    boxes = [shared.mailbox] if shared else [user.mailbox for user in present]
    for box in boxes:
        box.add(message)
    for box in boxes:
        ctx.record(box, NewMessage(message))
    if message.post and shared is not None and shared.discussion is not None and message.action is None:
        _copy_to_discussion(ctx, message, shared.discussion)


def _copy_to_discussion(ctx: Context, message: Message, group: Channel) -> None:
    """What is posted in a channel appears in its discussion group, where comments are answers to it."""
    origin = Forward(message.date, message.peer, channel_post=message.ids[message.peer], saved_from=message)
    message.discussed_as = Message(
        message.sender,
        group.peer,
        message.date,
        message.text,
        message.entities,
        message.media,
        forward=origin,
        post=True,
    )
    post(ctx, message.discussed_as)


def _mentioned(message: Message, present: list[User]) -> set[int]:
    if is_user(message.peer):
        return set()
    named: set[int] = {message.reply.to.sender} if message.reply else set()
    words = {word.strip(".,:;!?()").casefold() for word in message.text.split() if word.startswith("@")}
    named |= {user.id for user in present if user.username and f"@{user.username.casefold()}" in words}
    named |= {e.user_id for e in message.entities if isinstance(e, types.MessageEntityMentionName)}
    return named - {message.sender}


def log_edit(ctx: Context, message: Message) -> None:
    """Let everybody who has a message hear that it is different now."""
    for box in mailboxes(ctx.state, message):
        ctx.record(box, Edited(message))


def delete(ctx: Context, box: Mailbox, ids: Iterable[int]) -> int:
    """Take messages out of one mailbox; how many were there."""
    gone = tuple(message_id for message_id in ids if box.remove(message_id) is not None)
    if gone:
        ctx.record(box, Deleted(gone), len(gone))
    return len(gone)


def delete_everywhere(ctx: Context, messages: Iterable[Message]) -> None:
    """Take messages out of every mailbox."""
    by_box: dict[int, tuple[Mailbox, list[int]]] = {}
    for message in messages:
        for box in mailboxes(ctx.state, message):
            by_box.setdefault(box.owner, (box, []))[1].append(message.ids[box.owner])
    for box, ids in by_box.values():
        delete(ctx, box, ids)


def read(ctx: Context, peer: int, max_id: int) -> int:
    """Mark what an account sees of a chat as read up to an id (0: all); how many messages that were."""
    state, me = ctx.state, ctx.me
    box, dialog = state.box(me, peer), me.dialog(peer)
    ids = box.ids_with(peer)
    last = ids[-1] if ids else 0
    upto = min(max_id, last) if max_id else last
    newly = [box.messages[i] for i in box.ids_after(peer, dialog.read_inbox_max_id) if i <= upto]
    dialog.unread_mark = False
    if upto <= dialog.read_inbox_max_id:
        return 0
    dialog.read_inbox_max_id = upto
    received = [message for message in newly if message.sender != me.id]
    still_unread = unread_count(state, me, peer)
    if is_channel(peer):
        channel = state.channels[peer]
        ctx.tell(me, types.UpdateReadChannelInbox(channel.id, upto, still_unread, channel.mailbox.pts))
    elif received:
        ctx.record(me.mailbox, ReadInbox(peer, upto, still_unread))
    _let_senders_know(ctx, received)
    return len(received)


def _let_senders_know(ctx: Context, received: list[Message]) -> None:
    newest: dict[int, Message] = {message.sender: message for message in received if not message.post}
    for sender_id, message in newest.items():
        sender = ctx.state.users[sender_id]
        peer = message.peer_for(sender_id)
        seen_id, dialog = message.id_for(sender_id), sender.dialog(peer)
        if seen_id is None or seen_id <= dialog.read_outbox_max_id:
            continue
        dialog.read_outbox_max_id = seen_id
        if is_channel(peer):
            ctx.tell(sender, types.UpdateReadChannelOutbox(ctx.state.channels[peer].id, seen_id))
        else:
            ctx.record(sender.mailbox, ReadOutbox(peer, seen_id))


def hear(ctx: Context, messages: Iterable[Message]) -> None:
    """Note that an account listened to voice notes; their senders see it too."""
    me = ctx.me
    heard: dict[int, tuple[Mailbox, list[int]]] = {}
    for message in messages:
        if me.id not in message.unheard:
            continue
        message.unheard.discard(me.id)
        for user in {me.id: me, message.sender: ctx.state.users[message.sender]}.values():
            message_id = message.id_for(user.id)
            if message_id is not None and not is_channel(message.peer):
                heard.setdefault(user.id, (user.mailbox, []))[1].append(message_id)
    for box, ids in heard.values():
        ctx.record(box, ContentsRead(tuple(ids)))
