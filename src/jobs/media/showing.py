"""What the model is shown of a file at once: pictures, and what is short enough to be read."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from jobs.core.messages import Document, Image, InboundMessage
from jobs.media import pictures

_LARGEST_PDF = 1024 * 1024
_MOST_PAGES = 20
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
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
    """The API refuses the whole message for a PDF that is broken, locked, or of too many pages (100, or 32 MB in all).

    Pages in compressed objects cannot be counted: such a PDF is left to the model's own tools, a few pages at a time.
    """
    whole = data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:] and b"/Encrypt" not in data
    few = b"/ObjStm" not in data and 1 <= len(_PAGE.findall(data)) <= _MOST_PAGES
    return Document(media_type="application/pdf", data=data) if whole and few else None


def _text(data: bytes) -> Document | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if not text.strip() or not all(sign.isprintable() or sign in _PLAIN or ord(sign) > 0x9F for sign in text):
        return None
    return Document(media_type="text/plain", data=text.encode())
