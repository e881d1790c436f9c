"""What one package offers another that may not import it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from jobs.core.i18n import Words
from jobs.core.journal import InboxRow
from jobs.core.messages import Image, InboundMessage
from jobs.core.rich_text import RichText

Compose = Callable[[str], Awaitable[Sequence[RichText]]]
"""Markdown in, Telegram-sized messages out; a long text does not hold the event loop up."""

FetchImage = Callable[[InboundMessage], Awaitable[Image | None]]
"""The picture of a message; None when it cannot be had any more."""


SoundAlarm = Callable[[Words], Awaitable[None]]
"""Tells the owner, past the journal, that the journal refuses."""


class LiveReply(Protocol):
    """An answer that grows on the owner's screen."""

    def show(self, markdown: str, status: str | None) -> None:
        """The text so far and what is being done right now; returns at once, the screen follows."""
        ...

    async def settle(self) -> None:
        """Stop changing the screen: from here on the journal says what the message becomes."""
        ...


class OpenLiveReply(Protocol):
    """Starts a live reply: typing is shown from the first moment."""

    def __call__(self, chat_id: int, session_key: str) -> LiveReply: ...


class Sessions(Protocol):
    """The conversations with the model, as the dispatcher sees them."""

    def submit(self, session_key: str, row: InboxRow) -> None:
        """Hand over a message."""
        ...

    def stop(self, session_key: str, row: InboxRow) -> None:
        """Interrupt what is being done and drop what waits behind it; answers the command."""
        ...

    def clear(self, session_key: str, row: InboxRow) -> None:
        """Stop, then begin a fresh conversation; answers the command."""
        ...
