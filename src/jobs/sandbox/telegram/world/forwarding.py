"""Forwarding messages, with or without telling where they come from."""

from __future__ import annotations

import copy
from dataclasses import replace

from telethon import functions

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import posting
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.model import Forward, Message
from jobs.sandbox.telegram.world.peers import resolve
from jobs.sandbox.telegram.world.sending import mark_as_post, new_grouped_id, send, sent_before, take_schedule
from jobs.sandbox.telegram.world.state import WorldState


def forward_messages(ctx: Context, request: functions.messages.ForwardMessagesRequest) -> Result:
    source, target = (resolve(ctx.state, ctx.me, peer) for peer in (request.from_peer, request.to_peer))
    posting.require_may_post(ctx, target)
    if not request.id:
        raise RpcError(400, "MESSAGE_IDS_EMPTY")
    if len(request.id) != len(request.random_id):
        raise RpcError(400, "RANDOM_ID_INVALID")
    if (again := sent_before(ctx, request.random_id)) is not None:
        return again
    box = ctx.state.box(ctx.me, source)
    groups: dict[int, int] = {}
    messages: list[Message] = []
    random_ids: list[int] = []
    for message_id, random_id in zip(request.id, request.random_id, strict=True):
        original = box.messages.get(message_id)
        if original is None or original.action is not None or original.peer_for(ctx.me.id) != source:
            continue  # Telegram forwards what it can
        messages.append(_copy(ctx, original, target, request, groups))
        random_ids.append(random_id)
    if not messages:
        raise RpcError(400, "MESSAGE_ID_INVALID")
    return send(ctx, messages, random_ids)


def _copy(
    ctx: Context,
    original: Message,
    target: int,
    request: functions.messages.ForwardMessagesRequest,
    groups: dict[int, int],
) -> Message:
    without_text = bool(request.drop_media_captions) and original.media is not None
    message = Message(
        ctx.me.id,
        target,
        ctx.state.now,
        "" if without_text else original.text,
        [] if without_text else [copy.copy(entity) for entity in original.entities],
        original.media,
        forward=None if request.drop_author else _origin(ctx, original, target),
        silent=bool(request.silent),
        schedule_date=take_schedule(ctx, request),
    )
    mark_as_post(ctx, message)
    if original.grouped_id is not None:
        message.grouped_id = groups.setdefault(original.grouped_id, new_grouped_id(ctx))
    return message


def _origin(ctx: Context, original: Message, target: int) -> Forward:
    first = original.forward or _first_place(ctx.state, original)
    return replace(first, saved_from=original if target == ctx.me.id else None)


def _first_place(state: WorldState, original: Message) -> Forward:
    if original.post:
        return Forward(original.date, original.peer, channel_post=original.ids[original.peer])
    author = state.users[original.sender]
    if author.hides_in_forwards:
        return Forward(original.date, None, f"{author.first_name} {author.last_name}".strip())
    return Forward(original.date, author.id)


HANDLERS: Handlers = {functions.messages.ForwardMessagesRequest: forward_messages}
