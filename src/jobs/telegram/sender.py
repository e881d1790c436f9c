"""Telethon's connection, with what it lacks for a program that runs for months."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telethon import TelegramClient
from telethon.network import MTProtoSender
from telethon.tl import functions


class PreviewEdit(functions.messages.EditMessageRequest):
    """An edit that is worth nothing once its connection has ended: it is not sent again over the next one."""


class _Sender(MTProtoSender):
    """Telethon repeats after a reconnect whatever has no answer yet, be it still wanted or not."""

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


class Client(TelegramClient):
    """Telethon leaves catching up after a reconnect to its users, and tells nobody of one."""

    def __init__(self, *args: Any, on_reconnect: Callable[[], None] | None = None, **options: Any) -> None:
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

    async def _handle_auto_reconnect(self) -> None:
        await self.catch_up()
        if self._on_reconnect is not None:
            self._on_reconnect()
