"""The folder of what people send: safe names, nothing that can be run, and no more of it than there is room for."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jobs.core.errors import JobsError
from jobs.core.messages import InboundMessage, Trouble

MB = 1024 * 1024
LARGEST = 50 * MB
"""Bytes of one file."""
PEOPLE = "people"
_KEPT_FREE = 200 * MB
"""The disk is the database's, too."""
_STEP = 4 * MB
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST_STEM = 80
_PART = ".part"
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")
_SUFFIXES = {"audio/ogg": ".ogg", "application/ogg": ".ogg", "image/jpeg": ".jpg", "image/webp": ".webp"}
"""Where the machine's own table says nothing, or what the transcription would not take."""


class NotTaken(JobsError):
    """A file was not taken in."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble: Trouble = trouble


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that was taken in; `name` is its path from the workspace, `size` in bytes."""

    path: Path
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class _Bound:
    """How many bytes a folder may hold, with all below it."""

    folder: Path
    most: int


class Uploads:
    """Below `workspace`/uploads: a folder for each kind, and one for each person who is not the owner."""

    def __init__(self, workspace: Path, quota: int) -> None:
        self._workspace = workspace
        self._root = workspace / "uploads"
        self._quota = quota
        self._counting = asyncio.Lock()
        self._reserved: dict[Path, int] = {}
        """What is being written right now, by its path: bytes that count as taken."""

    async def tidy(self) -> None:
        """Remove what an earlier run had begun to write."""

        def remove() -> None:
            for path in self._root.rglob(f".*{_PART}"):
                path.unlink(missing_ok=True)

        await asyncio.to_thread(remove)

    async def save(self, message: InboundMessage, pieces: AsyncIterator[bytes], *, of_owner: bool) -> Saved:
        """Write the file of a message. Raises NotTaken, and what `pieces` raises; nothing is left behind then."""
        folder = self._folder(message, of_owner=of_owner)
        path = folder / _name(message, of_owner=of_owner)
        said = message.carried.size if message.carried is not None else 0
        if said > LARGEST:
            raise NotTaken("too_large")
        part = folder / f".{path.name}{_PART}"
        try:
            bounds = self._bounds(message, of_owner=of_owner)
            await self._reserve(part, max(said, 1), said or _STEP, bounds)
            size = await self._write(part, pieces, bounds)
            async with self._counting:  # or it would be counted twice for a moment
                await asyncio.to_thread(part.replace, path)
                self._reserved.pop(part)
        except OSError as error:
            raise NotTaken("disk") from error
        finally:
            self._reserved.pop(part, None)
            await asyncio.shield(asyncio.to_thread(_remove, part))
        return Saved(path, path.relative_to(self._workspace).as_posix(), size)

    async def _write(self, part: Path, pieces: AsyncIterator[bytes], bounds: tuple[_Bound, ...]) -> int:
        size = 0
        await asyncio.to_thread(part.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        await asyncio.to_thread(_remove, part)
        with os.fdopen(os.open(part, _NEW, 0o600), "wb", buffering=0) as file:
            async for piece in pieces:
                size += len(piece)
                if size > LARGEST:
                    raise NotTaken("too_large")
                if size > self._reserved[part]:  # Telegram said less, or nothing
                    await self._reserve(part, size, size + _STEP, bounds)
                await asyncio.to_thread(file.write, piece)
        return size

    async def _reserve(self, part: Path, least: int, wish: int, bounds: tuple[_Bound, ...]) -> None:
        """Have so many bytes to write, at least `least` in all."""
        async with self._counting:
            free, held = await asyncio.to_thread(self._look, part, bounds)
            others = {path: count for path, count in self._reserved.items() if path != part}
            if free < least + _KEPT_FREE + sum(others.values()):
                raise NotTaken("disk")
            room = wish
            for bound, count in zip(bounds, held, strict=True):
                waiting = sum(size for path, size in others.items() if path.is_relative_to(bound.folder))
                room = min(room, bound.most - count - waiting)
            if room < least:
                raise NotTaken("no_room")
            self._reserved[part] = room

    def _look(self, part: Path, bounds: tuple[_Bound, ...]) -> tuple[int, list[int]]:
        part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(part.parent).free, [_weight(bound.folder) for bound in bounds]

    def _folder(self, message: InboundMessage, *, of_owner: bool) -> Path:
        if of_owner:
            return self._root / (message.attachment or "other")
        return self._root / PEOPLE / str(message.chat_id)

    def _bounds(self, message: InboundMessage, *, of_owner: bool) -> tuple[_Bound, ...]:
        """Other people have half of the room at most, and each of them a tenth: the owner's files find some, too."""
        whole = _Bound(self._root, self._quota)
        if of_owner:
            return (whole,)
        people = self._root / PEOPLE
        theirs = _Bound(self._folder(message, of_owner=False), self._quota // 10)
        return whole, _Bound(people, self._quota // 2), theirs


def _name(message: InboundMessage, *, of_owner: bool) -> str:
    """Unique by the message: the same one, taken in again after a kill, gets the same name.

    What other people call their files goes into no path: paths stand outside of fences.
    """
    revision = f"-{message.revision}" if message.revision else ""
    name = message.carried.name if message.carried is not None else ""
    mine = of_owner and message.forwarded is None
    stem = _safe_stem(name) if mine else ""
    number = f"{message.sent_at:%Y-%m-%d}_{message.message_id}{revision}"
    return f"{number}{'_' if stem else ''}{stem}{_suffix(message, name)}"


def _safe_stem(name: str) -> str:
    stem = _SUFFIX.sub("", Path(name.replace("\\", "/").replace("\0", "")).name[-200:])
    safe = re.sub(r"_{2,}", "_", "".join(sign if sign.isalnum() or sign in "-." else "_" for sign in stem))
    return safe.encode("utf-8", "ignore")[:_LONGEST_STEM].decode("utf-8", "ignore").strip("._-")


def _suffix(message: InboundMessage, name: str) -> str:
    written = re.search(r"\.[A-Za-z0-9]{1,10}\Z", name)
    if written is not None and message.attachment not in ("voice", "photo"):
        return written[0].lower()
    kind = message.carried.mime_type if message.carried is not None else ""
    fallback = {"photo": ".jpg", "voice": ".ogg", "video_note": ".mp4"}.get(message.attachment or "", "")
    return _SUFFIXES.get(kind) or mimetypes.guess_extension(kind, strict=False) or fallback


def _weight(folder: Path) -> int:
    """Bytes of all files below a folder, without those that are being written."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += 0 if name.endswith(_PART) else Path(place, name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def _remove(path: Path) -> None:
    with suppress(OSError):  # it was never made, or goes with the next start
        path.unlink(missing_ok=True)
