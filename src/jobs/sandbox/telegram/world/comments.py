"""Comments: a channel's post is discussed in its group, below the post's copy there."""

from __future__ import annotations

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import posting
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.history import answer, page
from jobs.sandbox.telegram.world.model import Message
from jobs.sandbox.telegram.world.peers import named_in, resolve, show_all
from jobs.sandbox.telegram.world.views import comments_of, show_message


def _discussed(ctx: Context, message: Message) -> Message:
    if message.discussed_as is None or message.discussed_as.id_for(ctx.me.id) is None:
        raise RpcError(400, "MSG_ID_INVALID")
    return message.discussed_as


def get_replies(ctx: Context, request: functions.messages.GetRepliesRequest) -> Result:
    post = posting.find(ctx, resolve(ctx.state, ctx.me, request.peer), request.msg_id)
    copy = _discussed(ctx, post)
    found = list(reversed(comments_of(ctx.state, post)))
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
    return answer(ctx, copy.peer, shown, len(found))


def get_discussion_message(ctx: Context, request: functions.messages.GetDiscussionMessageRequest) -> Result:
    post = posting.find(ctx, resolve(ctx.state, ctx.me, request.peer), request.msg_id)
    shown = show_message(ctx.state, ctx.me, _discussed(ctx, post))
    users, chats = show_all(ctx.state, ctx.me, named_in(shown))
    return types.messages.DiscussionMessage([shown], 0, chats, users)


HANDLERS: Handlers = {
    functions.messages.GetRepliesRequest: get_replies,
    functions.messages.GetDiscussionMessageRequest: get_discussion_message,
}
