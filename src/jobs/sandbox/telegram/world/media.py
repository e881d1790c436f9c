"""Photos and documents: from uploaded parts to media on a message, and back out as TL objects."""

from __future__ import annotations

import hashlib
import struct

from telethon.tl import types

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.world.model import Media, StoredFile, User
from jobs.sandbox.telegram.world.state import DC_ID, WorldState

# The letters of Telegram's photo sizes, each with the longest side it holds.
_SIZES = (("s", 100), ("m", 320), ("x", 800), ("y", 1280), ("w", 2560))
_MAX_SIDES_SUM, _MAX_RATIO = 10_000, 20


# Out


def file_hash(state: WorldState, viewer: User, file: StoredFile) -> int:
    return state.secret("file", viewer.id, file.id)


def file_reference(state: WorldState, file: StoredFile) -> bytes:
    return struct.pack("<Iq", state.file_reference_age, file.id)


def show_photo(state: WorldState, viewer: User, file: StoredFile) -> types.Photo:
    size = types.PhotoSize(file.size_type, file.width, file.height, len(file.data))
    return types.Photo(
        id=file.id,
        access_hash=file_hash(state, viewer, file),
        file_reference=file_reference(state, file),
        date=state.date(file.date),
        sizes=[size],
        dc_id=DC_ID,
    )


def show_document(state: WorldState, viewer: User, file: StoredFile) -> types.Document:
    thumbs: list[types.TypePhotoSize] | None = None
    if file.thumb is not None:
        width, height = image_size(file.thumb) or (0, 0)
        thumbs = [types.PhotoSize("m", width, height, len(file.thumb))]
    return types.Document(
        id=file.id,
        access_hash=file_hash(state, viewer, file),
        file_reference=file_reference(state, file),
        date=state.date(file.date),
        mime_type=file.mime_type,
        size=len(file.data),
        dc_id=DC_ID,
        attributes=file.attributes,
        thumbs=thumbs,
    )


def show_media(state: WorldState, viewer: User, media: Media | None) -> types.TypeMessageMedia | None:
    if media is None or media.file is None:
        return media.other if media else None
    file = media.file
    if file.size_type:
        return types.MessageMediaPhoto(
            spoiler=media.spoiler, photo=show_photo(state, viewer, file), ttl_seconds=media.ttl_seconds
        )
    video = next((a for a in file.attributes if isinstance(a, types.DocumentAttributeVideo)), None)
    return types.MessageMediaDocument(
        spoiler=media.spoiler,
        video=video is not None,
        round=video is not None and bool(video.round_message),
        voice=is_voice(media),
        document=show_document(state, viewer, file),
        ttl_seconds=media.ttl_seconds,
    )


def is_voice(media: Media | None) -> bool:
    attributes = media.file.attributes if media and media.file else []
    return any(isinstance(a, types.DocumentAttributeAudio) and bool(a.voice) for a in attributes)


def is_round(media: Media | None) -> bool:
    attributes = media.file.attributes if media and media.file else []
    return any(isinstance(a, types.DocumentAttributeVideo) and bool(a.round_message) for a in attributes)


# In


def take_media(state: WorldState, viewer: User, given: types.TypeInputMedia) -> Media | None:
    """The media an input media stands for. Raises RpcError where Telegram refuses it."""
    match given:
        case types.InputMediaEmpty():
            return None
        case types.InputMediaUploadedPhoto():
            file = _store_photo(state, take_upload(state, viewer, given.file))
            return Media(file, spoiler=bool(given.spoiler), ttl_seconds=given.ttl_seconds)
        case types.InputMediaUploadedDocument():
            return Media(
                _store_document(state, viewer, given),
                spoiler=bool(given.spoiler),
                ttl_seconds=given.ttl_seconds,
            )
        case types.InputMediaPhoto() | types.InputMediaDocument():
            return Media(_known_file(state, viewer, given.id), spoiler=bool(given.spoiler))
        case types.InputMediaPhotoExternal() | types.InputMediaDocumentExternal():
            raise RpcError(400, "WEBPAGE_CURL_FAILED")  # nothing here leaves the machine
        case _:
            return Media(other=_without_file(state, viewer, given))


def _without_file(state: WorldState, viewer: User, given: types.TypeInputMedia) -> types.TypeMessageMedia:
    match given:
        case types.InputMediaGeoPoint():
            return types.MessageMediaGeo(_geo(state, given.geo_point))
        case types.InputMediaGeoLive():
            return types.MessageMediaGeoLive(_geo(state, given.geo_point), given.period or 900)
        case types.InputMediaVenue():
            where = given.title, given.address, given.provider, given.venue_id, given.venue_type
            return types.MessageMediaVenue(_geo(state, given.geo_point), *where)
        case types.InputMediaContact():
            names = given.phone_number, given.first_name, given.last_name, given.vcard
            return types.MessageMediaContact(*names, user_id=0)
        case _:
            return _of_the_moment(state, viewer, given)


