"""The Telegram world: it answers calls, and tests and the demo act and look in it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from telethon.tl import types
from telethon.tl.tlobject import TLObject, TLRequest

from jobs.sandbox.telegram.rpc import Call, RpcError
from jobs.sandbox.telegram.world import (
    account,
    auth,
    channels,
    comments,
    contacts,
    dialogs,
    files,
    forwarding,
    groups,
    history,
    invites,
    messages,
    pins,
    posting,
    reactions,
    scheduled,
    sending,
    updates,
    users,
)
from jobs.sandbox.telegram.world.context import Context, Handlers
from jobs.sandbox.telegram.world.model import (
    Channel,
    Chat,
    Contact,
    Group,
    Mailbox,
    Media,
    Message,
    Reply,
    StoredFile,
    User,
)
from jobs.sandbox.telegram.world.password import Password
from jobs.sandbox.telegram.world.state import SERVICE_USER, WorldState
from jobs.sandbox.telegram.world.views import unread_count

HANDLERS: Handlers = {
    **auth.HANDLERS,
    **account.HANDLERS,
    **users.HANDLERS,
    **contacts.HANDLERS,
    **sending.HANDLERS,
    **forwarding.HANDLERS,
    **scheduled.HANDLERS,
    **messages.HANDLERS,
    **reactions.HANDLERS,
    **pins.HANDLERS,
    **files.HANDLERS,
    **groups.HANDLERS,
    **channels.HANDLERS,
    **invites.HANDLERS,
    **history.HANDLERS,
    **comments.HANDLERS,
    **dialogs.HANDLERS,
    **updates.HANDLERS,
}

_FIRST_USER_ID = 7_000_000_001  # beyond 32 bits, as Telegram's are
_FIRST_MESSAGE_IDS_APART = 1_000

Peer = User | Chat | int
"""Somebody or some chat: the object, or its marked id."""


class TelegramWorld(WorldState):
    """Plays Telegram in memory. As the wire's handler it answers one call at a time, in order.

    Everything that a call can do can be done from Python too, in the name of an account.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_user("Telegram", user_id=SERVICE_USER, phone="42777").verified = True

    async def __call__(self, call: Call) -> TLObject | list[TLObject] | bool:
        """Answer one call. Raises RpcError where Telegram refuses."""
        self.meet(call.link, call.client)
        user = self.users[call.link.user_id] if call.link.user_id is not None else None
        handler = HANDLERS.get(type(call.request))
        if handler is None:
            raise RpcError(400, f"INPUT_METHOD_INVALID_{type(call.request).__name__}")
        _drop_empty_dates(call.request)
        ctx = Context(self, user, call.link)
        answer = handler(ctx, call.request)
        ctx.publish()
        return answer

    # Acting

    def add_user(
        self,
        first_name: str,
        last_name: str = "",
        *,
        username: str | None = None,
        phone: str | None = None,
        lang_code: str = "en",
        password_2fa: str | None = None,
        password_hint: str = "",
        contact_of: Sequence[User] = (),
        user_id: int | None = None,
    ) -> User:
        """A new account. Message ids start elsewhere in each, as no two accounts of Telegram agree on them."""
        user_id = user_id or _FIRST_USER_ID + len(self.users)
        if user_id in self.users:
            raise ValueError(f"there is an account {user_id} already")
        user = User(
            user_id,
            first_name,
            Mailbox(user_id, next_id=1 + _FIRST_MESSAGE_IDS_APART * len(self.users)),
            last_name,
            username,
            phone or f"9996{len(self.users):06d}",
            lang_code,
            password=Password.of(password_2fa, self.random, password_hint) if password_2fa else None,
        )
        self.users[user_id] = user
        for other in contact_of:
            other.contacts[user_id] = Contact(first_name, last_name)
        return user

    def add_group(self, title: str, creator: User, *members: User) -> Group:
        """A new basic group."""
        ctx = Context(self, creator)
        group = groups.create(ctx, title, members)
        ctx.publish()
        return group

    def add_channel(
        self, title: str, creator: User, *members: User, username: str | None = None, megagroup: bool = False
    ) -> Channel:
        """A new channel (with `megagroup` a supergroup), public when it has a username."""
        ctx = Context(self, creator)
        channel = channels.create(ctx, title, megagroup=megagroup)
        channel.username = username
        channels.add_members(ctx, channel, members)
        ctx.publish()
        return channel

    def send_text(
        self,
        sender: User,
        to: Peer,
        text: str,
        *,
        reply_to: Message | None = None,
        quote: str | None = None,
        entities: list[types.TypeMessageEntity] | None = None,
        silent: bool = False,
    ) -> Message:
        """Send a text as an account would. Raises RpcError where Telegram refuses."""
        ctx, peer = Context(self, sender), peer_of(to)
        message = sending.new_message(ctx, peer, text, entities, None)
        message.silent = silent
        if reply_to is not None:
            message.reply = Reply(reply_to, quote, ids=dict(reply_to.ids))
        posting.post(ctx, message)
        ctx.publish()
        return message

    def send_album(self, sender: User, to: Peer, *captions: str) -> list[Message]:
        """Send photos as one album, each with its caption (which may be empty). Raises RpcError."""
        ctx, peer = Context(self, sender), peer_of(to)
        group, sent = sending.new_grouped_id(ctx), list[Message]()
        for caption in captions:
            message = sending.new_message(ctx, peer, caption, None, Media(self._picture()))
            message.grouped_id = group
            posting.post(ctx, message)
            sent.append(message)
        ctx.publish()
        return sent

    def send_file(self, sender: User, to: Peer, file: StoredFile, text: str = "") -> Message:
        """Send a document that nobody has uploaded, as it stands."""
        file.id, file.date = 5_000_000_000_000 + self.new_id(), self.now
        self.files[file.id] = file
        ctx = Context(self, sender)
        message = sending.new_message(ctx, peer_of(to), text, None, Media(file))
        posting.post(ctx, message)
        ctx.publish()
        return message

    def _picture(self) -> StoredFile:
        file = StoredFile(self.new_id(), b"\xff\xd8\xff", self.now, "image/jpeg", width=90, height=90, size_type="s")
        self.files[file.id] = file
        return file

    def edit_text(self, message: Message, text: str) -> None:
        """Change a message as its author would."""
        ctx = Context(self, self.users[message.sender])
        message.text, message.edit_date = text, self.now
        posting.log_edit(ctx, message)
        ctx.publish()

    def delete(self, *messages: Message) -> None:
        """Delete messages for everybody as their author would."""
        ctx = Context(self, self.users[messages[0].sender])
        posting.delete_everywhere(ctx, messages)
        ctx.publish()

    def join(self, user: User, channel: Channel) -> None:
        """Let an account into a channel."""
        ctx = Context(self, self.users[channel.creator])
        channels.add_members(ctx, channel, [user])
        ctx.publish()

    def open_comments(self, channel: Channel, group: Channel) -> None:
        """Have a channel's posts, from now on, discussed in a supergroup of the same creator."""
        channel.discussion = group
        self.changed()

    def ban(self, user: User, channel: Channel) -> None:
        """Have a channel's creator throw an account out for good."""
        ctx = Context(self, self.users[channel.creator])
        channels.ban(ctx, channel, user)
        ctx.publish()

    def delete_channel(self, channel: Channel) -> None:
        """Have a channel's creator delete it."""
        ctx = Context(self, self.users[channel.creator])
        channels.delete(ctx, channel)
        ctx.publish()

    def migrate(self, group: Group) -> Channel:
        """Have a group's creator make a supergroup of it, which is returned."""
        ctx = Context(self, self.users[group.creator])
        channel = groups.become_supergroup(ctx, group)
        ctx.publish()
        return channel

    def read(self, reader: User, peer: Peer) -> None:
        """Read a chat to its end as an account."""
        ctx = Context(self, reader)
        posting.read(ctx, peer_of(peer), 0)
        ctx.publish()

    def react(self, user: User, message: Message, emoji: str | None) -> None:
        """React to a message as an account; None takes the reaction back."""
        self.react_with(user, message, [types.ReactionEmoji(emoji)] if emoji else [])

    def react_with(self, user: User, message: Message, chosen: list[types.TypeReaction]) -> None:
        """React with anything, as subscribers may; it replaces what the account has chosen before."""
        ctx = Context(self, user)
        reactions.react(ctx, message, chosen)
        ctx.publish()

    def deliver_scheduled(self, user: User | None = None) -> None:
        """Send everything that is scheduled (by one account, or by all), whatever its date."""
        for sender in [user] if user else list(self.users.values()):
            ctx = Context(self, sender)
            scheduled.deliver(ctx, list(sender.scheduled))
            ctx.publish()

    def expire_file_references(self) -> None:
        """Let every file reference that was handed out grow old: clients must fetch the message again."""
        self.file_reference_age += 1

    def accept_qr(self, token: bytes | str, user: User) -> None:
        """Scan a login QR code as an account: its token, or the tg://login address. Raises RpcError."""
        if isinstance(token, str):
            encoded = token.partition("token=")[2]
            token = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        auth.accept_token(self, user, token)
        self.changed()

    def sign_out_everywhere(self, user: User) -> None:
        """End every session of an account, as its owner can from another device."""
        account.end_devices(self, self.devices(user.id))
        self.changed()

    def perform(self, user: User, request: TLRequest) -> Any:
        """Have an account make any request, as if over a link of its own. Raises RpcError."""
        ctx = Context(self, user)
        answer = HANDLERS[type(request)](ctx, request)
        ctx.publish()
        return answer

    # Looking

    def last_code(self, phone: str) -> str:
        """The login code last sent to a phone, if it is still good for a login. Raises KeyError."""
        return self.logins.codes[auth.digits(phone)].code

    def history(self, user: User, peer: Peer) -> list[Message]:
        """The messages an account sees in a chat, oldest first."""
        return list(self.box(user, peer_of(peer)).with_peer(peer_of(peer)))

    def messages_between(self, one: User, other: User) -> list[Message]:
        """The private messages of two accounts as the first sees them, oldest first."""
        return self.history(one, other)

    def unread(self, user: User) -> dict[int, int]:
        """By marked id of the chat: how many messages an account has not read (only where there are any)."""
        counts = {peer: unread_count(self, user, peer) for peer in dialogs.peers_of(Context(self, user))}
        return {peer: count for peer, count in counts.items() if count}


def _drop_empty_dates(request: TLRequest) -> None:
    """On the wire "no date" is 1970; inside it is None."""
    for name, value in vars(request).items():
        if isinstance(value, datetime) and value.timestamp() == 0:
            setattr(request, name, None)


def peer_of(peer: Peer) -> int:
    """The marked id of somebody or some chat."""
    return peer if isinstance(peer, int) else peer.peer


__all__ = ["Peer", "TelegramWorld", "peer_of"]
