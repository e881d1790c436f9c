"""Channels and supergroups: made, joined, left, looked at; their messages marked and deleted."""

from __future__ import annotations

from collections.abc import Iterable

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import posting
from jobs.sandbox.telegram.world.account import owner_of, require_free
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.model import Channel, Mailbox, Message, User, channel_peer
from jobs.sandbox.telegram.world.peers import resolve, resolve_channel, resolve_user, show_all, show_chat
from jobs.sandbox.telegram.world.views import unread_count

_FIRST_ID = 2_000_000_001


def create(ctx: Context, title: str, about: str = "", *, megagroup: bool = False) -> Channel:
    """A new channel of the acting account."""
    channel = found(ctx, title, about, megagroup=megagroup)
    note(ctx, channel, types.MessageActionChannelCreate(title))
    return channel


def found(ctx: Context, title: str, about: str = "", *, megagroup: bool = False) -> Channel:
    """A new channel without a word in it."""
    if not title.strip():
        raise RpcError(400, "CHANNEL_TITLE_EMPTY" if not megagroup else "CHAT_TITLE_EMPTY")
    state, me = ctx.state, ctx.me
    channel_id = _FIRST_ID + len(state.channels)
    box = Mailbox(channel_peer(channel_id))
    channel = Channel(channel_id, title, me.id, state.now, box, megagroup, about=about)
    channel.invite_hash = state.random.randbytes(8).hex()
    channel.members[me.id] = state.now
    state.channels[channel.peer] = channel
    ctx.tell(me, types.UpdateChannel(channel.id))
    return channel


def note(ctx: Context, channel: Channel, action: types.TypeMessageAction) -> None:
    """Put a service message into a channel."""
    post = not channel.megagroup
    posting.post(ctx, Message(ctx.me.id, channel.peer, ctx.state.now, action=action, post=post))


def add_members(ctx: Context, channel: Channel, users: Iterable[User]) -> None:
    """Let accounts in; what was said before counts as read."""
    joined = add_silently(ctx, channel, users)
    if channel.megagroup and joined:
        note(ctx, channel, types.MessageActionChatAddUser([user.id for user in joined]))


def add_silently(ctx: Context, channel: Channel, users: Iterable[User]) -> list[User]:
    """Let accounts in without a note; returns those who were outside."""
    joined = [user for user in users if user.id not in channel.members]
    for user in joined:
        channel.members[user.id] = ctx.state.now
        ids = channel.mailbox.ids_with(channel.peer)
        user.dialog(channel.peer).read_inbox_max_id = ids[-1] if ids else 0
        ctx.tell(user, types.UpdateChannel(channel.id))
    return joined


def remove_member(ctx: Context, channel: Channel, user: User) -> None:
    del channel.members[user.id]
    channel.admins.discard(user.id)
    ctx.tell(user, types.UpdateChannel(channel.id))


def ban(ctx: Context, channel: Channel, user: User) -> None:
    """Throw an account out for good."""
    channel.banned.add(user.id)
    if user.id in channel.members:
        if channel.megagroup:
            note(ctx, channel, types.MessageActionChatDeleteUser(user.id))
        remove_member(ctx, channel, user)


def delete(ctx: Context, channel: Channel) -> None:
    """End a channel: nobody sees anything of it any more."""
    channel.deleted, channel.username = True, None
    for member in list(channel.members):
        remove_member(ctx, channel, ctx.state.users[member])


def is_admin(channel: Channel, user: User) -> bool:
    return user.id == channel.creator or user.id in channel.admins


def _require_admin(ctx: Context, channel: Channel) -> None:
    if not is_admin(channel, ctx.me):
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")


# Making and changing


def create_channel(ctx: Context, request: functions.channels.CreateChannelRequest) -> Result:
    create(ctx, request.title, request.about, megagroup=bool(request.megagroup))
    return ctx.answer()


