"""How packets lie in a TCP stream: the transports that Telethon offers, told apart by their first bytes.

Its HTTP transport is left out: Telethon 1.45 rejects every response (it compares a byte with a string).
"""

from __future__ import annotations

import asyncio
import os
import random
import struct
from abc import ABC, abstractmethod
from hashlib import sha256
from typing import Protocol
from zlib import crc32

from telethon.crypto import AESModeCTR

from jobs.sandbox.telegram.wire.envelope import BrokenPacketError

_MAX_PACKET = 4 * 1024 * 1024


class ByteReader(Protocol):
    """What a codec reads from: the socket itself or a deciphered view of it."""

    async def readexactly(self, n: int, /) -> bytes: ...


class Codec(ABC):
    """Frames packets. `read` raises IncompleteReadError at the end and BrokenPacketError for nonsense."""

    @abstractmethod
    def frame(self, packet: bytes) -> bytes: ...

    @abstractmethod
    async def read(self, reader: ByteReader) -> bytes: ...


def _checked(length: int) -> int:
    if not 0 < length <= _MAX_PACKET:
        raise BrokenPacketError(f"a packet of {length} bytes")
    return length


class Full(Codec):
    """Length, sequence number, packet, checksum."""

    def __init__(self) -> None:
        self._sent = 0

    def frame(self, packet: bytes) -> bytes:
        framed = struct.pack("<ii", len(packet) + 12, self._sent) + packet
        self._sent += 1
        return framed + struct.pack("<I", crc32(framed))

    async def read(self, reader: ByteReader) -> bytes:
        head = await reader.readexactly(8)
        length = _checked(struct.unpack("<ii", head)[0] - 12)
        rest = await reader.readexactly(length + 4)
        packet, checksum = rest[:-4], rest[-4:]
        if struct.pack("<I", crc32(head + packet)) != checksum:
            raise BrokenPacketError("wrong checksum")
        return packet


class Abridged(Codec):
    """One byte of length, counted in words."""

    def frame(self, packet: bytes) -> bytes:
        words = len(packet) >> 2
        return (bytes([words]) if words < 127 else b"\x7f" + words.to_bytes(3, "little")) + packet

    async def read(self, reader: ByteReader) -> bytes:
        words = (await reader.readexactly(1))[0]
        if words >= 127:
            words = int.from_bytes(await reader.readexactly(3), "little")
        return await reader.readexactly(_checked(words << 2))


class Intermediate(Codec):
    """Four bytes of length."""

    def frame(self, packet: bytes) -> bytes:
        return struct.pack("<i", len(packet)) + packet

    async def read(self, reader: ByteReader) -> bytes:
        return await reader.readexactly(_checked(struct.unpack("<i", await reader.readexactly(4))[0]))


class Randomized(Intermediate):
    """Intermediate with up to three bytes of noise after each packet."""

    def frame(self, packet: bytes) -> bytes:
        return super().frame(packet + os.urandom(random.randint(0, 3)))

    async def read(self, reader: ByteReader) -> bytes:
        packet = await super().read(reader)
        return packet[: len(packet) & ~3]


class Rewound:
    """A stream whose first bytes, already looked at, are read again."""

    def __init__(self, seen: bytes, reader: asyncio.StreamReader) -> None:
        self._seen = seen
        self._reader = reader

    async def readexactly(self, n: int, /) -> bytes:
        if not self._seen:
            return await self._reader.readexactly(n)
        taken, self._seen = self._seen[:n], self._seen[n:]
        return taken + await self._reader.readexactly(n - len(taken)) if len(taken) < n else taken


class Obfuscation:
    """The AES-CTR disguise of "obfuscated2", with a secret when we play an MTProxy."""

    def __init__(self, header: bytes, secret: bytes = b"") -> None:
        def key(of: bytes) -> bytes:
            return sha256(of + secret).digest() if secret else of

        backwards = header[55:7:-1]
        self._incoming = AESModeCTR(key(header[8:40]), header[40:56])
        self._outgoing = AESModeCTR(key(backwards[:32]), backwards[32:48])
        self.tag: bytes = self._incoming.decrypt(header)[56:60]

    def reader(self, reader: asyncio.StreamReader) -> ByteReader:
        """What `reader` yields, deciphered."""
        return _Deciphered(self._incoming, reader)

    def hide(self, framed: bytes) -> bytes:
        """Encipher what goes out."""
        return self._outgoing.encrypt(framed)


class _Deciphered:
    def __init__(self, cipher: AESModeCTR, reader: asyncio.StreamReader) -> None:
        self._cipher = cipher
        self._reader = reader

    async def readexactly(self, n: int, /) -> bytes:
        return self._cipher.decrypt(await self._reader.readexactly(n))


class Transport:
    """Packets in, packets out, over one socket."""

    def __init__(self, codec: Codec, reader: ByteReader, hidden: Obfuscation | None = None) -> None:
        self.codec = codec
        self._reader = reader
        self._hidden = hidden

    async def read(self) -> bytes:
        """The next packet."""
        return await self.codec.read(self._reader)

    def frame(self, packet: bytes) -> bytes:
        """The bytes that carry a packet."""
        framed = self.codec.frame(packet)
        return self._hidden.hide(framed) if self._hidden else framed


_HIDDEN_CODECS: dict[bytes, type[Codec]] = {
    b"\xef" * 4: Abridged,
    b"\xee" * 4: Intermediate,
    b"\xdd" * 4: Randomized,
}


async def detect(reader: asyncio.StreamReader, proxy_secret: bytes | None) -> Transport:
    """Tell the transport by the first bytes. Raises BrokenPacketError when none fits."""
    first = await reader.readexactly(1)
    if first == b"\xef":
        return Transport(Abridged(), reader)
    first += await reader.readexactly(3)
    if first == b"\xee" * 4:
        return Transport(Intermediate(), reader)
    if first == b"\xdd" * 4:
        return Transport(Randomized(), reader)
    first += await reader.readexactly(4)
    if first[4:] == bytes(4):
        return Transport(Full(), Rewound(first, reader))
    header = first + await reader.readexactly(56)
    for secret in (b"", proxy_secret):
        if secret is not None and (codec := _HIDDEN_CODECS.get((hidden := Obfuscation(header, secret)).tag)):
            return Transport(codec(), hidden.reader(reader), hidden)
    raise BrokenPacketError("no transport begins like this")
