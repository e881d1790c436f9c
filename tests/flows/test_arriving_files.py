"""Files on their way in: how large, in which order, through kills, and when they do not arrive."""

from __future__ import annotations

import asyncio
import hashlib
import os

from sending_files import highest_memory, told, uploads, voice

from jobs.sandbox.claude.faults import StallMidStream
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import Delay
from jobs.sandbox.telegram.faults import Refuse as TelegramRefuses
from jobs.sandbox.telegram.world.model import StoredFile
from sent_files import photo


async def test_50_mb_come_in_with_bounded_memory(stage: Stage) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    await stage.nothing_waits()
    before = highest_memory(daemon.pid)
    data = os.urandom(1024) * (50 * 1024)
    stage.world.send_file(stage.owner, stage.assistant, StoredFile(0, data, 0, "application/zip"), "keep this")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)
    [path] = uploads(stage)
    assert path.stat().st_size == 50 * 1024 * 1024
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(data).digest()
    assert "50.0 MB" in told(stage.claude.requests.model[-1])
    assert highest_memory(daemon.pid) - before < 20


async def test_more_than_50_mb_are_not_taken_in_and_both_are_told(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    file = StoredFile(0, bytes(50 * 1024 * 1024 + 1), 0, "video/x-film")
    stage.world.send_file(stage.owner, stage.assistant, file, "watch this")
    await owner.wait_for_text("I could not take this in (the file): I keep files of up to 50 MB.")
    await owner.wait_for_text("Fine.")
    [request] = stage.claude.requests.model
    assert "larger than the 50 MB" in told(request)
    assert "watch this" in request.texts
    assert uploads(stage) == []


async def test_what_finds_no_room_is_said_so(stage: Stage) -> None:
    stage.extra["UPLOADS_QUOTA_MB"] = "1"
    await stage.start()
    owner = await stage.person()
    await owner.send_file(bytes(600_000), "one.bin", force_document=True)
    await owner.wait_for_text("Fine.")
    await owner.send_file(bytes(600_000), "two.bin", force_document=True)
    await owner.wait_for_text("my folder for files is full")
    await stage.nothing_waits()
    assert "the folder for files is full (UPLOADS_QUOTA_MB)" in told(stage.claude.requests.model[-1])
    assert len(uploads(stage)) == 1


async def test_what_telegram_does_not_give_is_said_so(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    refused = TelegramRefuses(400, "MESSAGE_IDS_EMPTY")
    stage.telegram.faults.add(refused, "messages.getMessages", user_id=stage.assistant.id, times=None)
    stage.world.send_file(stage.owner, stage.assistant, StoredFile(0, b"x", 0, "text/plain"), "look")
    await owner.wait_for_text("I could not get this from Telegram (the file)")
    await owner.wait_for_text("Fine.")
    assert "could not be loaded from Telegram" in told(stage.claude.requests.model[-1])


async def test_what_is_written_behind_a_file_waits_for_it(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    release = asyncio.Event()
    stuck = stage.telegram.faults.add(Delay(release), "upload.getFile", user_id=stage.assistant.id, times=None)
    await owner.send_file(photo(10, 10), "a.jpg")
    await stuck.struck()
    await owner.send("what do you see?")
    await stage.stored([(2,)], "SELECT count(*) FROM inbox")
    assert stage.claude.requests.model == []
    release.set()
    await owner.wait_for_text("Fine.")
    [request] = stage.claude.requests.model
    assert len(request.images) == 1
    assert request.prompt.rstrip().endswith("what do you see?")


async def test_a_kill_during_a_download_is_made_up_for_at_the_next_start_once(stage: Stage) -> None:
    stage.extra["OPENAI_API_KEY"] = "sk-sandbox-openai"
    daemon = await stage.start()
    owner = await stage.person()
    release = asyncio.Event()
    stuck = stage.telegram.faults.add(Delay(release), "upload.getFile", user_id=stage.assistant.id, times=None)
    await owner.send_file(b"OggS", "v.ogg", voice_note=True, attributes=[voice(90)])
    await owner.send("and this")
    await stuck.struck()
    await daemon.kill()
    stage.telegram.faults.clear()
    release.set()
    await stage.start()
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    [request] = stage.claude.requests.model
    assert request.texts[-1] == "and this"
    assert "Hello from the sandbox." in request.texts
    assert owner.texts.count("Fine.") == 1
    assert sum("What I heard" in text for text in owner.texts) == 1
    assert [path.name.startswith(".") for path in uploads(stage)] == [False]


async def test_a_kill_after_the_download_fetches_and_hears_nothing_twice(stage: Stage) -> None:
    stage.extra["OPENAI_API_KEY"] = "sk-sandbox-openai"
    daemon = await stage.start()
    owner = await stage.person()
    stall = StallMidStream()
    stage.claude.faults.add(stall)
    await owner.send_file(b"OggS", "v.ogg", voice_note=True, attributes=[voice(90)])
    await owner.wait_for_text("An answer that stalls")
    await daemon.kill()
    stage.telegram.faults.add(
        TelegramRefuses(400, "FILE_ID_INVALID"), "upload.getFile", user_id=stage.assistant.id, times=None
    )
    await stage.start()
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    assert len(stage.openai.transcriptions) == 1
    assert "Hello from the sandbox." in stage.claude.requests.model[-1].texts
    assert sum("What I heard" in text for text in owner.texts) == 1


async def test_another_caption_does_not_fetch_the_file_once_more(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    sent = await owner.send_file(photo(10, 10), "a.jpg", caption="fiirst")
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    fetched = len(stage.telegram.calls.of("upload.getFile", user_id=stage.assistant.id))
    await owner.client.edit_message(stage.assistant.id, sent.id, "first")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)
    request = stage.claude.requests.model[-1]
    assert len(request.images) == 1
    assert "first" in request.texts
    assert len(stage.telegram.calls.of("upload.getFile", user_id=stage.assistant.id)) == fetched
    assert len(uploads(stage)) == 1
