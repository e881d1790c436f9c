"""Sending: texts, media, albums, at once or on a schedule, each under the random_id its sender chose."""

from __future__ import annotations

from collections.abc import Sequence

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import posting
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.media import show_media, take_media
from jobs.sandbox.telegram.world.model import Media, Message, Reply, is_channel, is_user
from jobs.sandbox.telegram.world.peers import resolve, to_peer
from jobs.sandbox.telegram.world.text import Entities, take_text
from jobs.sandbox.telegram.world.views import show_message, updates

_SOONEST_SECONDS = 10
"""What is scheduled for sooner than this is sent at once."""
_LATEST_SECONDS = 365 * 24 * 3600
_MOST_SCHEDULED = 100
_MOST_IN_ALBUM = 10

NewMessageRequest = (
    functions.messages.SendMessageRequest
    | functions.messages.SendMediaRequest
    | functions.messages.SendMultiMediaRequest
)


def new_message(ctx: Context, peer: int, text: str, entities: Entities | None, media: Media | None) -> Message:
    """A message that is not posted yet. Raises RpcError where Telegram refuses it."""
    posting.require_may_post(ctx, peer)
    taken, checked = take_text(ctx.state, ctx.me, text, entities, caption=media is not None)
    message = Message(ctx.me.id, peer, ctx.state.now, taken, checked, media)
    mark_as_post(ctx, message)
    return message


def mark_as_post(ctx: Context, message: Message) -> None:
    """In a broadcast channel the channel speaks, not its admin."""
    channel = ctx.state.channels.get(message.peer)
    if channel is not None and not channel.megagroup:
        message.post, message.views = True, 1


def _with_options(ctx: Context, message: Message, request: NewMessageRequest) -> Message:
    """What every sending request can ask for besides its content."""
    message.silent = bool(request.silent)
    message.reply = _take_reply(ctx, message.peer, request.reply_to)
    message.schedule_date = take_schedule(ctx, request)
    dialog = ctx.me.dialog(message.peer)
    if request.clear_draft and dialog.draft is not None:
        dialog.draft = None
        ctx.tell(ctx.me, types.UpdateDraftMessage(to_peer(message.peer), types.DraftMessageEmpty()))
    return message


def take_schedule(ctx: Context, request: NewMessageRequest | functions.messages.ForwardMessagesRequest) -> int | None:
    """When to send, if not at once."""
    if request.schedule_date is None:
        return None
    moment = int(request.schedule_date.timestamp())
    if moment > ctx.state.now + _LATEST_SECONDS:
        raise RpcError(400, "SCHEDULE_DATE_TOO_LATE")
    return moment if moment > ctx.state.now + _SOONEST_SECONDS else None


def _take_reply(ctx: Context, peer: int, given: types.TypeInputReplyTo | None) -> Reply | None:
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


def sent_before(ctx: Context, random_ids: Sequence[int]) -> types.Updates | None:
    """The first result again, when these random ids were used already and the world answers so."""
    sent = ctx.me.sent
    if not any(random_id in sent for random_id in random_ids):
        return None
    if ctx.state.settings.duplicate_random_id_is_error:
        raise RpcError(500, "RANDOM_ID_DUPLICATE")
    found: list[types.TypeUpdate] = []
    for random_id in random_ids:
        message = sent.get(random_id)
        if message is None or message.id_for(ctx.me.id) is None:
            continue
        shown = show_message(ctx.state, ctx.me, message)
        kind = types.UpdateNewChannelMessage if is_channel(message.peer) else types.UpdateNewMessage
        found += [
            types.UpdateMessageID(shown.id, random_id),
            kind(shown, ctx.state.box(ctx.me, message.peer).pts, 0),
        ]
    return updates(ctx.state, ctx.me, found)


def send(ctx: Context, messages: Sequence[Message], random_ids: Sequence[int]) -> types.Updates:
    """Post messages (or put them on the schedule) under their random ids; the answer to the sending link."""
    me, ids = ctx.me, list[int]()
    if messages[0].schedule_date is not None and len(me.scheduled) + len(messages) > _MOST_SCHEDULED:
        raise RpcError(400, "SCHEDULE_TOO_MUCH")
    for message, random_id in zip(messages, random_ids, strict=True):
        me.sent[random_id] = message
        if message.schedule_date is None:
            posting.post(ctx, message)
            ids.append(message.id_for(me.id) or 0)
        else:
            ids.append(_schedule(ctx, message))
    return ctx.answer(map(types.UpdateMessageID, ids, random_ids))


def _schedule(ctx: Context, message: Message) -> int:
    me = ctx.me
    scheduled_id = me.next_scheduled_id
    me.next_scheduled_id += 1
    me.scheduled[scheduled_id] = message
    shown = show_message(ctx.state, me, message, scheduled_id)
    ctx.tell(me, types.UpdateNewScheduledMessage(shown))
    return scheduled_id


def send_message(ctx: Context, request: functions.messages.SendMessageRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    message = new_message(ctx, peer, request.message, request.entities, None)
    _with_options(ctx, message, request)
    if (again := sent_before(ctx, [request.random_id])) is not None:
        return again
    answer = send(ctx, [message], [request.random_id])
    if not is_user(peer) or message.schedule_date is not None:
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


def send_media(ctx: Context, request: functions.messages.SendMediaRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    posting.require_may_post(ctx, peer)
    if (again := sent_before(ctx, [request.random_id])) is not None:
        return again
    media = take_media(ctx.state, ctx.me, request.media)
    message = new_message(ctx, peer, request.message, request.entities, media)
    return send(ctx, [_with_options(ctx, message, request)], [request.random_id])


def send_multi_media(ctx: Context, request: functions.messages.SendMultiMediaRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    posting.require_may_post(ctx, peer)
    if not request.multi_media:
        raise RpcError(400, "MEDIA_EMPTY")
    if len(request.multi_media) > _MOST_IN_ALBUM:
        raise RpcError(400, "MULTI_MEDIA_TOO_LONG")
    random_ids = [item.random_id for item in request.multi_media]
    if (again := sent_before(ctx, random_ids)) is not None:
        return again
    group = new_grouped_id(ctx) if len(random_ids) > 1 else None
    messages: list[Message] = []
    for item in request.multi_media:
        media = take_media(ctx.state, ctx.me, item.media)
        message = new_message(ctx, peer, item.message, item.entities, media)
        message.grouped_id = group
        messages.append(_with_options(ctx, message, request))
    return send(ctx, messages, random_ids)


def new_grouped_id(ctx: Context) -> int:
    return 13_000_000_000_000_000 + ctx.state.new_id()


def upload_media(ctx: Context, request: functions.messages.UploadMediaRequest) -> Result:
    media = take_media(ctx.state, ctx.me, request.media)
    return show_media(ctx.state, ctx.me, media) or types.MessageMediaEmpty()


HANDLERS: Handlers = {
    functions.messages.SendMessageRequest: send_message,
    functions.messages.SendMediaRequest: send_media,
    functions.messages.SendMultiMediaRequest: send_multi_media,
    functions.messages.UploadMediaRequest: upload_media,
}
