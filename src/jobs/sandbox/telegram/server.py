"""A Telegram server on loopback that an unmodified `TelegramClient` connects to."""

from __future__ import annotations

import asyncio
import random
import secrets
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import rsa
from telethon.tl.tlobject import TLObject

from jobs.sandbox.telegram.calls import CallLog
from jobs.sandbox.telegram.faults import FaultPlan
from jobs.sandbox.telegram.rpc import Link, RpcHandler
from jobs.sandbox.telegram.wire.builtin import BuiltIns
from jobs.sandbox.telegram.wire.connection import Connection
from jobs.sandbox.telegram.wire.dispatch import Dispatcher
from jobs.sandbox.telegram.wire.handshake import public_pem, sandbox_rsa_key
from jobs.sandbox.telegram.wire.inbound import Inbound
from jobs.sandbox.telegram.wire.links import AuthLink, Keyring, write_session_file
from jobs.sandbox.telegram.wire.tasks import TaskSet

_STREAM_LIMIT = 1 << 20


@dataclass(slots=True)
class RandomDrops:
    """What `TelegramServer.random_drops` has done so far."""

    count: int = 0


class TelegramServer:
    """Speaks MTProto; what calls mean is the handler's business. An async context manager.

    With `port=0` it takes a free port. `keys` are auth keys that `export_keys` of an earlier server gave: with
    the same port their clients come back as if nothing had happened.
    """

    def __init__(
        self,
        handler: RpcHandler,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rsa_key: rsa.PrivateKey | None = None,
        keys: Mapping[str, int | None] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.faults = FaultPlan()
        self.calls = CallLog()
        self._rsa_key = rsa_key or sandbox_rsa_key()
        self._proxy_secret = secrets.token_bytes(16)
        self._tasks = TaskSet()
        self._keyring = Keyring(faults=self.faults, tasks=self._tasks)
        self._keyring.load(keys or {})
        self._built_ins = BuiltIns()
        dispatcher = Dispatcher(handler, self._built_ins.answer, self.calls, self.faults)
        self._inbound = Inbound(self._keyring, dispatcher, self._tasks)
        self._connections: dict[Connection, None] = {}
        self._reservation: socket.socket | None = None
        self._listener: asyncio.Server | None = None

    async def __aenter__(self) -> TelegramServer:
        self._reservation = self._bind()
        self.port = self._reservation.getsockname()[1]
        self._built_ins.address = self.address
        await self.resume()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.pause()
        await self._tasks.cancel()
        if self._reservation is not None:
            self._reservation.close()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to connect to."""
        return self.host, self.port

    @property
    def public_key_pem(self) -> str:
        """What a client must know for the key exchange: `telethon.crypto.rsa.add_key(pem, old=False)`."""
        return public_pem(self._rsa_key)

    @property
    def proxy(self) -> tuple[str, int, str]:
        """Host, port and secret for Telethon's MTProxy transports: the server is its own proxy."""
        return self.host, self.port, self._proxy_secret.hex()

    def create_auth_key(self, user_id: int | None = None) -> AuthLink:
        """A key that needs no exchange, signed in as `user_id`."""
        return self._keyring.create(user_id)

    def create_session_file(self, path: Path, user_id: int | None = None) -> Link:
        """Write a Telethon session file (path ends in ".session") that is signed in as `user_id`."""
        link = self.create_auth_key(user_id)
        write_session_file(str(path), link, *self.address)
        return link

    def export_keys(self) -> dict[str, int | None]:
        """Every auth key in hex and its account, for a later server's `keys`."""
        return self._keyring.export()

    def forget_key(self, link: Link) -> None:
        """Disown an auth key: its clients are dropped, and told −404 when they come back."""
        known = self._keyring.get(link.auth_key_id)
        if known is not None:
            self._keyring.remove(known)
            known.close()

    def links(self, user_id: int) -> list[Link]:
        """The keys signed in as this account, connected or not."""
        return [link for link in self._keyring if link.user_id == user_id]

    def push(self, user_id: int, update: TLObject, *, except_link: Link | None = None) -> None:
        """Send an update to every live connection of an account, but not to `except_link`."""
        for link in self.links(user_id):
            if link is not except_link:
                link.push(update)

    def drop_connections(self, user_id: int | None = None) -> int:
        """Drop every connection, or those of one account, at once. Returns how many."""
        wanted = None if user_id is None else {link.auth_key_id for link in self.links(user_id)}
        doomed = [c for c in self._connections if wanted is None or c.key_ids & wanted]
        for connection in doomed:
            connection.abort()
        return len(doomed)

    @asynccontextmanager
    async def random_drops(self, *, every: float, seed: int | None = None) -> AsyncGenerator[RandomDrops]:
        """Drop one connection or another, every so many seconds on average, while the block runs."""
        drops = RandomDrops()
        task = self._tasks.spawn(self._keep_dropping(drops, every, random.Random(seed)))
        try:
            yield drops
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def pause(self) -> None:
        """Drop every connection and refuse new ones until `resume`; the port stays ours."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
            self.drop_connections()
            await listener.wait_closed()

    async def resume(self) -> None:
        """Accept connections (again)."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._accept, sock=self._bind(), limit=_STREAM_LIMIT)

    async def _keep_dropping(self, drops: RandomDrops, every: float, rng: random.Random) -> None:
        while True:
            await asyncio.sleep(rng.expovariate(1 / every))
            if self._connections:
                rng.choice(list(self._connections)).abort()
                drops.count += 1

    def _bind(self) -> socket.socket:
        # A second socket, bound but not listening, keeps the port ours while nothing listens on it.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((self.host, self.port))
        return sock

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._listener is None:  # it had come in just before the pause
            writer.transport.abort()
            return
        connection = Connection(
            reader,
            writer,
            keyring=self._keyring,
            inbound=self._inbound,
            rsa_key=self._rsa_key,
            proxy_secret=self._proxy_secret,
        )
        self._connections[connection] = None
        self._tasks.spawn(self._serve(connection))

    async def _serve(self, connection: Connection) -> None:
        try:
            await connection.serve()
        finally:
            self._connections.pop(connection, None)
