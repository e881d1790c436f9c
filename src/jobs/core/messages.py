"""What comes in, as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

OWNER_SESSION = "owner"
EVENTS = 0
"""The "chat" of what nobody wrote."""


def person_session(user_id: int) -> str:
    """The key of the session that talks with a person."""
    return f"user:{user_id}"


def errand_session(task_id: str) -> str:
    """The key of an errand's own session."""
    return f"task:{task_id}"


def trigger_session(about: str) -> str:
    """The key of the session in which something runs by itself: a schedule, a subscription."""
    return f"trigger:{about}"


def person_of(session_key: str) -> int | None:
    """The person that a session talks with; None when it is no such session."""
    kind, _, name = session_key.partition(":")
    return int(name) if kind == "user" else None


def errand_of(session_key: str) -> str | None:
    """The errand that a session is about; None when it is no such session."""
    kind, _, name = session_key.partition(":")
    return name if kind == "task" else None


def trigger_of(session_key: str) -> str | None:
    """What a session runs by itself for; None when it is no such session."""
    kind, _, name = session_key.partition(":")
    return name if kind == "trigger" else None


AttachmentKind = Literal[
    "photo",
    "voice",
    "video_note",
    "video",
    "audio",
    "sticker",
    "animation",
    "document",
    "contact",
    "location",
    "poll",
    "dice",
    "story",
    "other",
]
SPOKEN: tuple[AttachmentKind, ...] = ("voice", "video_note")
"""What is heard."""
FILES: tuple[AttachmentKind, ...] = (*SPOKEN, "photo", "video", "audio", "sticker", "animation", "document")
"""What is a file."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RepliedTo(_Frozen):
    """The message that an incoming one replies to; `message_id` where it can be looked up in the same chat.

    `elsewhere`: it stands in another chat, and is `author`'s, if that is known.
    """

    message_id: int | None = None
    by_assistant: bool = False
    text: str | None = None
    quote: str | None = None
    elsewhere: bool = False
    author: str | None = None


class Forwarded(_Frozen):
    """Where a forwarded message came from."""

    origin: str
    sent_at: datetime | None = None


class SessionEvent(_Frozen):
    """Something that a session must hear and nobody wrote to it: an errand's news, the owner's word on a call.

    A `trigger` is work that has come due by itself. It waits until its session has nothing else to do.
    """

    kind: Literal["errand", "news", "decision", "trigger"]
    task_id: str | None = None
    title: str = ""
    """What a person would call it."""
    facts: str
    """The program's own words."""
    quoted: Mapping[str, str] = {}
    """Other people's words, each under its name."""


class Carried(_Frozen):
    """What hangs on a message, as Telegram tells it."""

    words: str
    """The program's own, for the model: "a video, 0:32"."""
    told: str = ""
    """The sender's: the name of a file, the card of a contact, the question of a poll. Data, always fenced."""
    file_id: int = 0
    """Telegram's name of the file; 0 where there is nothing to fetch."""
    name: str = ""
    """As its sender calls the file."""
    mime_type: str = ""
    size: int = 0
    """Bytes; 0 where Telegram does not say."""
    seconds: int = 0


Trouble = Literal["too_large", "no_room", "disk", "gone", "stopped"]
"""Why a file was not taken in."""
Unheard = Literal["no_key", "too_long", "refused", "no_answer", "silent"]
"""Why speech was not understood."""


class Taken(_Frozen):
    """What has become of a message's file."""

    path: str = ""
    """Where it lies, from the workspace; "" where it was not taken in."""
    size: int = 0
    """Bytes."""
    trouble: Trouble | None = None
    speech: str = ""
    """What is said in it."""
    unheard: Unheard | None = None


class InboundMessage(_Frozen):
    """One incoming message, or one edit of it.

    `revision` tells the edits of a message apart and grows with each (0: as it was sent); `edited_at` is the Unix
    second of the last edit that its text has taken in, 0 for none.
    """

    chat_id: int
    message_id: int
    revision: int = 0
    edited_at: int = 0
    sender_id: int
    sent_at: datetime
    text: str = ""
    reply_to: RepliedTo | None = None
    forwarded: Forwarded | None = None
    attachment: AttachmentKind | None = None
    carried: Carried | None = None
    taken: Taken | None = None
    """None: its file, if it has one, has not been looked at yet."""
    album_id: int | None = None
    event: SessionEvent | None = None
    """Set where it is no message of a person; `chat_id` is then EVENTS."""


class Image(_Frozen):
    """A picture for the model."""

    media_type: str
    data: bytes


class Document(_Frozen):
    """A PDF, or a text of any kind, for the model to read."""

    media_type: Literal["application/pdf", "text/plain"]
    data: bytes
