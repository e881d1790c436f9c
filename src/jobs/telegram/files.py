"""Files as Telegram takes them."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from telethon import TelegramClient, types

from jobs.core.open_folders import shown_name

_PHOTOS = frozenset({".png", ".jpg", ".jpeg", ".webp"})
_LARGEST_PHOTO = 10 * 10**6
"""Bytes; what is larger Telegram takes as a document alone."""


async def as_media(client: TelegramClient, file: Path) -> Any:
    """Upload a file: a picture becomes a photo, anything else a document. Raises OSError."""
    photo = file.suffix.lower() in _PHOTOS and file.stat().st_size <= _LARGEST_PHOTO
    uploaded: Any = await client.upload_file(str(file))
    if photo:
        return types.InputMediaUploadedPhoto(uploaded)
    return types.InputMediaUploadedDocument(
        uploaded,
        mime_type=mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        attributes=[types.DocumentAttributeFilename(shown_name(file))],
        force_file=True,
    )
