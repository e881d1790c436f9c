"""Peers as accounts see them: input peers checked against access hashes, users and chats rendered."""

from __future__ import annotations

from collections.abc import Iterable

from telethon.tl import types
from telethon.tl.tlobject import TLObject

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.model import Channel, Chat, Group, User, channel_peer, is_channel, is_user
from jobs.sandbox.telegram.world.state import SERVICE_USER, WorldState

InputPeer = types.TypeInputPeer | types.TypeInputUser | types.TypeInputChannel

_USERS = (types.InputPeerUser, types.InputUser)
_CHANNELS = (types.InputPeerChannel, types.InputChannel)
_SELF = (types.InputPeerSelf, types.InputUserSelf)
_USERS_SEEN = (types.InputPeerUserFromMessage, types.InputUserFromMessage)
_CHANNELS_SEEN = (types.InputPeerChannelFromMessage, types.InputChannelFromMessage)


def access_hash(state: WorldState, viewer: User, peer: int) -> int:
    """The hash with which one account, and no other, may name a peer."""
    return state.secret("access", viewer.id, peer)


def resolve(state: WorldState, viewer: User, given: InputPeer) -> int:
    """The marked id an input peer stands for. Raises RpcError where Telegram refuses it."""
    if isinstance(given, _SELF):
        return viewer.id
    if isinstance(given, _USERS):
        return _resolve_user(state, viewer, given.user_id, given.access_hash)
    if isinstance(given, _USERS_SEEN):
        _require_seen(state, viewer, given.peer, given.msg_id)
        return state.user(given.user_id).id
    if isinstance(given, types.InputPeerChat):
        group = state.groups.get(-given.chat_id)
        if group is None or not knows_group(viewer, group):
            raise RpcError(400, "PEER_ID_INVALID")
        return group.peer
    if isinstance(given, _CHANNELS):
        return resolve_channel(state, viewer, given).peer
    if isinstance(given, _CHANNELS_SEEN):
        _require_seen(state, viewer, given.peer, given.msg_id)
        return state.chat(channel_peer(given.channel_id)).peer
    raise RpcError(400, "PEER_ID_INVALID")


def resolve_user(state: WorldState, viewer: User, given: InputPeer) -> User:
    """The account an input user stands for; anything else is USER_ID_INVALID."""
    try:
        peer = resolve(state, viewer, given)
    except RpcError as error:
        raise RpcError(400, "USER_ID_INVALID") from error
    if not is_user(peer):
        raise RpcError(400, "USER_ID_INVALID")
    return state.users[peer]


def resolve_channel(state: WorldState, viewer: User, given: InputPeer) -> Channel:
    """The channel an input channel stands for, if the account may look into it."""
    if isinstance(given, _CHANNELS_SEEN):
        return state.channels[resolve(state, viewer, given)]
    if not isinstance(given, _CHANNELS):
        raise RpcError(400, "CHANNEL_INVALID")
    channel = state.channels.get(channel_peer(given.channel_id))
    if channel is None or given.access_hash != access_hash(state, viewer, channel.peer):
        raise RpcError(400, "CHANNEL_INVALID")
    closed = channel.username is None and viewer.id not in channel.members
    if channel.deleted or closed or viewer.id in channel.banned:
        raise RpcError(400, "CHANNEL_PRIVATE")
    return channel


def _resolve_user(state: WorldState, viewer: User, user_id: int, given_hash: int) -> int:
    user = state.users.get(user_id)
    hash_is_right = given_hash == access_hash(state, viewer, user_id)
    # A contact may be named by id alone: Telethon relies on it.
    if user is None or not (hash_is_right or (given_hash == 0 and user_id in viewer.contacts)):
        raise RpcError(400, "PEER_ID_INVALID")
    return user.id


def _require_seen(state: WorldState, viewer: User, given: InputPeer, message_id: int) -> None:
    peer = resolve(state, viewer, given)
    message = state.box(viewer, peer).messages.get(message_id)
    if message is None or message.peer_for(viewer.id) != peer:
        raise RpcError(400, "MSG_ID_INVALID")


def knows_group(viewer: User, group: Group) -> bool:
    """Whether an account is or was in a group: those can be named without an access hash."""
    return viewer.id in group.members or viewer.id in group.former


# As Telegram shows them


def to_peer(peer: int) -> types.TypePeer:
    if is_user(peer):
        return types.PeerUser(peer)
    if is_channel(peer):
        return types.PeerChannel(channel_peer(0) - peer)
    return types.PeerChat(-peer)


