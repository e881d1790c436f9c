"""Channels and groups, and what is posted there, as the parts of the program pass them to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jobs.core.messages import AttachmentKind


@dataclass(frozen=True, slots=True)
class FeedChat:
    """A channel or group; `id` is the marked one (-100… for channels and supergroups)."""

    id: int
    username: str | None = None
    title: str = ""
    """What its people call it: one line, no brackets."""
    kind: Literal["channel", "group"] = "channel"
    joined: bool = True
    """Whether the account is in it: Telegram tells of new posts then. A public one can be read all the same."""


@dataclass(frozen=True, slots=True)
class Post:
    """Something that was posted; an album is one."""

    first_id: int
    last_id: int
    sent_at: datetime
    text: str = ""
    author: str = ""
    """Who has written it, where that is not simply the channel."""
    attachments: tuple[AttachmentKind, ...] = ()
    links: tuple[str, ...] = ()
    """Addresses that stand behind its words."""
    link: str = ""
    """Where it can be looked at."""

    @property
    def has_media(self) -> bool:
        """Whether something hangs on it."""
        return bool(self.attachments)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a chat's history, oldest first."""

    posts: Sequence[Post]
    reached: int
    """The id up to which everything is in here or before."""
    more: bool
    """Whether there may be more right behind."""
    moved_to: FeedChat | None = None
    """The supergroup that a group has become: it goes on there, from its first message on."""
    closed: bool = False
    """Whether the account was taken out of the chat, so that nothing more will come."""
