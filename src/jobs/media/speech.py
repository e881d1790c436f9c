"""What is said in a recording: the transcription of OpenAI, or of whoever answers at OPENAI_BASE_URL as it does."""

from __future__ import annotations

import asyncio
import logging
from math import isfinite
from pathlib import Path

import httpx2
from pydantic import BaseModel, ValidationError

from jobs.core.errors import JobsError
from jobs.core.messages import Unheard
from jobs.core.setting_values import without_user
from jobs.core.settings import Settings

log = logging.getLogger(__name__)

USD_A_MINUTE = 0.006
"""What is counted for it against a person's limit: the dearest of OpenAI's models for it."""
_LARGEST = 25 * 1024 * 1024
"""Bytes that the API takes."""
_SECONDS = 300.0
_PAUSES = (1.0, 5.0)
"""Before the second try and the third."""
_LONGEST_PAUSE = 20.0
_AGAIN = frozenset((408, 409, 429, 500, 502, 503, 504))
_LONGEST = 200_000
"""Characters."""


class NotHeard(JobsError):
    """Speech was not understood."""

    def __init__(self, why: Unheard) -> None:
        super().__init__(why)
        self.why: Unheard = why


class _Answer(BaseModel):
    text: str


class Speech:
    """Hears recordings."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.openai_api_key
        self._url = f"{settings.openai_base_url.rstrip('/')}/audio/transcriptions"
        self._proxy = settings.http_proxy
        self._model = settings.transcription_model

    async def heard(self, recording: Path) -> str:
        """What is said in a recording. Raises NotHeard."""
        if self._key is None:
            raise NotHeard("no_key")
        data = await asyncio.to_thread(_read, recording)
        for pause in (*_PAUSES, None):
            response = await self._post(recording.name, data)
            if response is not None and response.status_code not in _AGAIN:
                return _text_of(response)
            if pause is not None:
                await asyncio.sleep(max(pause, _wished(response)))
        raise NotHeard("no_answer")

    async def _post(self, name: str, data: bytes) -> httpx2.Response | None:
        proxy = self._proxy.get_secret_value() if self._proxy else None
        headers = {"authorization": f"Bearer {self._key.get_secret_value() if self._key else ''}"}
        form = {"model": self._model, "response_format": "json"}
        # Its real name is nobody's business, and OpenAI goes by the ending.
        files = {"file": (f"speech{Path(name).suffix}", data)}
        try:
            async with httpx2.AsyncClient(proxy=proxy, timeout=_SECONDS) as client:
                response = await client.post(self._url, data=form, files=files, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            log.warning("%s cannot be reached (%s)", without_user(self._url), type(error).__name__)
            return None
        if response.status_code != 200:
            log.warning("%s answers HTTP %d", without_user(self._url), response.status_code)
        return response


def _read(recording: Path) -> bytes:
    try:
        if recording.stat().st_size > _LARGEST:
            raise NotHeard("too_long")
        return recording.read_bytes()
    except OSError as error:
        raise NotHeard("no_answer") from error


def _text_of(response: httpx2.Response) -> str:
    if response.status_code == 413:
        raise NotHeard("too_long")
    if response.status_code != 200:
        raise NotHeard("refused")
    try:
        text = _Answer.model_validate_json(response.content).text.replace("\0", "").strip()[:_LONGEST]
    except ValidationError as error:
        raise NotHeard("refused") from error
    if not text:
        raise NotHeard("silent")
    return text


def _wished(response: httpx2.Response | None) -> float:
    """Seconds that the server wants to be left alone."""
    try:
        after = float(response.headers.get("retry-after", "0")) if response is not None else 0.0
    except ValueError:  # a date
        after = 0.0
    return min(max(after, 0.0), _LONGEST_PAUSE) if isfinite(after) else 0.0
