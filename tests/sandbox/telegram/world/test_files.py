from __future__ import annotations

import os
from pathlib import Path

import pytest
from people import People, listen
from pictures import jpeg, named, png
from telethon import errors, events, functions, types

from jobs.sandbox.telegram.world import TelegramWorld, User


@pytest.mark.parametrize(("kind", "size"), [("png", (640, 480)), ("jpg", (1280, 720)), ("png", (90, 60))])
async def test_a_photo_goes_over_with_its_real_size_and_comes_back_whole(
    people: People, ada: User, bob: User, kind: str, size: tuple[int, int]
) -> None:
    data = (png if kind == "png" else jpeg)(*size)
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    sent = await from_ada.send_file("bob", named(data, f"photo.{kind}"), caption="look")
    assert (sent.photo is not None, sent.raw_text) == (True, "look")
    [event] = await heard.count(1)
    [shown] = event.photo.sizes
    assert (shown.w, shown.h, shown.size) == (*size, len(data))
    assert await event.download_media(bytes) == data


async def test_what_is_no_picture_cannot_be_a_photo(people: People, ada: User) -> None:
    client = await people.client(ada)
    uploaded = await client.upload_file(b"just text", file_name="x.jpg")
    with pytest.raises(errors.ImageProcessFailedError):
        await client(functions.messages.SendMediaRequest("me", types.InputMediaUploadedPhoto(uploaded), ""))
    wide = await client.upload_file(png(3000, 100), file_name="wide.png")
    with pytest.raises(errors.PhotoInvalidDimensionsError):
        await client(functions.messages.SendMediaRequest("me", types.InputMediaUploadedPhoto(wide), ""))


async def test_a_document_keeps_its_name_type_and_every_byte(
    people: People, ada: User, bob: User, tmp_path: Path
) -> None:
    data = os.urandom(1_500_001)
    path = tmp_path / "report.pdf"
    path.write_bytes(data)
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    await from_ada.send_file("bob", path, force_document=True)
    [message] = await from_bob.get_messages("ada", limit=1)
    assert (message.file.name, message.file.mime_type, message.file.size) == (
        "report.pdf",
        "application/pdf",
        len(data),
    )
    target = await message.download_media(str(tmp_path / "down"))
    assert Path(target).read_bytes() == data
    part = b"".join(
        [c async for c in from_bob.iter_download(message.media, offset=1_000_000, limit=1, request_size=8192)]
    )
    assert part == data[1_000_000 : 1_000_000 + 8192]


async def test_a_big_file_goes_up_in_big_parts(people: People, ada: User) -> None:
    data = os.urandom(10 * 1024 * 1024 + 1)
    client = await people.client(ada)
    sent = await client.send_file("me", named(data, "big.bin"))
    assert people.server.calls.of("upload.saveBigFilePart")
    assert await client.download_media(sent, bytes) == data


async def test_a_file_whose_parts_are_missing_or_changed_is_refused(people: People, ada: User) -> None:
    client = await people.client(ada)
    await client(functions.upload.SaveFilePartRequest(5, 0, b"x" * 1024))
    for file, error in (
        (types.InputFile(5, 2, "a.txt", ""), "FILE_PART_1_MISSING|missing"),
        (types.InputFile(5, 1, "a.txt", "0" * 32), "MD5|checksum"),
    ):
        media = types.InputMediaUploadedDocument(file, "text/plain", [])
        with pytest.raises(errors.BadRequestError, match=error):
            await client(functions.messages.SendMediaRequest("me", media, ""))