def from_peer(peer: types.TypePeer) -> int:
    if isinstance(peer, types.PeerUser):
        return peer.user_id
    if isinstance(peer, types.PeerChannel):
        return channel_peer(peer.channel_id)
    return -peer.chat_id


def show_user(state: WorldState, viewer: User, user: User) -> types.User:
    """An account as another sees it: under the name it was saved with, the phone only among contacts."""
    card = viewer.contacts.get(user.id)
    is_self = user is viewer
    if user.deleted:
        return types.User(id=user.id, deleted=True, access_hash=access_hash(state, viewer, user.id))
    return types.User(
        id=user.id,
        is_self=is_self,
        contact=card is not None,
        mutual_contact=card is not None and viewer.id in user.contacts,
        bot=user.bot,
        bot_info_version=1 if user.bot else None,
        verified=user.verified,
        access_hash=access_hash(state, viewer, user.id),
        first_name=card.first_name if card else user.first_name,
        last_name=(card.last_name if card else user.last_name) or None,
        username=user.username,
        phone=user.phone if is_self or user.id == SERVICE_USER or (card and not user.hides_phone) else None,
        status=types.UserStatusRecently(),
        lang_code=user.lang_code if is_self else None,
    )


def show_chat(state: WorldState, viewer: User, chat: Chat) -> types.TypeChat:
    if isinstance(chat, Group):
        return types.Chat(
            id=chat.id,
            title=chat.title,
            photo=types.ChatPhotoEmpty(),
            participants_count=len(chat.members),
            date=state.date(chat.date),
            version=chat.version,
            creator=chat.creator == viewer.id,
            left=viewer.id not in chat.members,
            admin_rights=_admin_rights() if viewer.id in chat.admins else None,
            default_banned_rights=types.ChatBannedRights(until_date=None),
            deactivated=chat.migrated_to is not None,
            migrated_to=_migrated_to(state, viewer, chat),
        )
    if chat.deleted or viewer.id in chat.banned:
        return types.ChannelForbidden(
            id=chat.id,
            access_hash=access_hash(state, viewer, chat.peer),
            title=chat.title,
            broadcast=not chat.megagroup,
            megagroup=chat.megagroup,
        )
    return types.Channel(
        id=chat.id,
        title=chat.title,
        photo=types.ChatPhotoEmpty(),
        date=state.date(chat.members.get(viewer.id, chat.date)),
        creator=chat.creator == viewer.id,
        left=viewer.id not in chat.members,
        broadcast=not chat.megagroup,
        megagroup=chat.megagroup,
        access_hash=access_hash(state, viewer, chat.peer),
        username=chat.username,
        participants_count=len(chat.members),
        admin_rights=_admin_rights() if viewer.id in chat.admins else None,
        default_banned_rights=types.ChatBannedRights(until_date=None) if chat.megagroup else None,
    )


def _migrated_to(state: WorldState, viewer: User, group: Group) -> types.InputChannel | None:
    channel = group.migrated_to
    return types.InputChannel(channel.id, access_hash(state, viewer, channel.peer)) if channel is not None else None


def _admin_rights() -> types.ChatAdminRights:
    return types.ChatAdminRights(
        change_info=True,
        post_messages=True,
        edit_messages=True,
        delete_messages=True,
        ban_users=True,
        invite_users=True,
        pin_messages=True,
        add_admins=True,
    )


def show_all(
    state: WorldState, viewer: User, peers: Iterable[int]
) -> tuple[list[types.TypeUser], list[types.TypeChat]]:
    """Users and chats for an answer, each once."""
    users: list[types.TypeUser] = []
    chats: list[types.TypeChat] = []
    for peer in dict.fromkeys(peers):
        if peer in state.users:
            users.append(show_user(state, viewer, state.users[peer]))
        elif peer in state.groups or peer in state.channels:
            chats.append(show_chat(state, viewer, state.chat(peer)))
    return users, chats


def named_in(tl: object) -> Iterable[int]:
    """Every peer that a TL object speaks of, so that the answer can introduce it."""
    if isinstance(tl, types.PeerUser | types.PeerChat | types.PeerChannel):
        yield from_peer(tl)
    elif isinstance(tl, list):
        for item in tl:
            yield from named_in(item)
    elif isinstance(tl, TLObject):
        for name, value in vars(tl).items():
            if isinstance(value, list) and name == "users" and value and isinstance(value[0], int):
                yield from value
            elif isinstance(value, TLObject | list):
                yield from named_in(value)
            elif isinstance(value, int) and name in {"user_id", "inviter_id", "kicked_by"}:
                yield value
            elif isinstance(value, int) and name == "channel_id":
                yield channel_peer(value)
            elif isinstance(value, int) and name == "chat_id":
                yield -value
