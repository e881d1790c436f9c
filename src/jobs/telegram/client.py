"""The connection to Telegram. Telethon's exceptions end here: past this file there are only ours."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from telethon import TelegramClient, errors, utils
from telethon.tl import functions, types

from jobs import __version__
from jobs.core.errors import (
    AlreadySent,
    MessageGone,
    NoAnswer,
    RetryLater,
    SignedOut,
    TelegramError,
    Undeliverable,
)
from jobs.core.journal.outbox import PLAINLY, Manner
from jobs.core.rich_text import RichText
from jobs.core.settings import Settings
from jobs.core.words import chat as words
from jobs.telegram.files import as_media
from jobs.telegram.previews import Previews
from jobs.telegram.render import to_telethon
from jobs.telegram.sender import Client, PreviewEdit
from jobs.telegram.session_file import connection_options, held, open_session

log = logging.getLogger(__name__)

_REASONS: dict[str, str] = {
    "USER_PRIVACY_RESTRICTED": "privacy",
    "USER_IS_BLOCKED": "privacy",
    "PRIVACY_PREMIUM_REQUIRED": "privacy",
    "YOU_BLOCKED_USER": "privacy",
    "INPUT_USER_DEACTIVATED": "gone",
    "USER_DEACTIVATED": "gone",
    "CHANNEL_PRIVATE": "gone",
    "CHANNEL_INVALID": "unknown",
    "PEER_ID_INVALID": "unknown",
    "USER_ID_INVALID": "unknown",
    "CHAT_ID_INVALID": "unknown",
    "CHAT_FORBIDDEN": "forbidden",
    "CHAT_WRITE_FORBIDDEN": "forbidden",
    "CHAT_ADMIN_REQUIRED": "forbidden",
    "USER_BANNED_IN_CHANNEL": "forbidden",
    "PEER_FLOOD": "spam",
}
_GONE = {"MESSAGE_ID_INVALID", "MESSAGE_EDIT_TIME_EXPIRED", "MESSAGE_AUTHOR_REQUIRED"}
_SERVER_PAUSE = 5.0
_RECENT_MESSAGES = 50
_DIALOGS = 200


class _RandomIdDuplicate(errors.BadRequestError):
    """Telegram calls it a 500, and what is one Telethon asks again, five times in ten seconds."""

    def __init__(self, request: Any) -> None:
        super().__init__(request, "RANDOM_ID_DUPLICATE")


_by_code: dict[str, Any] = errors.rpc_errors_dict
_by_code["RANDOM_ID_DUPLICATE"] = _RandomIdDuplicate


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account a client is signed in to."""

    id: int
    name: str
    language: str | None


