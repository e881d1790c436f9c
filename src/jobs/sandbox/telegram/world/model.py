"""What the world is made of.

Peers are marked ids throughout, as in Telethon: users positive, basic groups negative, channels −100….
A message is kept once; it lies in the mailbox of every account that sees it, each with an id of its own.
A channel has one mailbox, shared by its members.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from telethon.tl import types

from jobs.sandbox.telegram.world.password import Password

CHANNEL_MARK = 1_000_000_000_000


def channel_peer(channel_id: int) -> int:
    """The marked id of a channel."""
    return -(CHANNEL_MARK + channel_id)


def is_user(peer: int) -> bool:
    return peer > 0


def is_channel(peer: int) -> bool:
    return peer < -CHANNEL_MARK


def is_group(peer: int) -> bool:
    """Whether the peer is a basic group (supergroups are channels)."""
    return -CHANNEL_MARK < peer < 0


@dataclass(slots=True, eq=False)
class StoredFile:
    """An uploaded photo or document. `size_type` is the letter of a photo's size, empty for documents."""

    id: int
    data: bytes
    date: int
    mime_type: str = "application/octet-stream"
    attributes: list[types.TypeDocumentAttribute] = field(default_factory=list)
    thumb: bytes | None = None
    width: int = 0
    height: int = 0
    size_type: str = ""


@dataclass(slots=True, eq=False)
class Media:
    """What hangs on a message: a file of ours, or a TL object that says everything itself (geo, contact…)."""

    file: StoredFile | None = None
    other: types.TypeMessageMedia | None = None
    spoiler: bool = False
    ttl_seconds: int | None = None


@dataclass(slots=True, eq=False)
class Reply:
    """What a message answers to, with the part that was quoted."""

    to: Message
    quote: str | None = None
    quote_entities: list[types.TypeMessageEntity] | None = None
    quote_offset: int | None = None
    ids: dict[int, int] = field(default_factory=dict)
    """The ids of the target when it was answered: the reply names them even after it is deleted."""

    def id_for(self, viewer: int) -> int | None:
        return self.ids.get(self.to.peer if is_channel(self.to.peer) else viewer)


@dataclass(slots=True, eq=False)
class Forward:
    """Where a forwarded message first stood."""

    date: int
    sender: int | None
    """Marked id of the author; None when `name` is all that may be told."""
    name: str | None = None
    channel_post: int | None = None
    saved_from: Message | None = None


@dataclass(slots=True, eq=False)
class Message:
    """One message as it was sent. `peer` is the one it was sent to: a user, a group or a channel."""

    sender: int
    peer: int
    date: int
    text: str = ""
    entities: list[types.TypeMessageEntity] = field(default_factory=list)
    media: Media | None = None
    reply: Reply | None = None
    forward: Forward | None = None
    action: types.TypeMessageAction | None = None
    grouped_id: int | None = None
    silent: bool = False
    pinned_in: set[int] = field(default_factory=set)
    """Owners of the mailboxes in which it is pinned."""
    post: bool = False
    from_scheduled: bool = False
    schedule_date: int | None = None
    edit_date: int | None = None
    edit_hidden: bool = False
    views: int | None = None
    mentions: set[int] = field(default_factory=set)
    unheard: set[int] = field(default_factory=set)
    """Accounts that have not yet listened to this voice note."""
    reactions: dict[int, list[tuple[types.TypeReaction, int]]] = field(default_factory=dict)
    """By account: its reactions, each with its date."""
    ids: dict[int, int] = field(default_factory=dict)
    """By owner of a mailbox: the id the message has there."""
    discussed_as: Message | None = None
    """Of a channel's post: its copy in the group where it is commented on."""

    def peer_for(self, viewer: int) -> int:
        """The chat in which an account sees the message."""
        return self.sender if is_user(self.peer) and self.peer == viewer else self.peer

    def id_for(self, viewer: int) -> int | None:
        """The id under which an account sees the message; None once it is gone from there."""
        return self.ids.get(self.peer if is_channel(self.peer) else viewer)


@dataclass(frozen=True, slots=True)
class NewMessage:
    message: Message


@dataclass(frozen=True, slots=True)
class Edited:
    message: Message


@dataclass(frozen=True, slots=True)
class Deleted:
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadInbox:
    peer: int
    max_id: int
    still_unread: int


@dataclass(frozen=True, slots=True)
class ReadOutbox:
    peer: int
    max_id: int


@dataclass(frozen=True, slots=True)
class ContentsRead:
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PinChanged:
    peer: int
    ids: tuple[int, ...]
    pinned: bool


Change = NewMessage | Edited | Deleted | ReadInbox | ReadOutbox | ContentsRead | PinChanged


@dataclass(frozen=True, slots=True)
class Event:
    """A change in a mailbox, and where its pts stood after it."""

    pts: int
    pts_count: int
    date: int
    change: Change


