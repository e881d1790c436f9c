"""Contacts: whom an account keeps, imports, finds and blocks."""

from __future__ import annotations

from telethon import functions
from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.account import owner_of
from jobs.sandbox.telegram.world.auth import account_with
from jobs.sandbox.telegram.world.context import Context, Handlers, Result
from jobs.sandbox.telegram.world.dialogs import peers_of
from jobs.sandbox.telegram.world.model import Contact, User, is_user
from jobs.sandbox.telegram.world.peers import resolve, resolve_user, show_all, to_peer


def get_contacts(ctx: Context, _request: functions.contacts.GetContactsRequest) -> Result:
    kept = ctx.me.contacts
    listed: list[types.TypeContact] = [
        types.Contact(user_id, ctx.me.id in ctx.state.users[user_id].contacts) for user_id in kept
    ]
    users, _ = show_all(ctx.state, ctx.me, kept)
    return types.contacts.Contacts(listed, len(listed), users)


def import_contacts(ctx: Context, request: functions.contacts.ImportContactsRequest) -> Result:
    imported: list[types.TypeImportedContact] = []
    for card in request.contacts:
        user = account_with(ctx.state, card.phone)
        if user is not None:
            ctx.me.contacts[user.id] = Contact(card.first_name, card.last_name)
            imported.append(types.ImportedContact(user.id, card.client_id))
    users, _ = show_all(ctx.state, ctx.me, [contact.user_id for contact in imported])
    return types.contacts.ImportedContacts(imported, [], [], users)


def add_contact(ctx: Context, request: functions.contacts.AddContactRequest) -> Result:
    user = resolve_user(ctx.state, ctx.me, request.id)
    if not request.first_name.strip():
        raise RpcError(400, "CONTACT_NAME_EMPTY")
    if user is ctx.me:
        raise RpcError(400, "CONTACT_ID_INVALID")
    ctx.me.contacts[user.id] = Contact(request.first_name, request.last_name)
    _tell_settings(ctx, user)
    return ctx.answer()


def delete_contacts(ctx: Context, request: functions.contacts.DeleteContactsRequest) -> Result:
    for given in request.id:
        user = resolve_user(ctx.state, ctx.me, given)
        ctx.me.contacts.pop(user.id, None)
        _tell_settings(ctx, user)
    return ctx.answer()


def _tell_settings(ctx: Context, user: User) -> None:
    known = user.id in ctx.me.contacts
    settings = types.PeerSettings(add_contact=not known, block_contact=not known)
    ctx.tell(ctx.me, types.UpdatePeerSettings(to_peer(user.id), settings))


def resolve_username(ctx: Context, request: functions.contacts.ResolveUsernameRequest) -> Result:
    named = owner_of(ctx.state, request.username)
    if named is None:
        raise RpcError(400, "USERNAME_NOT_OCCUPIED")
    return _resolved(ctx, named.peer)


def resolve_phone(ctx: Context, request: functions.contacts.ResolvePhoneRequest) -> Result:
    user = account_with(ctx.state, request.phone)
    if user is None or user.hides_phone:
        raise RpcError(400, "PHONE_NOT_OCCUPIED")
    return _resolved(ctx, user.id)


def _resolved(ctx: Context, peer: int) -> Result:
    users, chats = show_all(ctx.state, ctx.me, [peer])
    return types.contacts.ResolvedPeer(to_peer(peer), chats, users)


def search(ctx: Context, request: functions.contacts.SearchRequest) -> Result:
    state, wanted = ctx.state, request.q.lstrip("@").casefold()
    if len(wanted) < 3:
        raise RpcError(400, "QUERY_TOO_SHORT" if wanted else "SEARCH_QUERY_EMPTY")
    mine = dict.fromkeys([*ctx.me.contacts, *peers_of(ctx)])
    known = [peer for peer in mine if _is_called(ctx, peer, wanted)][: request.limit]
    usernames = {one.peer: one.username for one in [*state.users.values(), *state.channels.values()]}
    found = [p for p, name in usernames.items() if name and name.casefold().startswith(wanted) and p not in known]
    found = found[: request.limit]
    users, chats = show_all(state, ctx.me, [*known, *found])
    return types.contacts.Found([to_peer(p) for p in known], [to_peer(p) for p in found], chats, users)


def _is_called(ctx: Context, peer: int, wanted: str) -> bool:
    users, chats = show_all(ctx.state, ctx.me, [peer])
    names = [f"{user.first_name} {user.last_name or ''} {user.username or ''}" for user in users]
    names += [f"{chat.title} {getattr(chat, 'username', None) or ''}" for chat in chats]
    return any(word.startswith(wanted) for name in names for word in name.casefold().split())


def block(ctx: Context, request: functions.contacts.BlockRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.id)
    if not is_user(peer) or peer == ctx.me.id:
        raise RpcError(400, "CONTACT_ID_INVALID")
    ctx.me.blocked.add(peer)
    ctx.tell(ctx.me, types.UpdatePeerBlocked(to_peer(peer), blocked=True))
    return True


def unblock(ctx: Context, request: functions.contacts.UnblockRequest) -> Result:
    peer = resolve(ctx.state, ctx.me, request.id)
    ctx.me.blocked.discard(peer)
    ctx.tell(ctx.me, types.UpdatePeerBlocked(to_peer(peer), blocked=False))
    return True


def get_blocked(ctx: Context, request: functions.contacts.GetBlockedRequest) -> Result:
    blocked = sorted(ctx.me.blocked)[request.offset : request.offset + request.limit]
    users, chats = show_all(ctx.state, ctx.me, blocked)
    shown: list[types.TypePeerBlocked] = [types.PeerBlocked(to_peer(peer), ctx.state.date()) for peer in blocked]
    return types.contacts.Blocked(shown, chats, users)


HANDLERS: Handlers = {
    functions.contacts.GetContactsRequest: get_contacts,
    functions.contacts.ImportContactsRequest: import_contacts,
    functions.contacts.AddContactRequest: add_contact,
    functions.contacts.DeleteContactsRequest: delete_contacts,
    functions.contacts.ResolveUsernameRequest: resolve_username,
    functions.contacts.ResolvePhoneRequest: resolve_phone,
    functions.contacts.SearchRequest: search,
    functions.contacts.BlockRequest: block,
    functions.contacts.UnblockRequest: unblock,
    functions.contacts.GetBlockedRequest: get_blocked,
}
