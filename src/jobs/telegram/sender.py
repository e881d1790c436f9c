"""Telethon's connection, with what it lacks for a program that runs for months."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from telethon import TelegramClient
from telethon.errors import AuthKeyNotFound, AuthKeyUnregisteredError, InvalidBufferError
from telethon.network import MTProtoSender
from telethon.tl import functions

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0
_FLOOD = 429


class PreviewEdit(functions.messages.EditMessageRequest):
    """An edit that is worth nothing once its connection has ended: it is not sent again over the next one."""


class _Sender(MTProtoSender):
    """Telethon's own connects again at once, however often that was in vain, and repeats there what nobody wants."""

    most_disowned = 2
    """When Telegram does not know the key this often in a row, the sign-in counts as ended."""
    _disowned = 0
    _in_vain = 0
    """Connections in a row over which nothing of Telegram's came."""

    async def _try_connect(self, attempt: int) -> bool:
        if self._in_vain:
            pause = min(_LONGEST_PAUSE, 2.0 ** (self._in_vain - 1))
            log.warning("Telegram does not answer at its address; next attempt in %.0f s", pause)
            await asyncio.sleep(pause)
        self._in_vain += 1
        return await super()._try_connect(attempt)

    async def _process_message(self, message: Any) -> None:
        self._in_vain = self._disowned = 0
        await super()._process_message(message)

    async def _disconnect(self, error: Exception | None = None) -> None:
        """Telethon gives up as soon as Telegram refuses a connection as such: for too many, or for an unknown key."""
        if isinstance(error, AuthKeyNotFound):
            self._disowned += 1
            log.warning("Telegram does not know the key of this sign-in (%d of %d)", self._disowned, self.most_disowned)
            self._in_vain = 1  # it is Telegram that answers: whether it means what it says is soon known
        if _is_flood(error) or (isinstance(error, AuthKeyNotFound) and self._disowned < self.most_disowned):
            self._start_reconnect(error)
            return
        # As a refusal of a call, which is what the rest of Telethon takes for the end of a sign-in.
        await super()._disconnect(AuthKeyUnregisteredError(None) if isinstance(error, AuthKeyNotFound) else error)
        if error is not None:
            self._disconnected.exception()  # heard, even if nobody asks: the calls underway tell it

    async def _connect(self) -> None:
        await super()._connect()
        self._drop_previews()  # before anything is sent over the new connection

    def _drop_previews(self) -> None:
        packer: Any = self._send_queue
        states: list[Any] = [*self._pending_state.values(), *packer._deque]
        self._pending_state: dict[int, Any] = {}
        packer._deque.clear()
        for state in states:
            if not isinstance(state.request, PreviewEdit):
                packer.append(state)
            elif not state.future.done():
                state.future.set_exception(ConnectionError("The connection ended before Telegram answered."))


def _is_flood(error: Exception | None) -> bool:
    return isinstance(error, InvalidBufferError) and error.code == _FLOOD


class Client(TelegramClient):
    """Telethon leaves catching up after a reconnect to its users, and tells nobody of one.

    With `on_reconnect` it catches up, and then tells. Telegram may disown the key `most_disowned` times in a row
    before that counts as the end of the sign-in.
    """

    def __init__(
        self, *args: Any, on_reconnect: Callable[[], None] | None = None, most_disowned: int = 2, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._on_reconnect = on_reconnect
        self._sender: Any = _Sender(
            self.session.auth_key,
            loggers=self._log,
            retries=self._connection_retries,
            delay=self._retry_delay,
            auto_reconnect=self._auto_reconnect,
            connect_timeout=self._timeout,
            auth_key_callback=self._auth_key_callback,
            updates_queue=self._updates_queue,
            auto_reconnect_callback=self._handle_auto_reconnect,
        )
        self._sender.most_disowned = most_disowned

    async def _handle_auto_reconnect(self) -> None:
        if self._on_reconnect is not None:
            await self.catch_up()
            self._on_reconnect()
