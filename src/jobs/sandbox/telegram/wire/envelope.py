"""One encrypted MTProto 2.0 packet, opened or sealed with an auth key as the server does it."""

from __future__ import annotations

import os
import struct
import time
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha1, sha256

from telethon.crypto import AES

_HEADER = struct.Struct("<qqqii")
_KEY_ID = struct.Struct("<Q")


class BrokenPacketError(Exception):
    """A packet that no honest client sends; the connection that brought it is not worth keeping."""


class Residue(IntEnum):
    """What a server's message id is modulo 4 tells whether it answers something."""

    ANSWER = 1
    PUSHED = 3


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was inside a packet."""

    salt: int
    session_id: int
    msg_id: int
    seq_no: int
    body: bytes


def key_id_of(auth_key: bytes) -> int:
    """The number that names an auth key on the wire (unsigned, 64 bits)."""
    return _KEY_ID.unpack(sha1(auth_key, usedforsecurity=False).digest()[-8:])[0]


def packet_key_id(packet: bytes) -> int:
    """The auth key a packet is sealed with; 0 for a plain one. Raises BrokenPacketError for a stub."""
    if len(packet) < 8:
        raise BrokenPacketError(f"a packet of {len(packet)} bytes")
    return _KEY_ID.unpack_from(packet)[0]


def open_packet(auth_key: bytes, packet: bytes) -> Envelope:
    """Decrypt what a client sent. Raises BrokenPacketError when it was not sealed with this key."""
    msg_key, sealed = packet[8:24], packet[24:]
    if len(sealed) < _HEADER.size or len(sealed) % 16:
        raise BrokenPacketError(f"{len(sealed)} bytes are no AES blocks")
    plain = AES.decrypt_ige(sealed, *_cipher(auth_key, msg_key, 0))
    if sha256(auth_key[88:120] + plain).digest()[8:24] != msg_key:
        raise BrokenPacketError("msg_key does not match")
    salt, session_id, msg_id, seq_no, length = _HEADER.unpack_from(plain)
    padding = len(plain) - _HEADER.size - length
    if length < 0 or not 12 <= padding <= 1024:
        raise BrokenPacketError(f"{padding} bytes of padding")
    return Envelope(salt, session_id, msg_id, seq_no, plain[_HEADER.size : _HEADER.size + length])


def seal_packet(auth_key: bytes, key_id: int, envelope: Envelope) -> bytes:
    """Encrypt a message of the server."""
    body = envelope.body
    header = _HEADER.pack(envelope.salt, envelope.session_id, envelope.msg_id, envelope.seq_no, len(body))
    plain = header + body + os.urandom(-(len(header) + len(body) + 12) % 16 + 12)
    msg_key = sha256(auth_key[96:128] + plain).digest()[8:24]
    sealed = AES.encrypt_ige(plain, *_cipher(auth_key, msg_key, 8))
    return _KEY_ID.pack(key_id) + msg_key + sealed


def _cipher(auth_key: bytes, msg_key: bytes, offset: int) -> tuple[bytes, bytes]:
    """AES key and vector: offset 0 for what the client sends, 8 for what the server sends."""
    a = sha256(msg_key + auth_key[offset : offset + 36]).digest()
    b = sha256(auth_key[offset + 40 : offset + 76] + msg_key).digest()
    return a[:8] + b[8:24] + a[24:], b[:8] + a[8:24] + b[24:]


class MessageIds:
    """Message ids of the server: near the present, always growing."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, residue: Residue) -> int:
        """The id of a message that is sent now."""
        now = int(time.time() * 2**32) & ~3
        self._last = max(now, (self._last & ~3) + 4)
        return self._last | residue
