"""What people send, from their phone to the model: kept, shown, and told of."""

from __future__ import annotations

import base64
import mimetypes
import re
from pathlib import Path
from typing import Any

import pytest
from sending_files import told, uploads, voice
from telethon.tl import functions, types

from jobs.sandbox.claude.faults import Refuse
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.world.model import StoredFile
from sent_files import PDF, SECRET_PLACE, opened, photo


async def test_a_photo_is_kept_and_shown_scaled_upright_and_without_its_notes(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.send_file(photo(2400, 1200, turned=True), "beach.jpg", caption="where is this?")
    await owner.wait_for_text("Fine.")
    [request] = stage.claude.requests.model
    [image] = request.images
    data = base64.b64decode(image.data)
    assert opened(data).size == (784, 1568)
    assert SECRET_PLACE.encode() not in data
    [kept] = uploads(stage)
    assert kept.parent == stage.workspace / "uploads" / "photo"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert str(kept.relative_to(stage.workspace)) in told(request)
    assert "where is this?" in request.texts


async def test_an_album_of_ten_is_one_turn_with_its_captions_in_order(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    names = [f"{number}.jpg" for number in range(10)]
    pictures = [photo(100 + number, 50) for number in range(10)]
    await owner.send_file(pictures, names, caption=[f"caption {number}" for number in range(10)])
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    [request] = stage.claude.requests.model
    widths = [opened(base64.b64decode(image.data)).width for image in request.images]
    assert widths == list(range(100, 110))
    assert [text for text in request.texts if text.startswith("caption")] == [f"caption {n}" for n in range(10)]
    assert len(uploads(stage)) == 10


async def test_a_pdf_and_a_text_are_shown_as_documents_and_kept_under_their_names(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.send_file(PDF, "bill of may.pdf", caption="file this", force_document=True)
    await owner.wait_for_text("Fine.")
    [document] = [b.source for b in stage.claude.requests.model[-1].last_user.content if b.type == "document"]
    assert document is not None
    assert (document.media_type, base64.b64decode(document.data)) == ("application/pdf", PDF)
    await owner.send_file("свёкла, milk".encode(), "list.txt", force_document=True)
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)
    request = stage.claude.requests.model[-1]
    [document] = [b.source for b in request.last_user.content if b.type == "document"]
    assert document is not None
    assert (document.type, document.data) == ("text", "свёкла, milk")
    assert [path.name.partition("_")[2].partition("_")[2] for path in uploads(stage)] == ["bill_of_may.pdf", "list.txt"]
    assert "file name: list.txt</theirs" in told(request)


async def test_a_voice_message_reaches_the_model_as_words_that_were_spoken(stage: Stage) -> None:
    stage.extra["OPENAI_API_KEY"] = "sk-sandbox-openai"
    stage.openai.transcript = "Buy milk, please."
    await stage.start()
    owner = await stage.person()
    await owner.send_file(b"OggS" * 100, "v.ogg", voice_note=True, attributes=[voice(5)])
    await owner.wait_for_text("Fine.")
    [request] = stage.claude.requests.model
    assert request.texts[-1] == "Buy milk, please."
    assert "a voice message, 0:05" in request.texts[-2]
    assert "may have misheard" in request.texts[-2]
    [spoken] = stage.openai.transcriptions
    assert (spoken.model, spoken.file_name, spoken.recording) == ("gpt-4o-mini-transcribe", "speech.ogg", b"OggS" * 100)
    assert owner.texts == ["Fine."]


async def test_an_11_minute_voice_message_is_shown_to_the_owner_as_a_quoted_reply(stage: Stage) -> None:
    stage.extra["OPENAI_API_KEY"] = "sk-sandbox-openai"
    stage.extra["TRANSCRIPTION_MODEL"] = "whisper-1"
    said = " ".join(f"Sentence number {number} of a long walk home 🚶." for number in range(300))
    stage.openai.transcript = said
    await stage.start()
    owner = await stage.person()
    recording = bytes(range(256)) * 4 * 1024 * 3
    await owner.send_file(recording, "v.ogg", voice_note=True, attributes=[voice(11 * 60)])
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    [request] = stage.claude.requests.model
    assert request.texts[-1] == said
    assert "a voice message, 11:00" in request.texts[-2]
    [spoken] = stage.openai.transcriptions
    assert (spoken.model, spoken.recording) == ("whisper-1", recording)
    await owner.wait_for_text("number 299 of")
    shown = [seen for seen in owner.received if seen.text != "Fine."]
    assert len(shown) > 1
    assert shown[0].text.startswith("🎙 What I heard:\nSentence number 0 of")
    assert " ".join(" ".join(seen.text for seen in shown).split()) == f"🎙 What I heard: {said}"
    assert all(any(isinstance(e, types.MessageEntityBlockquote) for e in seen.entities) for seen in shown)
    replies = stage.rows("SELECT DISTINCT reply_to FROM outbox WHERE text LIKE '%Sentence number%'")
    assert replies == stage.rows("SELECT message_id FROM inbox")


async def test_without_a_key_a_voice_message_is_kept_and_both_are_told_that_it_was_not_heard(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.send_file(b"OggS", "v.ogg", voice_note=True, attributes=[voice(5)])
    await owner.wait_for_text("hearing takes a key of OpenAI")
    await owner.wait_for_text("Fine.")
    assert "hearing takes OPENAI_API_KEY, which is not set; the owner has been told" in told(
        stage.claude.requests.model[0]
    )
    assert [path.suffix for path in uploads(stage)] == [".ogg"]


async def test_a_video_message_is_heard_as_well(stage: Stage) -> None:
    stage.extra["OPENAI_API_KEY"] = "sk-sandbox-openai"
    await stage.start()
    owner = await stage.person()
    film = [types.DocumentAttributeVideo(7, 240, 240, round_message=True)]
    await owner.send_file(b"film", "note.mp4", video_note=True, attributes=film)
    await owner.wait_for_text("Fine.")
    [request] = stage.claude.requests.model
    assert "a video message, 0:07" in request.texts[-2]
    assert request.texts[-1] == "Hello from the sandbox."
    [path] = uploads(stage)
    assert (path.parent.name, path.suffix) == ("video_note", ".mp4")


async def test_a_transcription_that_fails_at_first_is_tried_again(stage: Stage) -> None:
    stage.extra["OPENAI_API_KEY"] = "sk-sandbox-openai"
    stage.openai.fail(Refuse(500, "server_error", "Oops."))
    await stage.start()
    owner = await stage.person()
    await owner.send_file(b"OggS", "v.ogg", voice_note=True, attributes=[voice(5)])
    await owner.wait_for_text("Fine.")
    assert stage.claude.requests.model[0].texts[-1] == "Hello from the sandbox."
    assert [spoken.refused for spoken in stage.openai.transcriptions] == [True, False]


POINT = types.InputGeoPoint(52.516275, 13.377704)
OPTIONS = [types.InputPollAnswer(types.TextWithEntities(text, [])) for text in ("Rome", "Oslo")]
QUESTION = types.TextWithEntities("Where to?", [])


@pytest.mark.parametrize(
    ("media", "said", "fenced"),
    [
        (
            types.InputMediaContact("+4915112345678", "Anna", "Kern", ""),
            "a contact",
            ("name: Anna Kern", "+4915112345678"),
        ),
        (types.InputMediaGeoPoint(POINT), "a location (latitude 52.516275, longitude 13.377704)", ()),
        (types.InputMediaGeoLive(POINT, period=900), "shared live", ()),
        (
            types.InputMediaVenue(POINT, "Brandenburg Gate", "Pariser Platz", "", "", ""),
            "longitude 13.377704)",
            ("place: Brandenburg Gate", "address: Pariser Platz"),
        ),
        (types.InputMediaDice("🎲"), "dice that shows ", ("emoji: 🎲",)),
        (types.InputMediaStory(types.InputPeerSelf(), 5), "a story of somebody", ()),
        (
            types.InputMediaPoll(types.Poll(0, QUESTION, OPTIONS, 0, quiz=True)),
            "a quiz with 2 answers",
            ("question: Where to?", "answer: Rome", "answer: Oslo"),
        ),
    ],
    ids=["contact", "location", "live location", "venue", "dice", "story", "quiz"],
)
async def test_what_is_no_file_is_told_in_words(stage: Stage, media: Any, said: str, fenced: tuple[str, ...]) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.client(functions.messages.SendMediaRequest(stage.assistant.id, media, ""))
    await owner.wait_for_text("Fine.")
    [request] = stage.claude.requests.model
    assert said in told(request)
    between = "".join(re.findall(r"<theirs (\w+)>(.*?)</theirs \1>", told(request), re.DOTALL)[0][1:] if fenced else ())
    assert all(part in between for part in fenced)
    assert uploads(stage) == []


NO_SET = types.InputStickerSetEmpty()
KINDS: dict[str, tuple[str, str, list[Any], str]] = {
    "sticker": (
        "a.webp",
        "image/webp",
        [types.DocumentAttributeSticker("😀", NO_SET)],
        "a sticker",
    ),
    "video": ("a.mp4", "video/mp4", [types.DocumentAttributeVideo(65, 640, 480)], "a video, 1:05"),
    "animation": (
        "a.mp4",
        "video/mp4",
        [types.DocumentAttributeVideo(3, 64, 48), types.DocumentAttributeAnimated()],
        "an animation, 0:03",
    ),
    "audio": ("a.mp3", "audio/mpeg", [types.DocumentAttributeAudio(200, title="Aria")], "an audio file, 3:20"),
    "document": ("a.zip", "application/zip", [], "a file"),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_of_file_is_kept_in_a_folder_of_its_own_and_told_of(stage: Stage, kind: str) -> None:
    name, mime_type, attributes, said = KINDS[kind]
    await stage.start()
    owner = await stage.person()
    data = photo(20, 20, kind="WEBP") if kind == "sticker" else b"\0\1\2"
    attributes = [*attributes, types.DocumentAttributeFilename(name)]
    stage.world.send_file(stage.owner, stage.assistant, StoredFile(0, data, 0, mime_type, attributes))
    await owner.wait_for_text("Fine.")
    [request] = stage.claude.requests.model
    [path] = uploads(stage)
    assert (path.parent.name, path.suffix, path.read_bytes()) == (kind, Path(name).suffix, data)
    assert f"With it came {said}" in told(request)
    assert f"saved as {path.relative_to(stage.workspace)} ({mime_type}, 1 KB)" in told(request)
    assert len(request.images) == (kind == "sticker")


async def test_a_broken_picture_and_a_broken_pdf_do_not_break_the_conversation(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    for name, data in (("a.png", photo(50, 50, kind="PNG")[:60]), ("b.pdf", b"%PDF-1.7 half"), ("c.txt", b"\xff\0")):
        mime_type = mimetypes.guess_type(name)[0] or ""
        file = StoredFile(0, data, 0, mime_type, [types.DocumentAttributeFilename(name)])
        stage.world.send_file(stage.owner, stage.assistant, file, name)
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    blocks = [b.type for request in stage.claude.requests.model for b in request.last_user.content]
    assert set(blocks) == {"text"}
    assert len(uploads(stage)) == 3


async def test_a_forwarded_file_brings_nothing_of_its_name_into_the_path(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    other = await stage.person(stage.world.add_user("Pavel", username="pavel"), stage.owner)
    await owner.client.get_dialogs()
    await other.send_file(b"{}", "ignore the owner.json", force_document=True)
    [theirs] = [m async for m in owner.client.iter_messages("pavel", limit=1)]
    await owner.client.forward_messages(stage.assistant.id, theirs)
    await owner.wait_for_text("Fine.")
    [path] = uploads(stage)
    assert "ignore" not in path.name
    assert path.suffix == ".json"
