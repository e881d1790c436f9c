"""Messages that wait for their time."""

from __future__ import annotations

from collections.abc import Iterable

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import posting
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.peers import named_in, resolve, show_all, to_peer
from jobs.sandbox.telegram.world.views import show_message


def _ids_with(ctx: Context, peer: int) -> list[int]:
    """Ids of what waits for a chat, the latest first."""
    waiting = [(m.schedule_date or 0, i) for i, m in ctx.me.scheduled.items() if m.peer == peer]
    return [scheduled_id for _, scheduled_id in sorted(waiting, reverse=True)]


def _answer(ctx: Context, ids: Iterable[int]) -> Result:
    state, me = ctx.state, ctx.me
    shown = [show_message(state, me, me.scheduled[i], i) for i in ids]
    users, chats = show_all(state, me, named_in(shown))
    return types.messages.Messages(shown, [], chats, users)


def get_scheduled_history(ctx: Context, request: functions.messages.GetScheduledHistoryRequest) -> Result:
    return _answer(ctx, _ids_with(ctx, resolve(ctx.state, ctx.me, request.peer)))


def get_scheduled(ctx: Context, request: functions.messages.GetScheduledMessagesRequest) -> Result:
    here = _ids_with(ctx, resolve(ctx.state, ctx.me, request.peer))
    return _answer(ctx, [i for i in request.id if i in here])


def send_scheduled(ctx: Context, request: functions.messages.SendScheduledMessagesRequest) -> Result:
    here = _ids_with(ctx, resolve(ctx.state, ctx.me, request.peer))
    wanted = [i for i in request.id if i in here]
    if not wanted:
        raise RpcError(400, "MESSAGE_ID_INVALID")
    deliver(ctx, wanted)
    return ctx.answer()


def delete_scheduled(ctx: Context, request: functions.messages.DeleteScheduledMessagesRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    gone = [i for i in request.id if i in _ids_with(ctx, peer)]
    for scheduled_id in gone:
        del ctx.me.scheduled[scheduled_id]
    ctx.tell(ctx.me, types.UpdateDeleteScheduledMessages(to_peer(peer), gone))
    return ctx.answer()


def deliver(ctx: Context, ids: Iterable[int]) -> None:
    """Send what an account has scheduled under these ids, now."""
    for scheduled_id in sorted(ids):
        message = ctx.me.scheduled.pop(scheduled_id)
        message.date, message.schedule_date, message.from_scheduled = ctx.state.now, None, True
        posting.post(ctx, message)
        sent_id = message.id_for(ctx.me.id) or 0
        gone = types.UpdateDeleteScheduledMessages(to_peer(message.peer), [scheduled_id], sent_messages=[sent_id])
        ctx.tell(ctx.me, gone)


HANDLERS: Handlers = {
    functions.messages.GetScheduledHistoryRequest: get_scheduled_history,
    functions.messages.GetScheduledMessagesRequest: get_scheduled,
    functions.messages.SendScheduledMessagesRequest: send_scheduled,
    functions.messages.DeleteScheduledMessagesRequest: delete_scheduled,
}
