"""Basic groups."""

from __future__ import annotations

from collections.abc import Iterable

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world import channels, posting
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.model import Channel, Group, Message, User
from jobs.sandbox.telegram.world.peers import knows_group, resolve_user, show_all, show_chat

_FIRST_ID = 4_000_000_001


def create(ctx: Context, title: str, members: Iterable[User]) -> Group:
    """A new group of the acting account and others; everybody hears of it."""
    if not title.strip():
        raise RpcError(400, "CHAT_TITLE_EMPTY")
    state, me = ctx.state, ctx.me
    group = Group(_FIRST_ID + len(state.groups), title, me.id, state.now)
    group.members = dict.fromkeys([me.id, *(user.id for user in members)], state.now)
    group.invite_hash = state.random.randbytes(8).hex()
    state.groups[group.peer] = group
    others = [user_id for user_id in group.members if user_id != me.id]
    note(ctx, group, types.MessageActionChatCreate(title, others))
    return group


def note(ctx: Context, group: Group, action: types.TypeMessageAction) -> None:
    """Put a service message into a group."""
    _tell_members(ctx, group)
    posting.post(ctx, Message(ctx.me.id, group.peer, ctx.state.now, action=action))


def _tell_members(ctx: Context, group: Group) -> None:
    for member in group.members:
        ctx.tell(ctx.state.users[member], types.UpdateChatParticipants(_participants(ctx, group)))


def _participants(ctx: Context, group: Group) -> types.ChatParticipants:
    shown: list[types.TypeChatParticipant] = []
    for user_id, joined in group.members.items():
        if user_id == group.creator:
            shown.append(types.ChatParticipantCreator(user_id))
        elif user_id in group.admins:
            shown.append(types.ChatParticipantAdmin(user_id, group.creator, ctx.state.date(joined)))
        else:
            shown.append(types.ChatParticipant(user_id, group.creator, ctx.state.date(joined)))
    return types.ChatParticipants(group.id, shown, group.version)


def _group(ctx: Context, chat_id: int, *, as_member: bool = True) -> Group:
    group = ctx.state.groups.get(-chat_id)
    if group is None or not knows_group(ctx.me, group):
        raise RpcError(400, "CHAT_ID_INVALID")
    if as_member and ctx.me.id not in group.members:
        raise RpcError(400, "USER_NOT_PARTICIPANT")
    return group


def _is_admin(group: Group, user_id: int) -> bool:
    return user_id == group.creator or user_id in group.admins


def create_chat(ctx: Context, request: functions.messages.CreateChatRequest) -> Result:
    members = [resolve_user(ctx.state, ctx.me, given) for given in request.users]
    if not members:
        raise RpcError(400, "USERS_TOO_FEW")
    create(ctx, request.title, members)
    return types.messages.InvitedUsers(ctx.answer(), [])


def add_user(ctx: Context, request: functions.messages.AddChatUserRequest) -> Result:
    group = _group(ctx, request.chat_id)
    join(ctx, group, resolve_user(ctx.state, ctx.me, request.user_id))
    return types.messages.InvitedUsers(ctx.answer(), [])


def join(ctx: Context, group: Group, user: User) -> None:
    """Let somebody into a group; from now on they get its messages."""
    if user.id in group.members:
        raise RpcError(400, "USER_ALREADY_PARTICIPANT")
    group.members[user.id] = ctx.state.now
    group.version += 1
    if user is ctx.me:
        note(ctx, group, types.MessageActionChatJoinedByLink(group.creator))
    else:
        note(ctx, group, types.MessageActionChatAddUser([user.id]))


def delete_user(ctx: Context, request: functions.messages.DeleteChatUserRequest) -> Result:
    group = _group(ctx, request.chat_id)
    user = resolve_user(ctx.state, ctx.me, request.user_id)
    if user.id not in group.members:
        raise RpcError(400, "USER_NOT_PARTICIPANT")
    if user is not ctx.me and not _is_admin(group, ctx.me.id):
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")
    # The one who goes still sees that they went.
    posting.post(ctx, Message(ctx.me.id, group.peer, ctx.state.now, action=types.MessageActionChatDeleteUser(user.id)))
    del group.members[user.id]
    group.former.add(user.id)
    group.admins.discard(user.id)
    group.version += 1
    _tell_members(ctx, group)
    return ctx.answer()


def edit_title(ctx: Context, request: functions.messages.EditChatTitleRequest) -> Result:
    group = _group(ctx, request.chat_id)
    if request.title == group.title:
        raise RpcError(400, "CHAT_NOT_MODIFIED")
    group.title = request.title
    group.version += 1
    note(ctx, group, types.MessageActionChatEditTitle(request.title))
    return ctx.answer()


def edit_admin(ctx: Context, request: functions.messages.EditChatAdminRequest) -> Result:
    group = _group(ctx, request.chat_id)
    if ctx.me.id != group.creator:
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")
    user = resolve_user(ctx.state, ctx.me, request.user_id)
    if request.is_admin:
        group.admins.add(user.id)
    else:
        group.admins.discard(user.id)
    group.version += 1
    _tell_members(ctx, group)
    return True


def migrate(ctx: Context, request: functions.messages.MigrateChatRequest) -> Result:
    group = _group(ctx, request.chat_id)
    if ctx.me.id != group.creator:
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")
    if group.migrated_to is not None:
        raise RpcError(400, "CHAT_ID_INVALID")
    become_supergroup(ctx, group)
    return ctx.answer()


def become_supergroup(ctx: Context, group: Group) -> Channel:
    """Its members go on in a supergroup; the group itself stays as it is, closed."""
    channel = channels.found(ctx, group.title, group.about, megagroup=True)
    channels.add_silently(ctx, channel, [ctx.state.users[user_id] for user_id in group.members])
    group.migrated_to = channel
    note(ctx, group, types.MessageActionChatMigrateTo(channel.id))
    channels.note(ctx, channel, types.MessageActionChannelMigrateFrom(group.title, group.id))
    return channel


def get_chats(ctx: Context, request: functions.messages.GetChatsRequest) -> Result:
    groups = [_group(ctx, chat_id, as_member=False) for chat_id in request.id]
    return types.messages.Chats([show_chat(ctx.state, ctx.me, group) for group in groups])


def get_full_chat(ctx: Context, request: functions.messages.GetFullChatRequest) -> Result:
    state, me = ctx.state, ctx.me
    group = _group(ctx, request.chat_id, as_member=False)
    pinned = [m.id_for(me.id) for m in me.mailbox.with_peer(group.peer) if me.id in m.pinned_in]
    may_see = me.id in group.members
    participants = _participants(ctx, group) if may_see else types.ChatParticipantsForbidden(group.id)
    full = types.ChatFull(
        group.id, group.about, participants, types.PeerNotifySettings(), pinned_msg_id=pinned[-1] if pinned else None
    )
    users, chats = show_all(state, me, [group.peer, *group.members])
    return types.messages.ChatFull(full, chats, users)


HANDLERS: Handlers = {
    functions.messages.CreateChatRequest: create_chat,
    functions.messages.AddChatUserRequest: add_user,
    functions.messages.DeleteChatUserRequest: delete_user,
    functions.messages.EditChatTitleRequest: edit_title,
    functions.messages.EditChatAdminRequest: edit_admin,
    functions.messages.MigrateChatRequest: migrate,
    functions.messages.GetChatsRequest: get_chats,
    functions.messages.GetFullChatRequest: get_full_chat,
}