async def test_a_voice_note_stays_unheard_until_it_is_listened_to(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_ada, events.MessageRead(inbox=True))
    attributes = [types.DocumentAttributeAudio(3, voice=True, waveform=b"\x00\x01")]
    voice = named(b"OggS not really", "voice.ogg")
    sent = await from_ada.send_file("bob", voice, voice_note=True, attributes=attributes)
    [received] = await from_bob.get_messages("ada", limit=1)
    assert (received.voice is not None, received.media.voice, received.media_unread) == (True, True, True)
    await from_bob(functions.messages.ReadMessageContentsRequest([received.id]))
    [event] = await heard.count(1)
    assert (event.contents, event.message_ids) == (True, [sent.id])
    assert not (await from_bob.get_messages("ada", limit=1))[0].media_unread


async def test_a_caption_may_have_1024_units_and_may_be_empty(people: People, ada: User) -> None:
    client = await people.client(ada)
    photo = await client.upload_file(png(10, 10), file_name="a.png")
    media = types.InputMediaUploadedPhoto(photo)
    await client(functions.messages.SendMediaRequest("me", media, ""))
    await client(functions.messages.SendMediaRequest("me", media, "x" * 1024))
    with pytest.raises(errors.MediaCaptionTooLongError):
        await client(functions.messages.SendMediaRequest("me", media, "x" * 1025))


async def test_an_album_arrives_as_one(people: People, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.Album)
    photos = [named(png(side, side), f"{side}.png") for side in (10, 20, 30)]
    sent = await from_ada.send_file("bob", photos, caption=["one", "", "three"])
    [album] = await heard.count(1)
    assert all(message.photo for message in album)
    assert [message.raw_text for message in album] == ["one", "", "three"]
    assert len({message.grouped_id for message in album}) == 1
    assert [message.raw_text for message in sent] == ["one", "", "three"]


async def test_a_file_that_is_known_can_be_sent_again_without_uploading(people: People, ada: User, bob: User) -> None:
    client = await people.client(ada)
    sent = await client.send_file("me", named(png(10, 10), "a.png"))
    uploads = len(people.server.calls.of("upload.saveFilePart"))
    again = await client.send_file("bob", sent.photo)
    assert again.photo.id == sent.photo.id
    assert len(people.server.calls.of("upload.saveFilePart")) == uploads


async def test_an_old_file_reference_must_be_renewed(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    await from_ada.send_file("bob", named(png(10, 10), "a.png"))
    [message] = await from_bob.get_messages("ada", limit=1)
    world.expire_file_references()
    with pytest.raises(errors.FileReferenceExpiredError):
        await message.download_media(bytes)
    [fresh] = await from_bob.get_messages("ada", limit=1)
    assert await fresh.download_media(bytes) == png(10, 10)


async def test_another_accounts_file_hash_opens_nothing(people: People, ada: User, eve: User) -> None:
    from_ada, from_eve = await people.client(ada), await people.client(eve)
    sent = await from_ada.send_file("me", named(png(10, 10), "a.png"))
    with pytest.raises(errors.RPCError):
        await from_eve.download_media(sent.photo, bytes)


async def test_files_are_found_by_their_kind(people: People, ada: User) -> None:
    client = await people.client(ada)
    photo = await client.send_file("me", named(png(10, 10), "a.png"))
    document = await client.send_file("me", b"notes", attributes=[types.DocumentAttributeFilename("notes.txt")])
    await client.send_message("me", "text")
    for kind, expected in (
        (types.InputMessagesFilterPhotos, photo),
        (types.InputMessagesFilterDocument, document),
    ):
        assert [m.id async for m in client.iter_messages("me", filter=kind)] == [expected.id]


async def test_places_and_contacts_can_be_sent(people: People, ada: User, bob: User) -> None:
    from_ada, from_bob = await people.client(ada), await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    await from_ada.send_file("bob", types.InputMediaGeoPoint(types.InputGeoPoint(52.5, 13.4)))
    await from_ada.send_file("bob", types.InputMediaContact("1555", "Cleo", "", ""))
    place, contact = await heard.count(2)
    assert (place.message.geo.lat, place.message.geo.long) == (52.5, 13.4)
    assert contact.message.contact.first_name == "Cleo"
