"""Small files that look like what they are."""

from __future__ import annotations

import io
import struct
import zlib


def named(data: bytes, name: str) -> io.BytesIO:
    """Data as a client takes it for a file: by its name it knows the kind."""
    file = io.BytesIO(data)
    file.name = name
    return file


def png(width: int, height: int) -> bytes:
    """A real PNG, black."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\0" + b"\0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    """The headers of a JPEG, with an EXIF block before the size as cameras write it."""
    tables = b"\xff\xc4" + struct.pack(">H", 2 + 7) + b"\x11" * 7  # a marker of the same family as the size's
    exif = b"\xff\xe1" + struct.pack(">H", 2 + 20) + b"Exif\0\0" + b"\xff\xc0" * 7
    size = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + exif + tables + size + b"\xff\xd9"
