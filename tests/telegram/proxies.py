"""Real proxies on loopback, just large enough for one kind of client: SOCKS5 with a password, and HTTP CONNECT."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Open = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[tuple[str, int]]]


@dataclass
class Proxy:
    """Where it listens, and whom it was asked for."""

    port: int = 0
    asked_for: list[tuple[str, int]] = field(default_factory=list)


async def open_socks5(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """The handshake of RFC 1928 and 1929 for user `me`, password `secret`."""
    _, count = await reader.readexactly(2)
    assert 2 in await reader.readexactly(count), "the client offers no password"
    writer.write(b"\x05\x02")
    _, length = await reader.readexactly(2)
    user = await reader.readexactly(length)
    password = await reader.readexactly((await reader.readexactly(1))[0])
    assert (user, password) == (b"me", b"secret")
    writer.write(b"\x01\x00")
    assert (await reader.readexactly(4)) == b"\x05\x01\x00\x01", "not a CONNECT to an IPv4 address"
    host, port = socket.inet_ntoa(await reader.readexactly(4)), int.from_bytes(await reader.readexactly(2), "big")
    writer.write(b"\x05\x00\x00\x01" + bytes(6))
    return host, port


async def open_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """The CONNECT method."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    method, target, _ = head.split(maxsplit=2)
    assert method == "CONNECT"
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    host, _, port = target.rpartition(":")
    return host, int(port)


@asynccontextmanager
async def proxy(opening: Open) -> AsyncGenerator[Proxy]:
    """A proxy that speaks `opening`, then passes bytes both ways."""
    state = Proxy()
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = await opening(reader, writer)
        state.asked_for.append(target)
        far_reader, far_writer = await asyncio.open_connection(*target)
        await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    state.port = server.sockets[0].getsockname()[1]
    try:
        async with server:
            yield state
    finally:
        await asyncio.gather(*serving)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
