"""What hangs on a message: its kind, what it says of itself, and the way to its file."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from math import isfinite
from typing import Any

from telethon.tl import types

from jobs.core.errors import MessageGone, NoAnswer, RetryLater
from jobs.core.messages import FILES, AttachmentKind, Carried
from jobs.core.ports import REDACTED, parse_secret_command
from jobs.telegram.client import Telegram, translated

_PIECE = 512 * 1024
_STILL_SECONDS = 20.0
"""A download that brings nothing for so long is given up: the conversation waits for it."""
_TRIES = 4
"""In a row that bring nothing."""
_LONGEST_PAUSE = 30.0
_LONGEST_LINE = 500
_MIME_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,80}", re.ASCII)
_KINDS: tuple[AttachmentKind, ...] = (
    "photo", "voice", "video_note", "sticker", "video", "audio", "contact", "poll", "dice", "document",
)  # fmt: skip
_WORDS: dict[AttachmentKind, str] = {
    "photo": "a photo", "voice": "a voice message", "video_note": "a video message", "video": "a video",
    "audio": "an audio file", "sticker": "a sticker", "animation": "an animation", "document": "a file",
    "contact": "a contact", "location": "a location", "poll": "a poll", "dice": "a throw of dice",
    "story": "a story", "other": "something that this program does not know",
}  # fmt: skip


def attachment_of(message: Any) -> AttachmentKind | None:
    """What hangs on a Telethon message."""
    media = message.media
    if media is None or isinstance(media, types.MessageMediaWebPage | types.MessageMediaEmpty):
        return None
    if isinstance(media, types.MessageMediaStory):
        return "story"
    if getattr(message, "gif", None):
        return "animation"
    for kind in _KINDS:
        if getattr(message, kind, None):
            return kind
    return "location" if getattr(message, "geo", None) else "other"


def carried_by(message: Any) -> Carried | None:
    """The same with all that Telegram tells of it."""
    kind = attachment_of(message)
    if kind is None:
        return None
    if kind in FILES:
        return _file(kind, message)
    describe = {"contact": _contact, "location": _location, "poll": _poll, "dice": _dice, "story": _story}.get(kind)
    words, told = describe(message.media) if describe is not None else (_WORDS[kind], ())
    return Carried(words=words, told=_lines(told))


def said_in(message: Any) -> str:
    """All that whoever is shown a message can read in it: its text, links behind words, cards, polls, file names.

    A `/secret` of the owner's without its value.
    """
    text = message.message or ""
    if parse_secret_command(text) is not None:
        return REDACTED
    links = [one.url for one in message.entities or () if isinstance(one, types.MessageEntityTextUrl)]
    carried = carried_by(message)
    return "\n".join(filter(None, (text, *links, carried.told if carried is not None else "")))


async def pieces(telegram: Telegram, chat_id: int, message_id: int) -> AsyncGenerator[bytes]:
    """The file of a message, half a megabyte at a time. Raises TelegramError: MessageGone when it is not there."""
    position, in_vain = 0, 0
    while True:
        try:
            with translated():
                message: Any = await telegram.message(chat_id, message_id)
            media = message.media if message is not None else None
            if not isinstance(media, types.MessageMediaPhoto | types.MessageMediaDocument):
                raise MessageGone("The message has no file any more.")
            async for piece in _from(telegram, media, position):
                position, in_vain = position + len(piece), 0
                yield piece
            return
        except RetryLater as error:
            in_vain += 1
            if in_vain == _TRIES or error.after > _LONGEST_PAUSE:
                raise
            await asyncio.sleep(error.after)


async def _from(telegram: Telegram, media: Any, position: int) -> AsyncGenerator[bytes]:
    client: Any = telegram.client
    download = client.iter_download(media, offset=position, request_size=_PIECE)
    try:
        while True:
            try:
                with translated():
                    async with asyncio.timeout(_STILL_SECONDS):
                        piece = await anext(download)
            except StopAsyncIteration:
                return
            except NoAnswer as error:
                if isinstance(error.__cause__, TimeoutError):
                    raise MessageGone("Telegram brings nothing more of the file.") from error
                raise
            yield bytes(piece)
    finally:
        await download.close()


def _file(kind: AttachmentKind, message: Any) -> Carried:
    media, attributes = message.media, _attributes(message)
    seconds = _whole(getattr(attributes.get("length"), "duration", None), most=10**6)
    words, told = _WORDS[kind], []
    if kind == "sticker" and (emoji := str(getattr(attributes.get("sticker"), "alt", None) or "")):
        told.append(f"emoji: {emoji}")
    name = str(getattr(attributes.get("name"), "file_name", None) or "") if kind not in ("voice", "sticker") else ""
    if name:
        told.append(f"file name: {name}")
    sound = attributes.get("length")
    if kind == "audio":
        told += [f"{part}: {said}" for part in ("title", "performer") if (said := getattr(sound, part, None))]
    document = getattr(media, "document", None)
    mime_type = "image/jpeg" if kind == "photo" else str(getattr(document, "mime_type", None) or "")
    mime_type = mime_type.lower() if _MIME_TYPE.fullmatch(mime_type) else "application/octet-stream"
    if seconds:
        words += f", {seconds // 60}:{seconds % 60:02}"
    if getattr(media, "ttl_seconds", None):
        words += ", which disappears from the chat by itself"
    source: Any = media.photo if kind == "photo" else document
    return Carried(
        words=words,
        told=_lines(told),
        file_id=int(getattr(source, "id", 0)),
        name=name[:255],
        mime_type=mime_type,
        size=_whole(getattr(document, "size", None), most=2**50),
        seconds=seconds,
    )


def _whole(value: Any, *, most: int) -> int:
    """A number that somebody has named, as one that can be worked with."""
    return int(max(0, min(value, most))) if value and isfinite(value) else 0


def _attributes(message: Any) -> dict[str, Any]:
    document = getattr(message.media, "document", None)
    names: dict[type[Any], str] = {
        types.DocumentAttributeFilename: "name",
        types.DocumentAttributeAudio: "length",
        types.DocumentAttributeVideo: "length",
        types.DocumentAttributeSticker: "sticker",
    }
    return {names[type(each)]: each for each in getattr(document, "attributes", None) or () if type(each) in names}


def _contact(media: Any) -> tuple[str, list[str]]:
    name = " ".join(filter(None, (media.first_name, media.last_name)))
    known = f"Telegram id: {media.user_id}" if media.user_id else ""
    return _WORDS["contact"], [f"name: {name}", f"phone: {media.phone_number}", known]


def _location(media: Any) -> tuple[str, list[str]]:
    point = media.geo
    if not isinstance(point, types.GeoPoint):
        return "a location that Telegram does not tell", []
    words = f"a location (latitude {point.lat:.8g}, longitude {point.long:.8g}"
    if point.accuracy_radius:
        words += f", within {point.accuracy_radius} m"
    if isinstance(media, types.MessageMediaGeoLive):
        words += "; shared live: this is where they were when they sent it"
    venue = [f"place: {media.title}", f"address: {media.address}"] if isinstance(media, types.MessageMediaVenue) else []
    return f"{words})", venue


def _poll(media: Any) -> tuple[str, list[str]]:
    poll = media.poll
    kind = "a quiz" if poll.quiz else "a poll"
    closed = ", closed" if poll.closed else ""
    answers = [f"answer: {_text(answer.text)}" for answer in poll.answers]
    return f"{kind} with {len(answers)} answers{closed}", [f"question: {_text(poll.question)}", *answers]


def _dice(media: Any) -> tuple[str, list[str]]:
    return f"a throw of Telegram's dice that shows {int(media.value)}", [f"emoji: {media.emoticon}"]


def _story(media: Any) -> tuple[str, list[str]]:
    caption = getattr(media.story, "caption", None)
    return "a story of somebody, forwarded; it cannot be opened from here", [f"caption: {caption}" if caption else ""]


def _text(text: Any) -> str:
    """Polls have had plain texts once, and formatted ones since."""
    return str(getattr(text, "text", text))


def _lines(told: Any) -> str:
    return "\n".join(" ".join(line.split())[:_LONGEST_LINE] for line in told if line)
