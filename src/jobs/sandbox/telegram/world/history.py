"""Looking back: history, search, single messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.media import is_round, is_voice
from jobs.sandbox.telegram.world.model import Message, is_channel
from jobs.sandbox.telegram.world.peers import named_in, resolve, resolve_channel, show_all
from jobs.sandbox.telegram.world.views import show_message

_MOST = 100


def page(
    ctx: Context,
    found: Sequence[Message],
    *,
    offset_id: int = 0,
    offset_date: datetime | None = None,
    add_offset: int = 0,
    limit: int = _MOST,
    max_id: int = 0,
    min_id: int = 0,
) -> list[Message]:
    """A window of messages (newest first) by Telegram's rules of offsets."""
    me = ctx.me.id
    ids = [message.id_for(me) or 0 for message in found]
    start = 0
    if offset_id:
        start = next((i for i, message_id in enumerate(ids) if message_id < offset_id), len(ids))
    elif offset_date:
        moment = offset_date.timestamp()
        start = next((i for i, message in enumerate(found) if message.date < moment), len(found))
    start += add_offset
    window = range(max(start, 0), min(max(start + min(limit, _MOST), 0), len(found)))
    return [found[i] for i in window if (not max_id or ids[i] < max_id) and ids[i] > min_id]


def answer(ctx: Context, peer: int | None, shown: Sequence[Message], count: int) -> Result:
    """Messages with the people they speak of, in the form that fits the chat."""
    state, me = ctx.state, ctx.me
    messages = [show_message(state, me, message) for message in shown]
    users, chats = show_all(state, me, named_in(messages))
    if peer is not None and is_channel(peer):
        pts = state.channels[peer].mailbox.pts
        return types.messages.ChannelMessages(pts, count, messages, [], chats, users)
    if len(messages) >= count:
        return types.messages.Messages(messages, [], chats, users)
    return types.messages.MessagesSlice(count, messages, [], chats, users)


def newest_first(ctx: Context, peer: int) -> list[Message]:
    """What the account sees in a chat."""
    box = ctx.state.box(ctx.me, peer)
    return [box.messages[i] for i in reversed(box.ids_with(peer))]


