"""Embeddings of OpenAI, or of whoever answers at OPENAI_BASE_URL as it does."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from math import isfinite
from typing import Literal

import httpx2
import numpy as np
from pydantic import BaseModel, ValidationError

from jobs.core.setting_values import without_user
from jobs.core.settings import Settings
from jobs.memory.analysis import normal
from jobs.memory.embeddings import EmbeddingsFailed, Kind, TextRefused
from jobs.memory.vectors import Vector

_MODEL = "text-embedding-3-small"
_DIMENSION = 1536
_SECONDS = 30.0
_LONGEST = 6_000
"""Characters of a text: 8,191 tokens are allowed, and no character takes more than a few."""
_REFUSED = frozenset((400, 401, 403, 404))
_TEXT_REFUSED = frozenset((400, 413, 422))


class _Embedded(BaseModel):
    index: int
    embedding: str | list[float]


class _Answer(BaseModel):
    object: Literal["list"]
    data: list[_Embedded]


class OpenAIEmbedder:
    """Implements `memory.embeddings.Embedder`."""

    at_once = 64

    def __init__(self, settings: Settings) -> None:
        self._key = settings.openai_api_key
        self._url = f"{settings.openai_base_url.rstrip('/')}/embeddings"
        self._proxy = settings.http_proxy
        # The same name may be another model elsewhere.
        self.model = f"{without_user(settings.openai_base_url)}/{_MODEL}/{_DIMENSION}"

    async def embed(self, texts: Sequence[str], kind: Kind) -> Sequence[Vector]:
        """See the port."""
        del kind
        body: dict[str, object] = {
            "model": _MODEL,
            "input": [_clean(text) for text in texts],
            "encoding_format": "base64",
        }
        response = await self._post(body)
        if response.status_code != 200:
            raise _refusal(response)
        try:
            answer = _Answer.model_validate_json(response.content)
            found = {one.index: _vector(one.embedding) for one in answer.data}
            vectors = [found[number] for number in range(len(texts))]
        except (ValidationError, ValueError, KeyError, binascii.Error) as error:
            raise EmbeddingsFailed(f"{without_user(self._url)} answers something else than embeddings") from error
        if any(len(vector) != _DIMENSION for vector in vectors):
            raise EmbeddingsFailed(f"{without_user(self._url)} answers with vectors of another size", lasting=True)
        return vectors

    async def release(self) -> None:
        """See the port."""

    async def close(self) -> None:
        """See the port."""

    async def _post(self, body: dict[str, object]) -> httpx2.Response:
        if self._key is None:
            raise EmbeddingsFailed("OPENAI_API_KEY is not set", lasting=True)
        proxy = self._proxy.get_secret_value() if self._proxy else None
        headers = {"authorization": f"Bearer {self._key.get_secret_value()}"}
        try:
            async with httpx2.AsyncClient(proxy=proxy, timeout=_SECONDS) as client:
                return await client.post(self._url, json=body, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise EmbeddingsFailed(f"{without_user(self._url)} cannot be reached ({reason})") from error


def _clean(text: str) -> str:
    return normal(text, _LONGEST).encode("utf-8", "ignore").decode().replace("\0", " ").strip() or "-"


def _vector(embedding: str | list[float]) -> Vector:
    """Some servers know no base64, and send numbers all the same."""
    if isinstance(embedding, str):
        vector = np.frombuffer(base64.b64decode(embedding, validate=True), "<f4")
    else:
        vector = np.array(embedding)
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length == 0:
        raise ValueError("no direction")
    return (vector / length).astype(np.float32)


def _refusal(response: httpx2.Response) -> EmbeddingsFailed:
    try:
        after = float(response.headers.get("retry-after", "0"))
    except ValueError:  # a date
        after = 0.0
    after = after if isfinite(after) else 0.0
    status = response.status_code
    kind = TextRefused if status in _TEXT_REFUSED else EmbeddingsFailed
    return kind(f"OpenAI answers HTTP {status}", lasting=status in _REFUSED, after=min(max(after, 0), 3600))
