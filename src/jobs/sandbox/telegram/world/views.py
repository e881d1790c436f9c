"""Messages, media and changes as one account sees them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from telethon.tl import types

from jobs.sandbox.telegram.world.media import show_media
from jobs.sandbox.telegram.world.model import (
    ContentsRead,
    Deleted,
    Edited,
    Event,
    Forward,
    Message,
    NewMessage,
    PinChanged,
    ReadInbox,
    ReadOutbox,
    Reply,
    User,
    is_channel,
    is_user,
)
from jobs.sandbox.telegram.world.peers import named_in, show_all, to_peer
from jobs.sandbox.telegram.world.state import WorldState


def show_message(state: WorldState, viewer: User, message: Message, message_id: int | None = None) -> types.TypeMessage:
    """A message with the id, the direction and the chat it has for this account.

    `message_id` stands in for one that lies in no mailbox yet (a scheduled message).
    """
    shown_id = message_id if message_id is not None else message.id_for(viewer.id)
    if shown_id is None:
        raise KeyError(f"account {viewer.id} does not have the message")
    to_self = message.peer == message.sender
    out = _is_outgoing(viewer, message)
    if message.action is not None:
        return _show_service(state, viewer, message, shown_id, message.action)
    return types.Message(
        id=shown_id,
        peer_id=to_peer(message.peer_for(viewer.id)),
        date=state.date(message.schedule_date or message.date),
        message=message.text,
        out=out,
        mentioned=viewer.id in message.mentions and not out,
        media_unread=bool(message.unheard) if out else viewer.id in message.unheard,
        silent=message.silent,
        post=message.post,
        from_scheduled=message.from_scheduled,
        edit_hide=message.edit_hidden,
        pinned=(message.peer if is_channel(message.peer) else viewer.id) in message.pinned_in,
        from_id=_from_id(viewer, message),
        saved_peer_id=_saved_peer(message) if to_self else None,
        fwd_from=_show_forward(state, viewer, message.forward),
        reply_to=_show_reply(state, viewer, message, message.reply),
        media=show_media(state, viewer, message.media),
        entities=message.entities or None,
        views=message.views,
        forwards=None if message.views is None else 0,
        replies=_show_replies(state, message),
        edit_date=state.date(message.edit_date) if message.edit_date else None,
        grouped_id=message.grouped_id,
        reactions=show_reactions(state, viewer, message) if message.reactions else None,
    )


def comments_of(state: WorldState, message: Message) -> list[Message]:
    """What was written below a channel's post, oldest first."""
    copy = message.discussed_as
    if copy is None:
        return []
    thread = {copy}
    for other in state.channels[copy.peer].mailbox.with_peer(copy.peer):
        if other.reply is not None and other.reply.to in thread:
            thread.add(other)
    return sorted(thread - {copy}, key=lambda comment: comment.ids[copy.peer])


def _show_replies(state: WorldState, message: Message) -> types.MessageReplies | None:
    copy = message.discussed_as
    if copy is None:
        return None
    group = state.channels[copy.peer]
    return types.MessageReplies(len(comments_of(state, message)), group.mailbox.pts, comments=True, channel_id=group.id)


def _is_outgoing(viewer: User, message: Message) -> bool:
    return message.sender == viewer.id and message.peer != message.sender


def _from_id(viewer: User, message: Message) -> types.TypePeer | None:
    """The sender, which Telegram leaves out where the chat already tells it."""
    in_private = is_user(message.peer)
    if message.post or (in_private and not _is_outgoing(viewer, message)):
        return None
    return types.PeerUser(message.sender)


def _show_service(
    state: WorldState, viewer: User, message: Message, shown_id: int, action: types.TypeMessageAction
) -> types.MessageService:
    return types.MessageService(
        id=shown_id,
        peer_id=to_peer(message.peer_for(viewer.id)),
        date=state.date(message.date),
        out=_is_outgoing(viewer, message),
        silent=message.silent,
        post=message.post,
        from_id=_from_id(viewer, message),
        reply_to=_show_reply(state, viewer, message, message.reply),
        action=action,
    )


def _saved_peer(message: Message) -> types.TypePeer:
    source = message.forward.sender if message.forward else None
    return to_peer(source if source is not None else message.sender)


def _show_forward(state: WorldState, viewer: User, forward: Forward | None) -> types.MessageFwdHeader | None:
    if forward is None:
        return None
    saved = forward.saved_from
    saved_id = saved.id_for(viewer.id) if saved else None
    return types.MessageFwdHeader(
        date=state.date(forward.date),
        from_id=to_peer(forward.sender) if forward.sender is not None else None,
        from_name=forward.name,
        channel_post=forward.channel_post,
        saved_from_peer=to_peer(saved.peer_for(viewer.id)) if saved and saved_id else None,
        saved_from_msg_id=saved_id,
    )