def get_history(ctx: Context, request: functions.messages.GetHistoryRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    found = newest_first(ctx, peer)
    shown = page(
        ctx,
        found,
        offset_id=request.offset_id,
        offset_date=request.offset_date,
        add_offset=request.add_offset,
        limit=request.limit,
        max_id=request.max_id,
        min_id=request.min_id,
    )
    return answer(ctx, peer, shown, len(found))


def get_messages(ctx: Context, request: functions.messages.GetMessagesRequest) -> Result:
    return _by_ids(ctx, None, request.id)


def get_channel_messages(ctx: Context, request: functions.channels.GetMessagesRequest) -> Result:
    return _by_ids(ctx, resolve_channel(ctx.state, ctx.me, request.channel).peer, request.id)


def _by_ids(ctx: Context, peer: int | None, wanted: Sequence[types.TypeInputMessage]) -> Result:
    state, me = ctx.state, ctx.me
    box = me.mailbox if peer is None else state.channels[peer].mailbox
    shown: list[types.TypeMessage] = []
    for item in wanted:
        message = _wanted(ctx, peer, box.messages, item)
        if message is None or message.id_for(me.id) is None:
            shown.append(types.MessageEmpty(getattr(item, "id", 0), None))
        else:
            shown.append(show_message(state, me, message))
    users, chats = show_all(state, me, named_in(shown))
    if peer is not None:
        return types.messages.ChannelMessages(box.pts, len(shown), shown, [], chats, users)
    return types.messages.Messages(shown, [], chats, users)


def _wanted(
    ctx: Context, peer: int | None, messages: dict[int, Message], item: types.TypeInputMessage
) -> Message | None:
    match item:
        case types.InputMessageID():
            return messages.get(item.id)
        case types.InputMessageReplyTo():
            source = messages.get(item.id)
            return source.reply.to if source and source.reply else None
        case types.InputMessagePinned() if peer is not None:
            return next((m for m in newest_first(ctx, peer) if _is_pinned(ctx, m)), None)
        case _:
            return None


def search(ctx: Context, request: functions.messages.SearchRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    sender = resolve(ctx.state, ctx.me, request.from_id) if request.from_id else None
    found = [
        message
        for message in newest_first(ctx, peer)
        if matches(ctx, message, request.q, request.filter)
        and (sender is None or message.sender == sender)
        and _in_time(message, request.min_date, request.max_date)
    ]
    shown = page(
        ctx,
        found,
        offset_id=request.offset_id,
        add_offset=request.add_offset,
        limit=request.limit,
        max_id=request.max_id,
        min_id=request.min_id,
    )
    return answer(ctx, peer, shown, len(found))


def search_global(ctx: Context, request: functions.messages.SearchGlobalRequest) -> Result:
    found = [
        message
        for message in _everywhere(ctx)
        if matches(ctx, message, request.q, request.filter) and _in_time(message, request.min_date, request.max_date)
    ]
    start = 0
    if request.offset_id and not isinstance(request.offset_peer, types.InputPeerEmpty):
        peer = resolve(ctx.state, ctx.me, request.offset_peer)
        here = (peer, request.offset_id)
        places = [(message.peer_for(ctx.me.id), message.id_for(ctx.me.id)) for message in found]
        start = places.index(here) + 1 if here in places else len(found)
    shown = found[start : start + min(request.limit, _MOST)]
    result = answer(ctx, None, shown, len(found))
    if isinstance(result, types.messages.MessagesSlice) and shown:
        result.next_rate = shown[-1].date
    return result


def _everywhere(ctx: Context) -> list[Message]:
    """All that the account can see, newest first."""
    found = list(ctx.me.mailbox.messages.values())
    for channel in ctx.state.channels.values():
        if ctx.me.id in channel.members:
            found += channel.mailbox.messages.values()
    return sorted(found, key=lambda message: (message.date, message.id_for(ctx.me.id) or 0), reverse=True)


def _in_time(message: Message, after: datetime | None, before: datetime | None) -> bool:
    return (after is None or message.date > after.timestamp()) and (before is None or message.date < before.timestamp())


def matches(ctx: Context, message: Message, query: str, kind: types.TypeMessagesFilter) -> bool:
    """Whether a search finds a message: every word asked for begins a word of its text."""
    if message.action is not None:
        return False
    words = message.text.casefold().split()
    stripped = [word.strip("\"'«».,:;!?()[]") for word in words]
    wanted = query.casefold().split()
    if not all(any(word.startswith(part) for word in [*words, *stripped]) for part in wanted):
        return False
    check = _FILTERS.get(type(kind))
    if check is None:
        raise RpcError(400, "FILTER_NOT_SUPPORTED")
    return check(ctx, message)


def _is_photo(message: Message) -> bool:
    return message.media is not None and message.media.file is not None and bool(message.media.file.size_type)


def _has_attribute(message: Message, attribute: type[types.TypeDocumentAttribute]) -> bool:
    file = message.media.file if message.media else None
    return file is not None and any(isinstance(a, attribute) for a in file.attributes)


def _is_video(message: Message) -> bool:
    animated = _has_attribute(message, types.DocumentAttributeAnimated)
    return _has_attribute(message, types.DocumentAttributeVideo) and not is_round(message.media) and not animated


def _is_music(message: Message) -> bool:
    return _has_attribute(message, types.DocumentAttributeAudio) and not is_voice(message.media)


def _is_document(message: Message) -> bool:
    has_file = message.media is not None and message.media.file is not None
    special = _is_photo(message) or _is_video(message) or _is_music(message) or is_voice(message.media)
    return has_file and not special and not is_round(message.media)


def _is_pinned(ctx: Context, message: Message) -> bool:
    return (message.peer if is_channel(message.peer) else ctx.me.id) in message.pinned_in


def _has_link(message: Message) -> bool:
    links = (types.MessageEntityUrl, types.MessageEntityTextUrl)
    return (
        "http://" in message.text or "https://" in message.text or any(isinstance(e, links) for e in message.entities)
    )


_FILTERS: dict[type[types.TypeMessagesFilter], Callable[[Context, Message], bool]] = {
    types.InputMessagesFilterEmpty: lambda _ctx, _m: True,
    types.InputMessagesFilterPhotos: lambda _ctx, m: _is_photo(m),
    types.InputMessagesFilterVideo: lambda _ctx, m: _is_video(m),
    types.InputMessagesFilterPhotoVideo: lambda _ctx, m: _is_photo(m) or _is_video(m),
    types.InputMessagesFilterDocument: lambda _ctx, m: _is_document(m),
    types.InputMessagesFilterUrl: lambda _ctx, m: _has_link(m),
    types.InputMessagesFilterGif: lambda _ctx, m: _has_attribute(m, types.DocumentAttributeAnimated),
    types.InputMessagesFilterVoice: lambda _ctx, m: is_voice(m.media),
    types.InputMessagesFilterRoundVoice: lambda _ctx, m: is_voice(m.media) or is_round(m.media),
    types.InputMessagesFilterRoundVideo: lambda _ctx, m: is_round(m.media),
    types.InputMessagesFilterMusic: lambda _ctx, m: _is_music(m),
    types.InputMessagesFilterMyMentions: lambda ctx, m: ctx.me.id in m.mentions,
    types.InputMessagesFilterPinned: _is_pinned,
}


HANDLERS: Handlers = {
    functions.messages.GetHistoryRequest: get_history,
    functions.messages.GetMessagesRequest: get_messages,
    functions.channels.GetMessagesRequest: get_channel_messages,
    functions.messages.SearchRequest: search,
    functions.messages.SearchGlobalRequest: search_global,
}