def _of_the_moment(state: WorldState, viewer: User, given: types.TypeInputMedia) -> types.TypeMessageMedia:
    match given:
        case types.InputMediaDice():
            return types.MessageMediaDice(state.new_id() % 6 + 1, given.emoticon)
        case types.InputMediaStory():
            return types.MessageMediaStory(types.PeerUser(viewer.id), given.id)
        case types.InputMediaPoll():
            return types.MessageMediaPoll(_poll(state, given.poll), types.PollResults(results=[]))
        case _:
            raise RpcError(400, "MEDIA_INVALID")


def take_upload(state: WorldState, viewer: User, given: types.TypeInputFile) -> bytes:
    """The bytes of an uploaded file, once all its parts are there."""
    if isinstance(given, types.InputFileStoryDocument):
        raise RpcError(400, "FILE_ID_INVALID")
    parts = state.uploads.get((viewer.id, given.id), {})
    missing = next((index for index in range(given.parts) if index not in parts), None)
    if not given.parts:
        raise RpcError(400, "FILE_PARTS_INVALID")
    if missing is not None:
        raise RpcError(400, f"FILE_PART_{missing}_MISSING")
    data = b"".join(parts[index] for index in range(given.parts))
    if isinstance(given, types.InputFile) and given.md5_checksum:
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if digest != given.md5_checksum:
            raise RpcError(400, "MD5_CHECKSUM_INVALID")
    return data


def _store_photo(state: WorldState, data: bytes) -> StoredFile:
    size = image_size(data)
    if size is None:
        raise RpcError(400, "IMAGE_PROCESS_FAILED")
    width, height = size
    if width + height > _MAX_SIDES_SUM or max(size) > _MAX_RATIO * min(size):
        raise RpcError(400, "PHOTO_INVALID_DIMENSIONS")
    letter = next((name for name, side in _SIZES if max(size) <= side), "w")
    return _keep(state, StoredFile(0, data, state.now, "image/jpeg", width=width, height=height, size_type=letter))


def _store_document(state: WorldState, viewer: User, given: types.InputMediaUploadedDocument) -> StoredFile:
    data = take_upload(state, viewer, given.file)
    attributes = list(given.attributes)
    if given.file.name and not any(isinstance(a, types.DocumentAttributeFilename) for a in attributes):
        attributes.append(types.DocumentAttributeFilename(given.file.name))
    thumb = take_upload(state, viewer, given.thumb) if given.thumb else None
    return _keep(state, StoredFile(0, data, state.now, given.mime_type, attributes, thumb))


def _keep(state: WorldState, file: StoredFile) -> StoredFile:
    file.id = 5_000_000_000_000 + state.new_id()
    state.files[file.id] = file
    return file


def _known_file(state: WorldState, viewer: User, given: types.TypeInputPhoto | types.TypeInputDocument) -> StoredFile:
    if not isinstance(given, types.InputPhoto | types.InputDocument):
        raise RpcError(400, "MEDIA_EMPTY")
    file = state.files.get(given.id)
    if file is None or given.access_hash != file_hash(state, viewer, file):
        raise RpcError(400, "MEDIA_EMPTY")
    check_reference(state, file, given.file_reference)
    return file


def check_reference(state: WorldState, file: StoredFile, reference: bytes) -> None:
    """Refuse a file reference that is not ours, or that has grown old."""
    if reference == file_reference(state, file):
        return
    ours = len(reference) == struct.calcsize("<Iq") and struct.unpack("<Iq", reference)[1] == file.id
    raise RpcError(400, "FILE_REFERENCE_EXPIRED" if ours else "FILE_REFERENCE_INVALID")


def _geo(state: WorldState, given: types.TypeInputGeoPoint) -> types.TypeGeoPoint:
    if not isinstance(given, types.InputGeoPoint):
        return types.GeoPointEmpty()
    return types.GeoPoint(given.long, given.lat, state.new_id(), given.accuracy_radius)


def _poll(state: WorldState, given: types.TypePoll) -> types.Poll:
    """Telegram numbers polls, and takes what to choose from without saying how it is called in votes."""
    if not 1 < len(given.answers) <= 12:
        raise RpcError(400, "POLL_ANSWERS_INVALID")
    answers: list[types.TypePollAnswer] = [
        types.PollAnswer(a.text, bytes([n])) if isinstance(a, types.InputPollAnswer) else a
        for n, a in enumerate(given.answers)
    ]
    return types.Poll(state.new_id(), given.question, answers, 0, closed=given.closed, quiz=given.quiz)


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the header of a PNG or a JPEG; None for anything else."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 24:
        return struct.unpack(">II", data[16:24])
    if data[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        # SOF0…SOF15 carry the size; C4, C8 and CC lie in that range and mean something else.
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        position += 2 + struct.unpack(">H", data[position + 2 : position + 4])[0]
    return None
