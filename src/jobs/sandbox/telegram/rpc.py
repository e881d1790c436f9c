"""Where the wire and the world meet: a call comes in, an object or an RpcError goes out, updates are pushed."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Protocol

from telethon.tl.tlobject import TLObject, TLRequest


class RpcError(Exception):
    """An error answer as Telegram words it, e.g. `RpcError(420, "FLOOD_WAIT_30")`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


class Link(Protocol):
    """One authorisation (auth key) as the world sees it; it outlives the TCP connections that carry it."""

    auth_key_id: int
    user_id: int | None
    """The account signed in under this key, if any. The world sets it; the wire keeps it."""

    def push(self, update: TLObject) -> None:
        """Send an update to every live connection of this key (nothing is kept when there is none)."""
        ...

    def close(self) -> None:
        """Drop the live connections of this key."""
        ...


@dataclass(slots=True)
class Call:
    """One request, taken out of invokeWithLayer, initConnection and their like."""

    request: TLRequest
    link: Link
    without_updates: bool = False
    client: dict[str, str] = field(default_factory=dict)
    """What initConnection told: device_model, app_version, lang_code…"""


class RpcHandler(Protocol):
    """The world, seen from the wire. Raises RpcError to refuse."""

    def __call__(self, call: Call) -> Awaitable[TLObject | list[TLObject] | bool]: ...