class Telegram:
    """What the program does in Telegram. Every method raises TelegramError and nothing of Telethon's."""

    def __init__(self, client: TelegramClient, account: Account, owner_id: int) -> None:
        self.client = client
        self.account = account
        self._owner_id = owner_id
        self.previews = Previews(lambda *message: self._edit(PreviewEdit, *message))

    @classmethod
    @asynccontextmanager
    async def connect(cls, settings: Settings, on_reconnect: Callable[[], None]) -> AsyncGenerator[Telegram]:
        """Connect with the stored sign-in, which nobody else may use meanwhile.

        Raises SignedOut when Telegram does not know it any more, ConfigError when another program uses it.
        """
        with held(settings):
            async with cls._connect(settings, on_reconnect) as telegram:
                yield telegram

    @classmethod
    @asynccontextmanager
    async def _connect(cls, settings: Settings, on_reconnect: Callable[[], None]) -> AsyncGenerator[Telegram]:
        client: Any = Client(
            open_session(settings),
            settings.tg_api_id,
            settings.tg_api_hash.get_secret_value(),
            connection_retries=-1,
            retry_delay=1,
            auto_reconnect=True,
            catch_up=True,
            sequential_updates=True,  # the journal's order is the order of the updates
            flood_sleep_threshold=0,  # the outbox does the waiting, and knows that it waits
            raise_last_call_error=True,  # in place of a ValueError, which means an unknown peer elsewhere
            device_model="Jobs",
            app_version=__version__,
            receive_updates=True,
            on_reconnect=on_reconnect,
            most_disowned=5,  # some seconds: nobody may be there to sign in again
            **connection_options(settings.tg_proxy),
        )
        try:
            me = await _connected(client)
            if me is None:
                raise SignedOut("Telegram does not know this sign-in any more: run jobs setup to sign in again.")
            account = Account(me.id, utils.get_display_name(me), getattr(me, "lang_code", None))
            yield cls(client, account, settings.tg_user_id)
        finally:
            await client.disconnect()

    async def until_disconnected(self) -> None:
        """Return when the connection has ended for good. Raises SignedOut when that is why."""
        client: Any = self.client
        with translated():
            await client.disconnected
            if client._updates_error is not None:  # as run_until_disconnected() does the same, and more
                raise client._updates_error

    def is_connected(self) -> bool:
        """Whether there is a connection right now."""
        return bool(self.client.is_connected())

    async def send(
        self, chat_id: int, content: RichText, random_id: int, reply_to: int | None, manner: Manner = PLAINLY
    ) -> int:
        """Send a text; returns its message id, 0 if Telegram keeps it for later.

        Raises AlreadySent, RetryLater, Undeliverable, SignedOut.
        """
        with translated():
            peer = await self._peer(chat_id)
            result: Any = await self.client(
                functions.messages.SendMessageRequest(
                    peer=peer,
                    message=content.text,
                    random_id=random_id,
                    entities=[to_telethon(entity) for entity in content.entities] or None,
                    reply_to=types.InputReplyToMessage(reply_to) if reply_to else None,
                    no_webpage=True,
                    silent=manner.silent or None,
                    schedule_date=manner.at,
                )
            )
        return _message_id(result, random_id) if manner.at is None else 0

    async def forward(self, chat_id: int, random_id: int, manner: Manner) -> int:
        """Forward a message; returns the id of what it has become. Raises as `send` does."""
        assert manner.forward_from is not None and manner.forward_id is not None  # noqa: S101, PT018 - as the caller knows
        try:
            with translated():
                result: Any = await self.client(
                    functions.messages.ForwardMessagesRequest(
                        from_peer=await self._peer(manner.forward_from),
                        id=[manner.forward_id],
                        random_id=[random_id],
                        to_peer=await self._peer(chat_id),
                        silent=manner.silent or None,
                    )
                )
        except MessageGone as error:
            raise Undeliverable("The message to forward is gone.", reason="source") from error
        return _message_id(result, random_id)

    async def send_file(self, chat_id: int, file: Path, caption: RichText, random_id: int) -> int:
        """Send a file, a picture as a photo; returns its message id. Raises as `send` does."""
        with translated():
            peer = await self._peer(chat_id)
            try:
                media: Any = await as_media(self.client, file)
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
                raise Undeliverable(f"{file} is not there any more", reason="file") from error
            result: Any = await self.client(
                functions.messages.SendMediaRequest(
                    peer=peer,
                    media=media,
                    message=caption.text,
                    random_id=random_id,
                    entities=[to_telethon(entity) for entity in caption.entities] or None,
                )
            )
        return _message_id(result, random_id)

    async def edit(self, chat_id: int, message_id: int, content: RichText) -> None:
        """Change a message's text. Raises MessageGone when it is not there; nothing when it reads so already."""
        await self._edit(functions.messages.EditMessageRequest, chat_id, message_id, content)

    async def _edit(
        self, request: type[functions.messages.EditMessageRequest], chat_id: int, message_id: int, content: RichText
    ) -> None:
        with translated(), suppress(errors.MessageNotModifiedError):
            await self.client(
                request(
                    peer=await self._peer(chat_id),
                    id=message_id,
                    message=content.text,
                    entities=[to_telethon(entity) for entity in content.entities] or None,
                    no_webpage=True,
                )
            )

    async def delete(self, chat_id: int, message_id: int) -> None:
        """Delete a message for everybody; nothing when it is not there."""
        with translated():
            await self.client.delete_messages(await self._peer(chat_id), [message_id])

    async def show_typing(self, chat_id: int) -> None:
        """Say that an answer is being written; the sign lasts about 5 seconds."""
        with translated():
            peer = await self._peer(chat_id)
            await self.client(functions.messages.SetTypingRequest(peer, types.SendMessageTypingAction()))

    async def mark_read(self, chat_id: int, up_to: int) -> None:
        """Mark a chat as read up to a message."""
        with translated():
            await self.client.send_read_acknowledge(await self._peer(chat_id), max_id=up_to)

    async def find_sent(self, chat_id: int, content: RichText, since: datetime, ours: set[int]) -> int | None:
        """The id of a recent message of this account with this text that is not among `ours`.

        Failing that, of the newest one: Telegram may have changed the text. Not in Saved Messages, where what is
        not ours is the person's own.
        """
        with translated():
            candidates: list[Any] = [
                message
                async for message in self.client.iter_messages(await self._peer(chat_id), limit=_RECENT_MESSAGES)
                if message.out and message.id not in ours and message.date.timestamp() >= since.timestamp() - 60
            ]
        same = [message.id for message in candidates if message.message == content.text]
        unlike = [message.id for message in candidates if not words.is_alarm(message.message or "")]
        others = [] if chat_id == self.account.id else unlike
        return next(iter(same or others), None)

    def remember(self) -> None:
        """Write down whom Telethon has met: it does so once a minute, and what is sent later goes by the id alone."""
        self.client.session.save()

    async def catch_up(self) -> None:
        """Ask for updates that were missed."""
        with translated():
            await self.client.catch_up()

    async def language_of(self, user_id: int) -> str | None:
        """The language code of somebody's Telegram app, where Telegram tells it."""
        try:
            with translated():
                user: Any = await self.client.get_entity(user_id)
        except (Undeliverable, RetryLater):
            return None
        return getattr(user, "lang_code", None)

    async def text_of(self, chat_id: int, message_id: int) -> str | None:
        """What a message says; None when it is gone."""
        message = await self.message(chat_id, message_id)
        return message.message if message is not None else None

    async def message(self, chat_id: int, message_id: int) -> Any:
        """A message as Telethon has it; None when it is gone."""
        with translated():
            return await self.client.get_messages(await self._peer(chat_id), ids=message_id)

    async def missing(self, chat_id: int, message_ids: Sequence[int]) -> list[int]:
        """Which of these messages (at most 100) are not in a chat any more."""
        with translated():
            found: Any = await self.client.get_messages(await self._peer(chat_id), ids=list(message_ids))
        return [message_id for message_id, message in zip(message_ids, found, strict=True) if message is None]

    async def _peer(self, chat_id: int) -> Any:
        """Telegram's handle of a chat.

        Telethon writes those that it learns down once a minute; what a kill made it forget, the dialogs tell again.
        """
        try:
            return await self.client.get_input_entity(chat_id)
        except ValueError:
            await self.client.get_dialogs(limit=_DIALOGS)
        try:
            return await self.client.get_input_entity(chat_id)
        except ValueError:
            if chat_id != self._owner_id:
                raise
            # What they are to be told is kept until they have written for the first time.
            raise RetryLater("The owner has never written to this account.", after=_SERVER_PAUSE) from None


