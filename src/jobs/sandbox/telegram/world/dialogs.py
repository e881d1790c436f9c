"""The list of chats: dialogs, pins, drafts, marks."""

from __future__ import annotations

from collections.abc import Sequence

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.model import Message, is_channel, is_user
from jobs.sandbox.telegram.world.peers import named_in, resolve, show_all, to_peer
from jobs.sandbox.telegram.world.views import show_message, unread_count, update_state


def top_message(ctx: Context, peer: int) -> Message | None:
    box = ctx.state.box(ctx.me, peer)
    ids = box.ids_with(peer)
    return box.messages[ids[-1]] if ids else None


def peers_of(ctx: Context) -> list[int]:
    """The chats an account has, the latest first (pinned ones before all)."""
    state, me = ctx.state, ctx.me
    found = set(me.mailbox.peers)
    found |= {chat.peer for chat in [*state.groups.values(), *state.channels.values()] if me.id in chat.members}
    dated = {peer: _date_and_id(ctx, peer) for peer in found}
    return sorted(found, key=lambda peer: (me.dialog(peer).pinned, dated[peer], peer), reverse=True)


def _date_and_id(ctx: Context, peer: int) -> tuple[int, int]:
    top = top_message(ctx, peer)
    if top is None:
        return ctx.state.chat(peer).date if not is_user(peer) else 0, 0
    return top.date, top.id_for(ctx.me.id) or 0


def show_dialog(ctx: Context, peer: int) -> types.Dialog:
    state, me = ctx.state, ctx.me
    dialog, top = me.dialog(peer), top_message(ctx, peer)
    return types.Dialog(
        peer=to_peer(peer),
        top_message=(top.id_for(me.id) or 0) if top else 0,
        read_inbox_max_id=dialog.read_inbox_max_id,
        read_outbox_max_id=dialog.read_outbox_max_id,
        unread_count=unread_count(state, me, peer),
        unread_mentions_count=_unread_mentions(ctx, peer),
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=types.PeerNotifySettings(),
        pinned=dialog.pinned,
        unread_mark=dialog.unread_mark,
        pts=state.channels[peer].mailbox.pts if is_channel(peer) else None,
        draft=dialog.draft,
    )


def _unread_mentions(ctx: Context, peer: int) -> int:
    if is_user(peer):
        return 0
    box = ctx.state.box(ctx.me, peer)
    unread = box.ids_after(peer, ctx.me.dialog(peer).read_inbox_max_id)
    return sum(ctx.me.id in box.messages[i].mentions for i in unread)


def _answer(
    ctx: Context, peers: Sequence[int]
) -> tuple[list[types.TypeDialog], list[types.TypeMessage], list[types.TypeChat], list[types.TypeUser]]:
    state, me = ctx.state, ctx.me
    dialogs: list[types.TypeDialog] = [show_dialog(ctx, peer) for peer in peers]
    tops = [top for peer in peers if (top := top_message(ctx, peer)) is not None]
    messages = [show_message(state, me, top) for top in tops]
    users, chats = show_all(state, me, [me.id, *peers, *named_in(messages)])
    return dialogs, messages, chats, users


def get_dialogs(ctx: Context, request: functions.messages.GetDialogsRequest) -> Result:
    me = ctx.me
    # Nothing is ever archived here, so that the other folder is empty.
    peers = [] if request.folder_id else peers_of(ctx)
    if request.exclude_pinned:
        peers = [peer for peer in peers if not me.dialog(peer).pinned]
    if not isinstance(request.offset_peer, types.InputPeerEmpty):
        offset_peer = resolve(ctx.state, me, request.offset_peer)
        if offset_peer in peers:
            peers = peers[peers.index(offset_peer) + 1 :]
    elif request.offset_date is not None:
        before = request.offset_date.timestamp()
        peers = [peer for peer in peers if _date_and_id(ctx, peer)[0] < before]
    shown = peers[: min(request.limit, 100)]
    dialogs, messages, chats, users = _answer(ctx, shown)
    if len(shown) == len(peers) and isinstance(request.offset_peer, types.InputPeerEmpty):
        return types.messages.Dialogs(dialogs, messages, chats, users)
    return types.messages.DialogsSlice(len(peers_of(ctx)), dialogs, messages, chats, users)


def get_peer_dialogs(ctx: Context, request: functions.messages.GetPeerDialogsRequest) -> Result:
    peers = [resolve(ctx.state, ctx.me, item.peer) for item in request.peers]
    dialogs, messages, chats, users = _answer(ctx, peers)
    return types.messages.PeerDialogs(dialogs, messages, chats, users, update_state(ctx.state, ctx.me))


def toggle_dialog_pin(ctx: Context, request: functions.messages.ToggleDialogPinRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer.peer)
    ctx.me.dialog(peer).pinned = bool(request.pinned)
    ctx.tell(ctx.me, types.UpdateDialogPinned(types.DialogPeer(to_peer(peer)), pinned=request.pinned))
    return True


def mark_unread(ctx: Context, request: functions.messages.MarkDialogUnreadRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer.peer)
    ctx.me.dialog(peer).unread_mark = bool(request.unread)
    ctx.tell(ctx.me, types.UpdateDialogUnreadMark(types.DialogPeer(to_peer(peer)), unread=request.unread))
    return True


def save_draft(ctx: Context, request: functions.messages.SaveDraftRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    dialog, shown = ctx.me.dialog(peer), types.DraftMessageEmpty(date=ctx.state.date())
    dialog.draft = None
    if request.message or request.reply_to:
        shown = dialog.draft = types.DraftMessage(
            request.message, ctx.state.date(), reply_to=request.reply_to, entities=request.entities
        )
    ctx.tell(ctx.me, types.UpdateDraftMessage(to_peer(peer), shown))
    return True


def get_all_drafts(ctx: Context, _request: functions.messages.GetAllDraftsRequest) -> Result:
    for peer, dialog in ctx.me.dialogs.items():
        if dialog.draft is not None:
            ctx.tell(ctx.me, types.UpdateDraftMessage(to_peer(peer), dialog.draft))
    return ctx.answer()


HANDLERS: Handlers = {
    functions.messages.GetDialogsRequest: get_dialogs,
    functions.messages.GetPeerDialogsRequest: get_peer_dialogs,
    functions.messages.ToggleDialogPinRequest: toggle_dialog_pin,
    functions.messages.MarkDialogUnreadRequest: mark_unread,
    functions.messages.SaveDraftRequest: save_draft,
    functions.messages.GetAllDraftsRequest: get_all_drafts,
}
