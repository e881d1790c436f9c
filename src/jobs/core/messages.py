"""What comes in, as typed values."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

OWNER_SESSION = "owner"

AttachmentKind = Literal[
    "photo",
    "voice",
    "video_note",
    "video",
    "audio",
    "sticker",
    "document",
    "contact",
    "location",
    "poll",
    "other",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RepliedTo(_Frozen):
    """The message that an incoming one replies to."""

    message_id: int
    by_assistant: bool
    text: str | None = None
    quote: str | None = None


class Forwarded(_Frozen):
    """Where a forwarded message came from."""

    origin: str
    sent_at: datetime | None = None


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
    album_id: int | None = None


class Image(_Frozen):
    """A picture for the model."""

    media_type: str
    data: bytes