async def _connected(client: Any) -> Any:
    """Connect, however often Telegram says "not now"; returns the account's user, None when it is signed out."""
    while True:
        try:
            with translated():
                await client.connect()
                return await client.get_me()
        except RetryLater as error:
            log.warning("Telegram does not let us in yet; next attempt in %.0f s: %s", error.after, error)
            await client.disconnect()  # a client that is half connected would never ask for updates
            await asyncio.sleep(error.after)


def _message_id(result: Any, random_id: int) -> int:
    if isinstance(result, types.UpdateShortSentMessage):
        return result.id
    for update in getattr(result, "updates", ()):
        if isinstance(update, types.UpdateMessageID) and update.random_id == random_id:
            return update.id
    raise RetryLater("Telegram's answer does not name the message.", after=_SERVER_PAUSE)


@contextmanager
def translated() -> Generator[None]:
    """Turn whatever Telethon raises in the block into one of our errors."""
    try:
        yield
    except TelegramError:
        raise
    except _RandomIdDuplicate as error:
        raise AlreadySent(str(error)) from error
    except (errors.FloodWaitError, errors.SlowModeWaitError) as error:
        raise RetryLater(f"Telegram asks to wait {error.seconds} s.", after=float(error.seconds)) from error
    except (errors.UnauthorizedError, errors.AuthKeyError, errors.AuthKeyNotFound) as error:
        raise SignedOut("Telegram has ended this sign-in: run jobs setup to sign in again.") from error
    except (errors.BadRequestError, errors.ForbiddenError, errors.NotFoundError) as error:
        code = getattr(error, "message", None) or type(error).__name__
        code = _code(error, str(code))
        if code in _GONE:
            raise MessageGone(code) from error
        raise Undeliverable(code, reason=_REASONS.get(code, "other")) from error
    except errors.RPCError as error:
        raise RetryLater(f"Telegram did not answer properly: {error}", after=_SERVER_PAUSE) from error
    except (OSError, asyncio.IncompleteReadError, errors.InvalidBufferError, errors.SecurityError) as error:
        raise NoAnswer(f"Telegram did not answer: {error}", after=_SERVER_PAUSE) from error
    except (struct.error, OverflowError) as error:  # Telethon finds out while it writes the request
        raise Undeliverable("a number or a moment in it is beyond any of Telegram's", reason="other") from error
    except ValueError as error:
        # Telethon's way to say that it never met this peer.
        raise Undeliverable(str(error), reason="unknown") from error


_CODES: dict[type[Exception], str] = {kind: code for code, kind in errors.rpc_errors_dict.items()}


def _code(error: Exception, fallback: str) -> str:
    """Telegram's own name of an error that Telethon has turned into a class and a sentence."""
    return _CODES.get(type(error), fallback)
