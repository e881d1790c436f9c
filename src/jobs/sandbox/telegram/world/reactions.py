"""Reactions."""

from __future__ import annotations

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import posting
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.model import Message
from jobs.sandbox.telegram.world.peers import resolve, show_all, to_peer
from jobs.sandbox.telegram.world.views import show_reactions

# What everybody may react with; anything else is for subscribers or refused.
_ALLOWED = (
    "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 "
    "😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 "
    "🤷\u200d♂ 🤷 🤷\u200d♀ 😡"
)
_EMOJI = frozenset(_ALLOWED.split())


def send_reaction(ctx: Context, request: functions.messages.SendReactionRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    message = posting.find(ctx, peer, request.msg_id)
    chosen: list[types.TypeReaction] = [r for r in request.reaction or [] if not isinstance(r, types.ReactionEmpty)]
    if len(chosen) > 1:
        raise RpcError(400, "REACTIONS_TOO_MANY")
    if any(not isinstance(r, types.ReactionEmoji) or r.emoticon not in _EMOJI for r in chosen):
        raise RpcError(400, "REACTION_INVALID")
    if [bytes(r) for r, _ in message.reactions.get(ctx.me.id, [])] == [bytes(r) for r in chosen]:
        raise RpcError(400, "MESSAGE_NOT_MODIFIED")
    react(ctx, message, chosen)
    return ctx.answer()


def react(ctx: Context, message: Message, chosen: list[types.TypeReaction]) -> None:
    """Set an account's reactions to a message.

    Telegram tells of it as an edit: a hidden one, unless the author edited the text before.
    """
    if chosen:
        message.reactions[ctx.me.id] = [(reaction, ctx.state.now) for reaction in chosen]
    else:
        message.reactions.pop(ctx.me.id, None)
    if message.edit_date is None or message.edit_hidden:
        message.edit_date, message.edit_hidden = ctx.state.now, True
    posting.log_edit(ctx, message)
    for user in posting.readers(ctx.state, message):
        message_id = message.id_for(user.id)
        if message_id is not None:
            shown = show_reactions(ctx.state, user, message)
            ctx.tell(user, types.UpdateMessageReactions(to_peer(message.peer_for(user.id)), message_id, shown))


def get_reactions(ctx: Context, request: functions.messages.GetMessagesReactionsRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    for message_id in request.id:
        shown = show_reactions(ctx.state, ctx.me, posting.find(ctx, peer, message_id))
        ctx.tell(ctx.me, types.UpdateMessageReactions(to_peer(peer), message_id, shown))
    return ctx.answer()


def list_reactions(ctx: Context, request: functions.messages.GetMessageReactionsListRequest) -> Result:
    message = posting.find(ctx, resolve(ctx.state, ctx.me, request.peer), request.id)
    found = [
        types.MessagePeerReaction(to_peer(user_id), ctx.state.date(date), reaction, my=user_id == ctx.me.id)
        for user_id, chosen in message.reactions.items()
        for reaction, date in chosen
        if request.reaction is None or bytes(reaction) == bytes(request.reaction)
    ]
    users, chats = show_all(ctx.state, ctx.me, message.reactions)
    return types.messages.MessageReactionsList(len(found), found[: request.limit], chats, users)


def read_all(
    ctx: Context, _request: functions.messages.ReadReactionsRequest | functions.messages.ReadMentionsRequest
) -> Result:
    """Nothing to do: a reaction or a mention counts as seen once its message is read."""
    return types.messages.AffectedHistory(ctx.me.mailbox.pts, 0, 0)


HANDLERS: Handlers = {
    functions.messages.SendReactionRequest: send_reaction,
    functions.messages.GetMessagesReactionsRequest: get_reactions,
    functions.messages.GetMessageReactionsListRequest: list_reactions,
    functions.messages.ReadReactionsRequest: read_all,
    functions.messages.ReadMentionsRequest: read_all,
}
