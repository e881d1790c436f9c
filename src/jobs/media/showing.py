"""What the model is shown of a file at once: pictures, and what is short enough to be read."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jobs.core.messages import Document, Image, InboundMessage
from jobs.media import pictures

_LARGEST_PDF = 3 * 1024 * 1024
_LARGEST_TEXT = 64 * 1024
_PLAIN = frozenset("\t\n\r\f")
_PICTURES = frozenset({"photo", "sticker", "document"})


class Showing:
    """Implements `core.ports.ShowFile`."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._one_at_a_time = asyncio.Lock()  # an album of ten, each 100 MB while it is decoded

    async def __call__(self, message: InboundMessage) -> Image | Document | None:
        """See the port."""
        if message.taken is None or not message.taken.path or message.attachment not in _PICTURES:
            return None
        path = self._workspace / message.taken.path
        async with self._one_at_a_time:
            return await asyncio.to_thread(_shown, path, is_photo=message.attachment == "photo")


def _shown(path: Path, *, is_photo: bool) -> Image | Document | None:
    if is_photo or path.suffix in pictures.SUFFIXES:
        return pictures.for_model(path)
    try:
        size = path.stat().st_size
        if path.suffix == ".pdf":
            return _pdf(path.read_bytes()) if size <= _LARGEST_PDF else None
        return _text(path.read_bytes()) if 0 < size <= _LARGEST_TEXT else None
    except OSError:  # deleted meanwhile
        return None


def _pdf(data: bytes) -> Document | None:
    """The API refuses the whole message for a PDF that is broken or locked."""
    whole = data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:]
    return Document(media_type="application/pdf", data=data) if whole and b"/Encrypt" not in data else None


def _text(data: bytes) -> Document | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if not text.strip() or not all(sign.isprintable() or sign in _PLAIN or ord(sign) > 0x9F for sign in text):
        return None
    return Document(media_type="text/plain", data=text.encode())
