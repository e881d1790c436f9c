"""Which chats are to be read, and when: the timing of the channels that are followed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobs.core.clock import Clock
from jobs.core.posts import FeedChat
from jobs.triggers.models import Subscription

SETTLE = 1.0
"""Seconds after the first of several posts: what belongs together is read together."""
APART = 5.0
"""So far apart one chat is read at least, however much comes."""
LOOK_AGAIN = 300.0
"""So often it is looked without being told: Telegram tells of nothing where the account is not in."""
BUSY_AGAIN = 5.0
_WRITTEN = re.compile(r"(-\d+)(?: @(\w+))?")


@dataclass(slots=True)
class Watched:
    """A chat, those who have subscribed to it, and when it is read next (monotonic seconds)."""

    chat: FeedChat
    due: float
    subscriptions: Sequence[Subscription] = ()
    read_at: float = float("-inf")
    failures: int = 0
    gathering: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """By subscription: until when it only gathers."""

    def read_within(self, now: float, seconds: float) -> None:
        """Have it read in so many seconds at the latest."""
        self.due = min(self.due, now + max(0.0, seconds))


class WatchList:
    """The chats that somebody has subscribed to."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._chats: dict[int, Watched] = {}

    @property
    def chat_ids(self) -> Collection[int]:
        """The chats on it."""
        return self._chats.keys()

    def fill(self, subscriptions: Sequence[Subscription]) -> None:
        """These are the subscriptions now; the chat of one that is new, or was changed, is read at once."""
        now, before = self._clock.monotonic(), self._chats
        known = {(one.id, one.updated_at) for watched in before.values() for one in watched.subscriptions}
        self._chats = {}
        for subscription in subscriptions:
            chat = written_chat(subscription.source)
            if chat is None:
                continue
            watched = self._chats.get(chat.id)
            if watched is None:
                watched = self._chats[chat.id] = before.get(chat.id) or Watched(chat, now)
                watched.subscriptions = ()
            watched.subscriptions = (*watched.subscriptions, subscription)
            if (subscription.id, subscription.updated_at) not in known:
                watched.read_within(now, 0)
                watched.gathering.pop(subscription.id, None)

    def hear(self, chat_ids: Collection[int]) -> None:
        """There may be something new in these."""
        now = self._clock.monotonic()
        for chat_id in chat_ids:
            if (watched := self._chats.get(chat_id)) is not None:
                watched.read_within(now, max(SETTLE, watched.read_at + APART - now))

    def ready(self) -> Sequence[Watched]:
        """Those whose time has come, the longest overdue first."""
        now = self._clock.monotonic()
        return sorted((one for one in self._chats.values() if one.due <= now), key=lambda one: one.due)

    def begin(self, watched: Watched) -> Sequence[Subscription]:
        """Those of a chat's subscriptions that hear what is new now. It is read again in its time."""
        now, moment = self._clock.monotonic(), self._clock.now()
        watched.read_at, watched.due = now, now + LOOK_AGAIN
        for until in watched.gathering.values():
            if until > moment:
                watched.read_within(now, (until - moment).total_seconds())
        return [one for one in watched.subscriptions if watched.gathering.get(one.id, moment) <= moment]

    def gather(self, watched: Watched, subscription: Subscription, until: datetime | None) -> None:
        """A subscription only gathers, up to a moment; None: it does not."""
        if until is None:
            watched.gathering.pop(subscription.id, None)
            return
        watched.gathering[subscription.id] = until
        watched.read_within(self._clock.monotonic(), (until - self._clock.now()).total_seconds())

    def again(self, watched: Watched, seconds: float) -> None:
        """Read a chat in so many seconds, at the latest."""
        watched.read_within(self._clock.monotonic(), seconds)

    def next_moment(self, not_before: float) -> datetime | None:
        """When the first of them is to be read, but not before a monotonic moment."""
        if not self._chats:
            return None
        due = max(not_before, min(watched.due for watched in self._chats.values()))
        return self._clock.now() + timedelta(seconds=due - self._clock.monotonic())


def written(chat: FeedChat) -> str:
    """A chat as a subscription keeps it."""
    return f"{chat.id} @{chat.username}" if chat.username else str(chat.id)


def written_chat(source: str) -> FeedChat | None:
    """The inverse; None where it is not written so."""
    found = _WRITTEN.fullmatch(source)
    return FeedChat(int(found[1]), found[2]) if found else None
