"""Posts for one subscription: gathered until they make an event, and put into its words."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from jobs.core.posts import Page, Post
from jobs.triggers.models import Subscription

MOST_POSTS = 25
MOST_CHARACTERS = 24_000
"""So much is in one event at most; the rest is in the next."""
_LINKS = 1000
_AT_ONCE = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Gathered:
    """What of a chat's history one subscription has not heard yet, as far as it was read."""

    subscription: Subscription
    position: int
    """The message up to which it has heard everything, as it is written down."""
    most: int | None
    """When it has fallen behind: so many posts are kept, the newest."""
    reached: int = 0
    """The message up to which the history was read."""
    posts: deque[Post] = field(default_factory=deque[Post])
    left_out: int = 0
    unseen: bool = False
    """Whether there was more than was read at all."""
    undecided: int = 0
    alive: bool = True
    """False: it has changed meanwhile, and is read anew."""
    stalled: bool = False
    """Whether enough of it waits already; what comes stays where it is."""

    def __post_init__(self) -> None:
        self.reached = self.position

    def take(self, page: Page, passing: Sequence[Post], undecided: int) -> None:
        """Add what passes the filter of a page."""
        self.posts += passing
        self.undecided += undecided
        self.reached = max(self.reached, page.reached)
        while self.most is not None and len(self.posts) > self.most:
            self.posts.popleft()
            self.left_out += 1

    def skip_to(self, message_id: int) -> None:
        """What is before this message is not looked at."""
        if message_id > self.reached:
            self.reached, self.unseen = message_id, True

    @property
    def is_open(self) -> bool:
        """Whether it takes more."""
        return self.alive and not self.stalled

    @property
    def has_left_out(self) -> bool:
        """Whether something was left out, and has not been told of."""
        return bool(self.left_out or self.unseen)

    @property
    def is_full(self) -> bool:
        """Whether there is more than fits into one event."""
        return len(self.posts) > MOST_POSTS or sum(map(size, self.posts)) > MOST_CHARACTERS

    def due_at(self) -> datetime | None:
        """When what was gathered is to be looked at; None when there is nothing."""
        if not self.posts:
            return None
        if not self.subscription.batch_minutes:
            return _AT_ONCE  # whatever Telegram's clock shows
        return self.posts[0].sent_at + timedelta(minutes=self.subscription.batch_minutes)

    def next_posts(self) -> Sequence[Post]:
        """What the next event holds: at least one post."""
        chosen, room = list[Post](), MOST_CHARACTERS
        for post in self.posts:
            room -= size(post)
            if chosen and (len(chosen) == MOST_POSTS or room < 0):
                break
            chosen.append(post)
        return chosen

    def after(self, chosen: Sequence[Post]) -> int:
        """Where it stands once these were heard."""
        return self.reached if len(chosen) == len(self.posts) else chosen[-1].last_id

    def heard(self, chosen: Sequence[Post]) -> None:
        """These are in an event now."""
        self.position = self.after(chosen)
        self.subscription = replace(self.subscription, position=str(self.position))
        self.left_out, self.unseen, self.undecided = 0, False, 0
        for _ in chosen:
            self.posts.popleft()


def size(post: Post) -> int:
    """How much room a post takes, in characters."""
    return len(post.text) + min(_LINKS, sum(map(len, post.links))) + len(post.author) + 100


def quoted(posts: Sequence[Post], title: str) -> Mapping[str, str]:
    """Posts as other people's words, each under a name of the program's own."""
    return {"what its people call the chat": title, **{_name(post): _words(post) for post in posts}}


def _name(post: Post) -> str:
    counts = {kind: post.attachments.count(kind) for kind in dict.fromkeys(post.attachments)}
    media = ", ".join(kind if count == 1 else f"{count} × {kind}" for kind, count in counts.items())
    when = f"{post.sent_at:%Y-%m-%d %H:%M} UTC"
    return f"post {post.first_id} ({', '.join(filter(None, (when, media, post.link)))})"


def _words(post: Post) -> str:
    links = "\n".join(post.links)[:_LINKS]
    said = "\n".join(filter(None, (post.text, f"Links in it:\n{links}" if links else "")))
    return f"{post.author}: {said}" if post.author else said or "(no words)"
