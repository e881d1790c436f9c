"""What one package offers another that may not import it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from jobs.core.i18n import Language, Words
from jobs.core.journal import InboxRow
from jobs.core.messages import Document, Image, InboundMessage, Taken
from jobs.core.people import PersonCard
from jobs.core.posts import FeedChat, Page
from jobs.core.rich_text import RichText

ShowFile = Callable[[InboundMessage], Awaitable[Image | Document | None]]
"""What the model is shown of a message's file; None where there is nothing to be shown, or not any more."""


class TakeIn(Protocol):
    """Keeps the files that people send."""

    async def take(self, message: InboundMessage, pieces: AsyncIterator[bytes], *, of_owner: bool) -> Taken:
        """Save what `pieces` brings, hear what is spoken in it. Raises what `pieces` raises, and nothing else."""
        ...


Fingerprint = Callable[[], Awaitable[str]]
"""A fingerprint of what a Claude process takes in when it starts, such as skills: another text when that has changed.

Asked for before each turn, so it must cost little, keep off the event loop and never raise.
"""

SoundAlarm = Callable[[Words], Awaitable[None]]
"""Tells the owner, past the journal, that the journal refuses."""


class Compose(Protocol):
    """Markdown in, Telegram-sized messages out; a long text does not hold the event loop up."""

    def __call__(self, *texts: str) -> Awaitable[Sequence[RichText]]:
        """Several texts follow each other, and none reaches into the next."""
        ...


class Composer(Protocol):
    """Makes Telegram messages of Markdown."""

    compose: Compose


class AddressBook(Protocol):
    """Whom the account knows in Telegram."""

    async def people(self) -> Sequence[PersonCard]:
        """The account's contacts, and everybody with whom it has a private chat. Raises TelegramError."""
        ...

    async def look_up(self, who: str) -> PersonCard | None:
        """Somebody by @username, t.me link, phone number or numeric id. Raises TelegramError."""
        ...

    async def chat(self, who: str) -> tuple[int, str]:
        """The id and the name of a chat, be it a person's or a group's. Raises NotFound, TelegramError."""
        ...

    async def text_of(self, chat_id: int, message_id: int) -> str | None:
        """What a message in a chat says; None when it is not there. Raises TelegramError."""
        ...


class OpenErrands(Protocol):
    """Which people the assistant is settling something with."""

    async def refuse_beside(self, chat_id: int) -> None:
        """Raises ToolRetry, naming the right tool, when an errand with the person of this chat is open."""
        ...


class ChannelFeed(Protocol):
    """The channels and groups that the account can read. Every method that asks Telegram raises TelegramError.

    Undeliverable means that a chat cannot be read any more: it is gone, or the account is shut out.
    """

    bell: asyncio.Event
    """Rings when there may be something new in a chat that is watched; whoever waits for it clears it."""

    def watch(self, chat_ids: Collection[int]) -> None:
        """Ring for these chats from now on, and for no others."""
        ...

    def take_news(self) -> Collection[int]:
        """The chats in which there may be something new since this was asked last."""
        ...

    async def find(self, source: str) -> FeedChat:
        """A channel or group by @username, link, invite link, id or title.

        Raises NotFound, with a sentence for whoever asked, when none is meant, several may be, or the account is
        not in it; nothing is joined.
        """
        ...

    async def latest(self, chat: FeedChat) -> int:
        """The id of the newest message; 0 where there is none."""
        ...

    async def before_latest(self, chat: FeedChat, count: int) -> int:
        """The id after which there are `count` messages; 0 where there are no more than that."""
        ...

    async def after(self, chat: FeedChat, position: int) -> Page:
        """What was posted after a message, as it reads now: one request."""
        ...


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a text may not go to somebody outside."""

    reason: Literal["private", "banned", "unchecked"]
    """`private`: other words may go; else nothing may."""
    why: str
    """For the model to read."""
    what: str = ""
    """What could not be read, so that the text was not checked."""


class DisclosureCheck(Protocol):
    """Whether a text may go to somebody outside."""

    async def objection(
        self, chat_id: int, *texts: str, must_not_say: Sequence[str] = (), may_say: Sequence[str] = ()
    ) -> Objection | None:
        """Why Markdown texts may not; None when they may.

        `must_not_say`, `may_say`: phrases that they must not hold, or may, beside those of the person's errands.
        """
        ...


@dataclass(frozen=True, slots=True)
class Admitted:
    """The message is for its session."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The message waits: until a moment (UTC), or for the owner."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody answers it."""


class Admission(Protocol):
    """Decides about the messages of people other than the owner."""

    async def judge(self, row: InboxRow) -> Admitted | Waiting | Refused:
        """What is to become of a message. It is journalled, and people and the owner are told what they must know."""
        ...

    async def language(self, user_id: int) -> Language:
        """What to speak with somebody: the language of their words, else the owner's."""
        ...


class Questions(Protocol):
    """Open questions to the owner, as their chat sees them."""

    async def answered_by_message(self, row: InboxRow) -> bool:
        """Whether a message of the owner answers a question; it is settled then."""
        ...

    async def answered_by_reaction(self, message_id: int, emoji: str, at: datetime | None = None) -> bool:
        """The owner has reacted to a message of ours: now, or at a moment that Telegram names.

        Whether that is an answer to a question, be it one that is open no more.
        """
        ...


REDACTED = "/secret •••"
"""What is journalled in place of a secret."""
_SECRET_COMMAND = re.compile(r"/secret(?:\s+([\w-]+)\s+([\w-]+)(?:[\s=:]+(.*))?|\s.*)?", re.IGNORECASE | re.DOTALL)


class SecretCommand(NamedTuple):
    """A /secret, read; each part is "" where it is not there."""

    server: str
    key: str
    value: str
    """What was sent behind them at once."""


def parse_secret_command(text: str) -> SecretCommand | None:
    """What a /secret says; None for another text."""
    match = _SECRET_COMMAND.fullmatch(text.strip())
    return SecretCommand((match[1] or "").lower(), match[2] or "", match[3] or "") if match else None


class Secrets(Protocol):
    """Values that the owner gives past the model, the journal and the log: `/secret <server> <KEY>`, then the value."""

    async def seen(self, message: InboundMessage) -> InboundMessage:
        """A message of the owner as it is journalled: an awaited value is taken out. Raises StorageError."""
        ...

    async def answer(self, message: InboundMessage) -> str:
        """What is answered to the command, or to a message whose value was taken. Raises JobsError."""
        ...

    async def expire(self) -> str | None:
        """The words for the owner when a value was awaited for too long; it is awaited no more."""
        ...


class LiveReply(Protocol):
    """An answer that grows on the owner's screen."""

    def show(self, texts: Sequence[str], status: str | None) -> None:
        """What was written so far and what is being done right now; returns at once, the screen follows."""
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

    def typing(self, session_key: str) -> None:
        """The person of a session is writing."""
        ...

    def stop(self, session_key: str, row: InboxRow) -> None:
        """Interrupt what is being done, drop what was said behind it, and end what runs elsewhere by itself.

        Answers the command.
        """
        ...

    def clear(self, session_key: str, row: InboxRow) -> None:
        """Stop, then begin a fresh conversation; answers the command."""
        ...
