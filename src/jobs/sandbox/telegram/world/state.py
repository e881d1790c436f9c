"""Everything the world knows, and the doors to it that every part shares."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from telethon.tl import types

from jobs.sandbox.patience import PATIENCE
from jobs.sandbox.telegram.rpc import Link, RpcError
from jobs.sandbox.telegram.world.logins import Logins
from jobs.sandbox.telegram.world.model import Channel, Chat, Group, Mailbox, StoredFile, User, is_channel

SERVICE_USER = 777000
DC_ID = 2


@dataclass(slots=True, kw_only=True)
class WorldSettings:
    """How the world behaves where Telegram leaves a choice, or where a test wants the rare case."""

    api_credentials: dict[int, str] | None = None
    """Accepted api_id → api_hash; None accepts any."""
    duplicate_random_id_is_error: bool = True
    """A second send with one random_id: error 500 RANDOM_ID_DUPLICATE, or the first result again."""
    short_updates: bool = False
    """Tell of plain private messages with updateShortMessage, which names no access hash."""
    difference_page: int = 100
    """Events in one answer of getDifference."""
    difference_too_long: int | None = None
    """More missed events than this are answered with differenceTooLong, without the events."""
    channel_difference_too_long: int | None = None
    code_length: int = 5
    login_token_seconds: int = 30


@dataclass(slots=True, eq=False)
class Device:
    """One signed-in link of an account, as the list of active sessions shows it."""

    link: Link
    since: int
    client: dict[str, str]


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody was seen typing (or uploading, or stopping)."""

    user: int
    peer: int
    action: types.TypeSendMessageAction
    date: int


class WorldState:
    """The accounts, chats, links and files. Nothing here waits: one call is handled before the next."""

    def __init__(
        self, settings: WorldSettings | None = None, *, seed: int = 0, clock: Callable[[], float] = time.time
    ) -> None:
        self.settings = settings or WorldSettings()
        self.clock = clock
        self.random = Random(seed)
        self.users: dict[int, User] = {}
        self.groups: dict[int, Group] = {}
        self.channels: dict[int, Channel] = {}
        self.files: dict[int, StoredFile] = {}
        self.logins = Logins()
        self.uploads: dict[tuple[int, int], dict[int, bytes]] = {}
        """By account and file id: the parts that have arrived."""
        self.file_reference_age = 0
        """File references handed out before this number last rose have expired."""
        self.typing: list[Typing] = []
        self._seed = seed
        self._next_id = 0
        self._links: dict[int, Link] = {}
        self._devices: dict[int, dict[int, Device]] = {}
        self._waiting: set[asyncio.Future[None]] = set()

    # Time and numbers

    @property
    def now(self) -> int:
        """Unix time in whole seconds."""
        return int(self.clock())

    def date(self, seconds: int | None = None) -> datetime:
        return datetime.fromtimestamp(self.now if seconds is None else seconds, UTC)

    def new_id(self) -> int:
        """A number that nothing else in this world has."""
        self._next_id += 1
        return self._next_id

    def secret(self, *parts: object) -> int:
        """A number that only the server could tell for these parts: access hashes and the like."""
        digest = hashlib.sha256(repr((self._seed, parts)).encode()).digest()
        return int.from_bytes(digest[:8], "little", signed=True)

    # Who is there

    def user(self, user_id: int) -> User:
        if user_id not in self.users:
            raise RpcError(400, "USER_ID_INVALID")
        return self.users[user_id]

    def chat(self, peer: int) -> Chat:
        if is_channel(peer):
            if peer not in self.channels:
                raise RpcError(400, "CHANNEL_INVALID")
            return self.channels[peer]
        if peer not in self.groups:
            raise RpcError(400, "PEER_ID_INVALID")
        return self.groups[peer]

    def box(self, viewer: User, peer: int) -> Mailbox:
        """The mailbox in which an account finds the messages of a chat."""
        return self.channels[peer].mailbox if is_channel(peer) else viewer.mailbox

    # Links

    def meet(self, link: Link, client: dict[str, str]) -> None:
        """Take note of a link that calls, and of the account it arrived with."""
        self._links[link.auth_key_id] = link
        if link.user_id is not None:
            if link.user_id not in self.users:
                raise RpcError(401, "AUTH_KEY_UNREGISTERED")
            device = self._devices.setdefault(link.user_id, {}).get(link.auth_key_id)
            if device is None:
                device = self.sign_in(link, self.users[link.user_id])
            device.client.update(client)

    def sign_in(self, link: Link, user: User) -> Device:
        """Put an account behind a link, as a finished login does."""
        if link.user_id is not None and link.user_id != user.id:
            self.sign_out(link)
        link.user_id = user.id
        self._links[link.auth_key_id] = link
        device = Device(link, self.now, {})
        self._devices.setdefault(user.id, {})[link.auth_key_id] = device
        return device

    def sign_out(self, link: Link) -> None:
        if link.user_id is not None:
            self._devices.get(link.user_id, {}).pop(link.auth_key_id, None)
        link.user_id = None

    def link(self, auth_key_id: int) -> Link | None:
        return self._links.get(auth_key_id)

    def devices(self, user_id: int) -> list[Device]:
        return list(self._devices.get(user_id, {}).values())

    # Waiting

    def changed(self) -> None:
        """Wake everybody who waits for something to happen in the world."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait_for(self, predicate: Callable[[], object], timeout: float = PATIENCE) -> None:
        """Wait until the predicate holds; it is asked again after every change. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not predicate():
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.add(future)
                try:
                    await future
                finally:
                    self._waiting.discard(future)