def _show_reply(
    state: WorldState, viewer: User, message: Message, reply: Reply | None
) -> types.MessageReplyHeader | None:
    if reply is None:
        return None
    target_id = reply.id_for(viewer.id)
    elsewhere = reply.to.peer_for(message.sender) != message.peer_for(message.sender)
    return types.MessageReplyHeader(
        reply_to_msg_id=target_id,
        reply_to_peer_id=to_peer(reply.to.peer_for(viewer.id)) if elsewhere and target_id else None,
        reply_from=_reply_from(state, reply.to) if elsewhere else None,
        reply_media=show_media(state, viewer, reply.to.media) if elsewhere else None,
        quote=reply.quote is not None,
        quote_text=reply.quote,
        quote_entities=reply.quote_entities or None,
        quote_offset=reply.quote_offset,
    )


def _reply_from(state: WorldState, target: Message) -> types.MessageFwdHeader:
    if target.post:
        post = target.ids.get(target.peer)
        return types.MessageFwdHeader(state.date(target.date), from_id=to_peer(target.peer), channel_post=post)
    return types.MessageFwdHeader(state.date(target.date), from_id=types.PeerUser(target.sender))


def show_reactions(state: WorldState, viewer: User, message: Message) -> types.MessageReactions:
    counts: dict[bytes, types.ReactionCount] = {}
    recent: list[types.MessagePeerReaction] = []
    for user_id, chosen in message.reactions.items():
        for order, (reaction, date) in enumerate(chosen):
            count = counts.setdefault(bytes(reaction), types.ReactionCount(reaction, 0))
            count.count += 1
            if user_id == viewer.id:
                count.chosen_order = order
            recent.append(
                types.MessagePeerReaction(
                    to_peer(user_id), state.date(date), reaction, my=user_id == viewer.id, unread=False
                )
            )
    can_see = not message.post
    return types.MessageReactions(
        sorted(counts.values(), key=lambda count: -count.count),
        can_see_list=can_see,
        recent_reactions=recent if can_see else None,
    )


def show_event(state: WorldState, viewer: User, event: Event) -> types.TypeUpdate | None:  # noqa: PLR0911, one return a kind
    """An account's own change as an update; None when what it speaks of is gone by now."""
    change, pts, count = event.change, event.pts, event.pts_count
    match change:
        case NewMessage(message) | Edited(message):
            if message.id_for(viewer.id) is None:
                return None
            shown = show_message(state, viewer, message)
            kind = types.UpdateNewMessage if isinstance(change, NewMessage) else types.UpdateEditMessage
            return kind(shown, pts, count)
        case Deleted(ids):
            return types.UpdateDeleteMessages(list(ids), pts, count)
        case ReadInbox(peer, max_id, still_unread):
            return types.UpdateReadHistoryInbox(to_peer(peer), max_id, still_unread, pts, count)
        case ReadOutbox(peer, max_id):
            return types.UpdateReadHistoryOutbox(to_peer(peer), max_id, pts, count)
        case ContentsRead(ids):
            return types.UpdateReadMessagesContents(list(ids), pts, count, date=state.date(event.date))
        case PinChanged(peer, ids, pinned):
            return types.UpdatePinnedMessages(to_peer(peer), list(ids), pts, count, pinned=pinned)


def show_channel_event(state: WorldState, viewer: User, channel_id: int, event: Event) -> types.TypeUpdate | None:
    """A channel's change as an update to one of its members."""
    change, pts, count = event.change, event.pts, event.pts_count
    match change:
        case NewMessage(message) | Edited(message):
            if message.id_for(viewer.id) is None:
                return None
            shown = show_message(state, viewer, message)
            if isinstance(change, NewMessage):
                return types.UpdateNewChannelMessage(shown, pts, count)
            return types.UpdateEditChannelMessage(shown, pts, count)
        case Deleted(ids):
            return types.UpdateDeleteChannelMessages(channel_id, list(ids), pts, count)
        case PinChanged(_, ids, pinned):
            return types.UpdatePinnedChannelMessages(channel_id, list(ids), pts, count, pinned=pinned)
        case ReadInbox() | ReadOutbox() | ContentsRead():
            return None


def updates(state: WorldState, viewer: User, items: Iterable[types.TypeUpdate]) -> types.Updates:
    """Updates with the people and chats they speak of."""
    found = list(items)
    users, chats = show_all(state, viewer, named_in(found))
    return types.Updates(found, users, chats, state.date(), 0)


def unread_count(state: WorldState, viewer: User, peer: int) -> int:
    box = state.box(viewer, peer)
    unread = box.ids_after(peer, viewer.dialog(peer).read_inbox_max_id)
    return sum(box.messages[i].sender != viewer.id for i in unread)


def update_state(state: WorldState, viewer: User, pts: int | None = None) -> Any:  # Telethon takes it for a module
    """Where an account's updates stand now, or stood at a pts."""
    return types.updates.State(
        pts=viewer.mailbox.pts if pts is None else pts,
        qts=0,
        date=state.date(),
        seq=0,
        unread_count=sum(unread_count(state, viewer, peer) for peer in viewer.dialogs),
    )