@dataclass(slots=True, eq=False)
class Mailbox:
    """Messages by id with the log of what changed: one for each account, one for each channel."""

    owner: int
    next_id: int = 1
    pts: int = 1
    messages: dict[int, Message] = field(default_factory=dict)
    log: list[Event] = field(default_factory=list)
    _by_peer: dict[int, list[int]] = field(default_factory=dict)

    def add(self, message: Message) -> int:
        """Put a message in; its id here."""
        message_id = self.next_id
        self.next_id += 1
        self.messages[message_id] = message
        message.ids[self.owner] = message_id
        insort(self._by_peer.setdefault(message.peer_for(self.owner), []), message_id)
        return message_id

    def remove(self, message_id: int) -> Message | None:
        message = self.messages.pop(message_id, None)
        if message is not None:
            del message.ids[self.owner]
            self._by_peer[message.peer_for(self.owner)].remove(message_id)
        return message

    def ids_with(self, peer: int) -> list[int]:
        """Ids of the messages of one chat, ascending."""
        return self._by_peer.get(peer, [])

    def ids_after(self, peer: int, message_id: int) -> list[int]:
        """Ids of the messages of one chat that came after an id, ascending."""
        ids = self.ids_with(peer)
        return ids[bisect_right(ids, message_id) :]

    @property
    def peers(self) -> list[int]:
        """The chats that have messages here."""
        return [peer for peer, ids in self._by_peer.items() if ids]

    def with_peer(self, peer: int) -> Iterator[Message]:
        """The messages of one chat, oldest first."""
        return (self.messages[message_id] for message_id in self.ids_with(peer))

    def record(self, change: Change, date: int, pts_count: int = 1) -> Event:
        self.pts += pts_count
        event = Event(self.pts, pts_count, date, change)
        self.log.append(event)
        return event

    def since(self, pts: int) -> list[Event]:
        """What happened after a pts."""
        return self.log[bisect_right(self.log, pts, key=lambda event: event.pts) :]


@dataclass(slots=True, eq=False)
class Dialog:
    """How one account stands with one chat."""

    read_inbox_max_id: int = 0
    read_outbox_max_id: int = 0
    pinned: bool = False
    unread_mark: bool = False
    draft: types.DraftMessage | None = None


@dataclass(slots=True, eq=False)
class Contact:
    """The name under which an account keeps somebody."""

    first_name: str
    last_name: str = ""


@dataclass(slots=True, eq=False)
class User:
    """An account."""

    id: int
    first_name: str
    mailbox: Mailbox
    last_name: str = ""
    username: str | None = None
    phone: str | None = None
    lang_code: str = "en"
    about: str = ""
    bot: bool = False
    deleted: bool = False
    """Its owner has given it up: what it wrote stays, and it has no name any more."""
    verified: bool = False
    banned: bool = False
    hides_phone: bool = False
    """Nobody is shown its number, nor finds it by that."""
    hides_in_forwards: bool = False
    """Forwards of what this account wrote tell a name, not an account."""
    password: Password | None = None
    contacts: dict[int, Contact] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)
    dialogs: dict[int, Dialog] = field(default_factory=dict)
    sent: dict[int, Message] = field(default_factory=dict)
    """By random_id: what was sent under it."""
    scheduled: dict[int, Message] = field(default_factory=dict)
    next_scheduled_id: int = 1

    @property
    def peer(self) -> int:
        return self.id

    def dialog(self, peer: int) -> Dialog:
        return self.dialogs.setdefault(peer, Dialog())


@dataclass(slots=True, eq=False)
class Group:
    """A basic group: every member has copies of the messages sent while they were in it."""

    id: int
    title: str
    creator: int
    date: int
    members: dict[int, int] = field(default_factory=dict)
    """By account: when it joined."""
    former: set[int] = field(default_factory=set)
    admins: set[int] = field(default_factory=set)
    about: str = ""
    invite_hash: str = ""
    version: int = 1
    migrated_to: Channel | None = None
    """The supergroup that it has become."""

    @property
    def peer(self) -> int:
        return -self.id


@dataclass(slots=True, eq=False)
class Channel:
    """A broadcast channel or, with `megagroup`, a supergroup. It has a mailbox and a pts of its own."""

    id: int
    title: str
    creator: int
    date: int
    mailbox: Mailbox
    megagroup: bool = False
    username: str | None = None
    about: str = ""
    invite_hash: str = ""
    members: dict[int, int] = field(default_factory=dict)
    admins: set[int] = field(default_factory=set)
    banned: set[int] = field(default_factory=set)
    join_by_request: bool = False
    """Whoever comes by its invite link waits for an admin."""
    discussion: Channel | None = None
    """The supergroup in which its posts are commented on."""
    deleted: bool = False

    @property
    def peer(self) -> int:
        return channel_peer(self.id)


Chat = Group | Channel
