"""What is said in a recording, and every way in which it cannot be heard."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.core.settings import Settings
from jobs.media import speech
from jobs.media.speech import NotHeard, Speech
from jobs.sandbox.claude.faults import DropBeforeHeaders, Refuse
from jobs.sandbox.openai import API_KEY, OpenAIServer


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(speech, "_PAUSES", (0.0, 0.0))
    path = tmp_path / "2026-11-29_7.ogg"
    path.write_bytes(b"OggS")
    return path


def hearing(openai: OpenAIServer, key: str | None = API_KEY) -> Speech:
    values: dict[str, object] = {"openai_base_url": openai.base_url, "openai_api_key": key}
    return Speech(Settings.model_validate(values))


async def why_not(hears: Speech, recording: Path) -> str:
    with pytest.raises(NotHeard) as refusal:
        await hears.heard(recording)
    return refusal.value.why


async def test_a_recording_becomes_words_and_its_own_name_stays_here(openai: OpenAIServer, recording: Path) -> None:
    openai.transcript = "  Привет.\n"
    assert await hearing(openai).heard(recording) == "Привет."
    [spoken] = openai.transcriptions
    assert (spoken.file_name, spoken.recording) == ("speech.ogg", b"OggS")


async def test_without_a_key_nothing_is_sent(openai: OpenAIServer, recording: Path) -> None:
    assert await why_not(hearing(openai, None), recording) == "no_key"
    assert openai.transcriptions == []


async def test_silence_is_told_apart(openai: OpenAIServer, recording: Path) -> None:
    openai.transcript = " \n"
    assert await why_not(hearing(openai), recording) == "silent"


@pytest.mark.parametrize("fault", [Refuse(500, "server_error", "x"), Refuse(429, "x", "x"), DropBeforeHeaders()])
async def test_a_passing_trouble_is_tried_three_times(openai: OpenAIServer, recording: Path, fault: Refuse) -> None:
    openai.fail(fault, times=2)
    assert await hearing(openai).heard(recording)
    openai.fail(fault, times=3)
    assert await why_not(hearing(openai), recording) == "no_answer"


async def test_a_refusal_is_final_and_the_key_is_in_no_log(
    openai: OpenAIServer, recording: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert await why_not(hearing(openai, "sk-wrong-key"), recording) == "refused"
    assert len(openai.transcriptions) == 1
    assert "sk-wrong-key" not in caplog.text


async def test_what_is_larger_than_the_api_takes_is_not_sent(openai: OpenAIServer, recording: Path) -> None:
    with recording.open("wb") as file:
        file.truncate(25 * 1024 * 1024 + 1)
    assert await why_not(hearing(openai), recording) == "too_long"
    assert openai.transcriptions == []
