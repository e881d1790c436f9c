"""One action in the world: who does it, over which link, and what everybody is to hear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from telethon.tl import types
from telethon.tl.tlobject import TLObject, TLRequest

from jobs.sandbox.telegram.rpc import Link, RpcError
from jobs.sandbox.telegram.world import views
from jobs.sandbox.telegram.world.model import Change, Channel, Event, Mailbox, User
from jobs.sandbox.telegram.world.state import WorldState


class Context:
    """Gathers the updates of one action; `publish` pushes them, to each account in one piece.

    With no link (an action from Python) every link of the acting account hears of it too.
    """

    def __init__(self, state: WorldState, user: User | None, link: Link | None = None) -> None:
        self.state = state
        self.link = link
        self._user = user
        self._news: dict[int, list[types.TypeUpdate]] = {}

    @property
    def me(self) -> User:
        """The account that acts. Raises RpcError when nobody is signed in."""
        if self._user is None:
            raise RpcError(401, "AUTH_KEY_UNREGISTERED")
        return self._user

    def tell(self, user: User, update: types.TypeUpdate) -> None:
        """Let an account hear of something that leaves no trace in its pts."""
        self._news.setdefault(user.id, []).append(update)

    def record(self, box: Mailbox, change: Change, pts_count: int = 1) -> Event:
        """Log a change in a mailbox and let its owner (or the channel's members) hear of it."""
        event = box.record(change, self.state.now, pts_count)
        channel = self.state.channels.get(box.owner)
        if channel is not None:
            self._tell_members(channel, event)
        elif (update := views.show_event(self.state, self.state.users[box.owner], event)) is not None:
            self.tell(self.state.users[box.owner], update)
        return event

    def _tell_members(self, channel: Channel, event: Event) -> None:
        for member in channel.members:
            user = self.state.users[member]
            update = views.show_channel_event(self.state, user, channel.id, event)
            if update is not None:
                self.tell(user, update)

    def answer(self, first: Iterable[types.TypeUpdate] = ()) -> types.Updates:
        """The acting account's own part of the news, as the answer to its call."""
        return views.updates(self.state, self.me, [*first, *self._news.get(self.me.id, [])])

    def publish(self) -> None:
        """Push the news to every link but the one that called."""
        for user_id, news in self._news.items():
            links = [d.link for d in self.state.devices(user_id) if d.link is not self.link]
            if links:
                pushed = _pushed(self.state, self.state.users[user_id], news)
                for link in links:
                    link.push(pushed)
        self._news.clear()
        self.state.changed()


def _pushed(state: WorldState, user: User, news: list[types.TypeUpdate]) -> TLObject:
    if state.settings.short_updates and len(news) == 1:
        short = _short(news[0])
        if short is not None:
            return short
    return views.updates(state, user, news)


def _short(update: types.TypeUpdate) -> types.UpdateShortMessage | None:
    """A plain private message in the brief form, which tells no access hash."""
    if not isinstance(update, types.UpdateNewMessage):
        return None
    message = update.message
    if not isinstance(message, types.Message) or not isinstance(message.peer_id, types.PeerUser):
        return None
    if message.media or message.fwd_from:
        return None
    return types.UpdateShortMessage(
        id=message.id,
        user_id=message.peer_id.user_id,
        message=message.message,
        pts=update.pts,
        pts_count=update.pts_count,
        date=message.date,
        out=message.out,
        silent=message.silent,
        reply_to=message.reply_to,
        entities=message.entities,
    )


Result = TLObject | list[TLObject] | bool
Handlers = dict[type[TLRequest], Callable[[Context, Any], Result]]
"""What a module answers: by request class, the function that does it."""
