"""TL objects to bytes and back: containers, gzip, results, errors."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from telethon.errors import TypeNotFoundError
from telethon.extensions import BinaryReader
from telethon.tl.core import GzipPacked, MessageContainer, RpcResult
from telethon.tl.tlobject import TLObject
from telethon.tl.types import RpcError as RpcErrorType
from telethon.tl.types.upload import File

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.wire.envelope import BrokenPacketError

_INNER = struct.Struct("<qii")
_INT = struct.Struct("<I")
_CONTAINER = _INT.pack(MessageContainer.CONSTRUCTOR_ID)
_GZIP = _INT.pack(GzipPacked.CONSTRUCTOR_ID)
_VECTOR = _INT.pack(0x1CB5C415)
_TRUE = _INT.pack(0x997275B5)
_FALSE = _INT.pack(0xBC799737)
_WORTH_GZIP = 512
# What Telethon's reader and gzip raise for bytes that are not what they claim to be.
_TORN = (struct.error, BufferError, RuntimeError, AssertionError, OSError, EOFError, zlib.error)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of a client; `content` is None when we do not know its constructor."""

    msg_id: int
    seq_no: int
    content: object


def read_object(body: bytes) -> object:
    """The TL object at the beginning of some bytes; None when we do not know its constructor.

    Raises BrokenPacketError.
    """
    try:
        return BinaryReader(body).tgread_object()
    except TypeNotFoundError:
        return None
    except _TORN as error:
        raise BrokenPacketError(f"an object that does not read: {error}") from None


def unpack(msg_id: int, seq_no: int, body: bytes) -> Iterator[Incoming]:
    """The messages of a packet, out of their container and gzip. Raises BrokenPacketError."""
    if body[:4] == _GZIP:
        try:
            unzipped = GzipPacked.read(BinaryReader(body))
        except _TORN as error:
            raise BrokenPacketError(f"gzip that does not unpack: {error}") from None
        yield from unpack(msg_id, seq_no, unzipped)
    elif body[:4] == _CONTAINER:
        try:
            yield from _unpack_container(body)
        except struct.error:
            raise BrokenPacketError("a container that ends too early") from None
    else:
        yield Incoming(msg_id, seq_no, read_object(body))


def _unpack_container(body: bytes) -> Iterator[Incoming]:
    (count,) = _INT.unpack_from(body, 4)
    at = 8
    for _ in range(count):
        msg_id, seq_no, length = _INNER.unpack_from(body, at)
        at += _INNER.size
        yield from unpack(msg_id, seq_no, body[at : at + length])
        at += length


def pack_container(messages: list[tuple[int, int, bytes]]) -> bytes:
    """Several messages (id, sequence number, body) as one body."""
    inner = b"".join(_INNER.pack(msg_id, seq_no, len(body)) + body for msg_id, seq_no, body in messages)
    return _CONTAINER + _INT.pack(len(messages)) + inner


def compressed(body: bytes) -> bytes:
    """Gzip a body where that makes it smaller."""
    if len(body) <= _WORTH_GZIP:
        return body
    packed = _GZIP + TLObject.serialize_bytes(gzip.compress(body, compresslevel=1, mtime=0))
    return min(packed, body, key=len)


def result_body(msg_id: int, result: TLObject | list[TLObject] | bool) -> bytes:
    """The answer to a call."""
    if isinstance(result, bool):
        body = _TRUE if result else _FALSE
    elif isinstance(result, list):
        body = _VECTOR + _INT.pack(len(result)) + b"".join(bytes(item) for item in result)
    else:
        body = bytes(result)
    # A piece of a file is mostly compressed already: trying again costs more than everything else.
    return _answer(msg_id, body if isinstance(result, File) else compressed(body))


def error_body(msg_id: int, error: RpcError) -> bytes:
    """The answer to a call that is refused."""
    return _answer(msg_id, bytes(RpcErrorType(error.code, error.message)))


def _answer(msg_id: int, body: bytes) -> bytes:
    return struct.pack("<Iq", RpcResult.CONSTRUCTOR_ID, msg_id) + body