def edit_title(ctx: Context, request: functions.channels.EditTitleRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    _require_admin(ctx, channel)
    if request.title == channel.title:
        raise RpcError(400, "CHAT_NOT_MODIFIED")
    channel.title = request.title
    note(ctx, channel, types.MessageActionChatEditTitle(request.title))
    return ctx.answer()


def update_username(ctx: Context, request: functions.channels.UpdateUsernameRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    _require_admin(ctx, channel)
    if request.username and owner_of(ctx.state, request.username) is not channel:
        require_free(ctx.state, request.username)
    channel.username = request.username or None
    for member in channel.members:
        ctx.tell(ctx.state.users[member], types.UpdateChannel(channel.id))
    return True


def edit_admin(ctx: Context, request: functions.channels.EditAdminRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    _require_admin(ctx, channel)
    user = resolve_user(ctx.state, ctx.me, request.user_id)
    if user.id not in channel.members:
        raise RpcError(400, "USER_NOT_PARTICIPANT")
    if any(value is True for value in vars(request.admin_rights).values()):
        channel.admins.add(user.id)
    else:
        channel.admins.discard(user.id)
    ctx.tell(user, types.UpdateChannel(channel.id))
    return ctx.answer()


def edit_banned(ctx: Context, request: functions.channels.EditBannedRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    _require_admin(ctx, channel)
    user = ctx.state.user(resolve(ctx.state, ctx.me, request.participant))
    if not request.banned_rights.view_messages:
        channel.banned.discard(user.id)
        return ctx.answer()
    ban(ctx, channel, user)
    return ctx.answer()


def delete_channel(ctx: Context, request: functions.channels.DeleteChannelRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    if ctx.me.id != channel.creator:
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")
    delete(ctx, channel)
    return ctx.answer()


# Coming and going


def invite(ctx: Context, request: functions.channels.InviteToChannelRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    if not channel.megagroup:
        _require_admin(ctx, channel)
    users = [resolve_user(ctx.state, ctx.me, given) for given in request.users]
    if any(user.id in channel.banned for user in users):
        raise RpcError(400, "USER_KICKED")
    add_members(ctx, channel, users)
    return types.messages.InvitedUsers(ctx.answer(), [])


def join(ctx: Context, request: functions.channels.JoinChannelRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    add_members(ctx, channel, [ctx.me])
    return types.messages.ChatInviteJoinResultOk(ctx.answer())


def leave(ctx: Context, request: functions.channels.LeaveChannelRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    if ctx.me.id not in channel.members:
        raise RpcError(400, "USER_NOT_PARTICIPANT")
    if ctx.me.id == channel.creator:
        raise RpcError(400, "USER_CREATOR")
    remove_member(ctx, channel, ctx.me)
    return ctx.answer()


# Looking


def get_channels(ctx: Context, request: functions.channels.GetChannelsRequest) -> Result:
    found = [resolve_channel(ctx.state, ctx.me, given) for given in request.id]
    return types.messages.Chats([show_chat(ctx.state, ctx.me, channel) for channel in found])


def get_full_channel(ctx: Context, request: functions.channels.GetFullChannelRequest) -> Result:
    state, me = ctx.state, ctx.me
    channel = resolve_channel(state, me, request.channel)
    dialog = me.dialog(channel.peer)
    pinned = [m.ids[channel.peer] for m in channel.mailbox.messages.values() if channel.peer in m.pinned_in]
    full = types.ChannelFull(
        id=channel.id,
        about=channel.about,
        read_inbox_max_id=dialog.read_inbox_max_id,
        read_outbox_max_id=dialog.read_outbox_max_id,
        unread_count=unread_count(state, me, channel.peer),
        chat_photo=types.PhotoEmpty(0),
        notify_settings=types.PeerNotifySettings(),
        bot_info=[],
        pts=channel.mailbox.pts,
        can_view_participants=channel.megagroup or is_admin(channel, me),
        participants_count=len(channel.members),
        admins_count=1 + len(channel.admins),
        pinned_msg_id=pinned[-1] if pinned else None,
    )
    users, chats = show_all(state, me, [channel.peer])
    return types.messages.ChatFull(full, chats, users)


def get_participants(ctx: Context, request: functions.channels.GetParticipantsRequest) -> Result:
    state, me = ctx.state, ctx.me
    channel = resolve_channel(state, me, request.channel)
    if not channel.megagroup:
        _require_admin(ctx, channel)
    wanted = request.filter
    members = [state.users[user_id] for user_id in channel.members]
    if isinstance(wanted, types.ChannelParticipantsAdmins):
        members = [user for user in members if is_admin(channel, user)]
    elif isinstance(wanted, types.ChannelParticipantsBots):
        members = [user for user in members if user.bot]
    elif isinstance(wanted, types.ChannelParticipantsSearch):
        query = wanted.q.casefold()
        members = [u for u in members if query in f"{u.first_name} {u.last_name} {u.username}".casefold()]
    page = members[request.offset : request.offset + request.limit]
    users, chats = show_all(state, me, [channel.peer, *(user.id for user in page)])
    shown = [_show_participant(ctx, channel, user) for user in page]
    return types.channels.ChannelParticipants(len(members), shown, chats, users)


def get_participant(ctx: Context, request: functions.channels.GetParticipantRequest) -> Result:
    state, me = ctx.state, ctx.me
    channel = resolve_channel(state, me, request.channel)
    user = state.users.get(resolve(state, me, request.participant))
    if user is None or user.id not in channel.members:
        raise RpcError(400, "USER_NOT_PARTICIPANT")
    users, chats = show_all(state, me, [channel.peer, user.id])
    return types.channels.ChannelParticipant(_show_participant(ctx, channel, user), chats, users)


def _show_participant(ctx: Context, channel: Channel, user: User) -> types.TypeChannelParticipant:
    shown = show_chat(ctx.state, user, channel)
    rights = getattr(shown, "admin_rights", None) or types.ChatAdminRights()
    joined = ctx.state.date(channel.members[user.id])
    if user.id == channel.creator:
        return types.ChannelParticipantCreator(user.id, rights)
    if user.id in channel.admins:
        return types.ChannelParticipantAdmin(user.id, channel.creator, joined, rights)
    if user is ctx.me:
        return types.ChannelParticipantSelf(user.id, channel.creator, joined)
    return types.ChannelParticipant(user.id, joined)


# Messages


def read_history(ctx: Context, request: functions.channels.ReadHistoryRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    posting.read(ctx, channel.peer, request.max_id)
    return True


def read_contents(ctx: Context, request: functions.channels.ReadMessageContentsRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    found = [channel.mailbox.messages[i] for i in request.id if i in channel.mailbox.messages]
    posting.hear(ctx, found)
    ctx.tell(ctx.me, types.UpdateChannelReadMessagesContents(channel.id, list(request.id)))
    return True


def delete_messages(ctx: Context, request: functions.channels.DeleteMessagesRequest) -> Result:
    channel = resolve_channel(ctx.state, ctx.me, request.channel)
    box = channel.mailbox
    found = [box.messages[i] for i in request.id if i in box.messages]
    if any(message.sender != ctx.me.id for message in found) and not is_admin(channel, ctx.me):
        raise RpcError(403, "MESSAGE_DELETE_FORBIDDEN")
    count = posting.delete(ctx, box, request.id)
    return types.messages.AffectedMessages(box.pts, count)


def get_views(ctx: Context, request: functions.messages.GetMessagesViewsRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.peer)
    box = ctx.state.box(ctx.me, peer)
    shown: list[types.MessageViews] = []
    for message_id in request.id:
        message = box.messages.get(message_id)
        if message is not None and message.views is not None and request.increment:
            message.views += 1
        shown.append(types.MessageViews(views=message.views if message else None))
    return types.messages.MessageViews(shown, [], [])


HANDLERS: Handlers = {
    functions.channels.CreateChannelRequest: create_channel,
    functions.channels.EditTitleRequest: edit_title,
    functions.channels.UpdateUsernameRequest: update_username,
    functions.channels.EditAdminRequest: edit_admin,
    functions.channels.EditBannedRequest: edit_banned,
    functions.channels.DeleteChannelRequest: delete_channel,
    functions.channels.InviteToChannelRequest: invite,
    functions.channels.JoinChannelRequest: join,
    functions.channels.LeaveChannelRequest: leave,
    functions.channels.GetChannelsRequest: get_channels,
    functions.channels.GetFullChannelRequest: get_full_channel,
    functions.channels.GetParticipantsRequest: get_participants,
    functions.channels.GetParticipantRequest: get_participant,
    functions.channels.ReadHistoryRequest: read_history,
    functions.channels.ReadMessageContentsRequest: read_contents,
    functions.channels.DeleteMessagesRequest: delete_messages,
    functions.messages.GetMessagesViewsRequest: get_views,
}
