"""Catching up: where an account's updates stand, and what it missed."""

from __future__ import annotations

from collections.abc import Sequence

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.dialogs import show_dialog
from jobs.sandbox.telegram.world.model import Channel, Event, NewMessage
from jobs.sandbox.telegram.world.peers import named_in, resolve_channel, show_all
from jobs.sandbox.telegram.world.views import show_channel_event, show_event, show_message, update_state

_CHANNEL_TIMEOUT = 30
_MOST_FROM_CHANNEL = 100


def get_state(ctx: Context, _request: functions.updates.GetStateRequest) -> Result:
    return update_state(ctx.state, ctx.me)


def get_difference(ctx: Context, request: functions.updates.GetDifferenceRequest) -> Result:
    state, me = ctx.state, ctx.me
    if request.pts <= 0:
        raise RpcError(400, "PERSISTENT_TIMESTAMP_EMPTY")
    if request.pts > me.mailbox.pts:
        raise RpcError(400, "PERSISTENT_TIMESTAMP_INVALID")
    missed = me.mailbox.since(request.pts)
    since = request.date.timestamp() if request.date else 0
    channels = _channels_with_news(ctx, since)
    if not missed and not channels:
        return types.updates.DifferenceEmpty(state.date(), 0)
    limits = [n for n in (state.settings.difference_too_long, request.pts_total_limit) if n is not None]
    if limits and len(missed) > min(limits):
        return types.updates.DifferenceTooLong(me.mailbox.pts)
    page = missed[: min(request.pts_limit or state.settings.difference_page, state.settings.difference_page)]
    messages, others = _split(ctx, page)
    if len(page) < len(missed):
        users, chats = show_all(state, me, named_in([*messages, *others]))
        reached = update_state(state, me, page[-1].pts)
        return types.updates.DifferenceSlice(messages, [], others, chats, users, reached)
    others += channels
    users, chats = show_all(state, me, named_in([*messages, *others]))
    return types.updates.Difference(messages, [], others, chats, users, update_state(state, me))


def _channels_with_news(ctx: Context, since: float) -> list[types.TypeUpdate]:
    """Channels have a pts of their own: the account only learns in which of them something happened."""
    return [
        types.UpdateChannelTooLong(channel.id, channel.mailbox.pts)
        for channel in ctx.state.channels.values()
        if ctx.me.id in channel.members and channel.mailbox.log and channel.mailbox.log[-1].date >= int(since)
    ]


def _split(ctx: Context, events: Sequence[Event]) -> tuple[list[types.TypeMessage], list[types.TypeUpdate]]:
    """New messages as they are by now (those already gone are left out), and everything else."""
    messages: list[types.TypeMessage] = []
    others: list[types.TypeUpdate] = []
    for event in events:
        if isinstance(event.change, NewMessage):
            if event.change.message.id_for(ctx.me.id) is not None:
                messages.append(show_message(ctx.state, ctx.me, event.change.message))
        elif (update := show_event(ctx.state, ctx.me, event)) is not None:
            others.append(update)
    return messages, others


def get_channel_difference(ctx: Context, request: functions.updates.GetChannelDifferenceRequest) -> Result:
    state, me = ctx.state, ctx.me
    channel = resolve_channel(state, me, request.channel)
    if request.pts <= 0:
        raise RpcError(400, "PERSISTENT_TIMESTAMP_EMPTY")
    missed = channel.mailbox.since(request.pts)
    if not missed:
        return types.updates.ChannelDifferenceEmpty(channel.mailbox.pts, final=True, timeout=_CHANNEL_TIMEOUT)
    too_long = state.settings.channel_difference_too_long
    if too_long is not None and len(missed) > too_long:
        return _channel_too_long(ctx, channel)
    page = missed[: min(request.limit, _MOST_FROM_CHANNEL)]
    messages: list[types.TypeMessage] = []
    others: list[types.TypeUpdate] = []
    for event in page:
        if isinstance(event.change, NewMessage):
            if event.change.message.id_for(me.id) is not None:
                messages.append(show_message(state, me, event.change.message))
        elif (update := show_channel_event(state, me, channel.id, event)) is not None:
            others.append(update)
    users, chats = show_all(state, me, [channel.peer, *named_in([*messages, *others])])
    return types.updates.ChannelDifference(
        page[-1].pts,
        messages,
        others,
        chats,
        users,
        final=len(page) == len(missed),
        timeout=_CHANNEL_TIMEOUT,
    )


def _channel_too_long(ctx: Context, channel: Channel) -> Result:
    state, me = ctx.state, ctx.me
    ids = channel.mailbox.ids_with(channel.peer)[-_MOST_FROM_CHANNEL:]
    messages = [show_message(state, me, channel.mailbox.messages[i]) for i in reversed(ids)]
    users, chats = show_all(state, me, [channel.peer, *named_in(messages)])
    dialog = show_dialog(ctx, channel.peer)
    return types.updates.ChannelDifferenceTooLong(dialog, messages, chats, users, final=True, timeout=_CHANNEL_TIMEOUT)


HANDLERS: Handlers = {
    functions.updates.GetStateRequest: get_state,
    functions.updates.GetDifferenceRequest: get_difference,
    functions.updates.GetChannelDifferenceRequest: get_channel_difference,
}
