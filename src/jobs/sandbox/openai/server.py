"""Embeddings on loopback: texts with the same words are near each other, and words may be said to mean the same.

Transcriptions as well: what is heard in a recording is what a test says.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import struct
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from types import TracebackType
from typing import cast
from urllib.parse import urlsplit

from jobs.sandbox.claude.connection import Connection, HttpRequest
from jobs.sandbox.claude.faults import DropBeforeHeaders, NeverAnswer, Refuse
from jobs.sandbox.patience import PATIENCE

API_KEY = "sk-sandbox-openai"
_DIMENSION = 1536
_HEARD = (".flac", ".m4a", ".mp3", ".mp4", ".mpeg", ".mpga", ".oga", ".ogg", ".wav", ".webm")
_WORD = re.compile(r"\w+")
_BEGINNING = 5
"""Letters that make a word: endings are none."""

Fault = Refuse | DropBeforeHeaders | NeverAnswer


@dataclass(frozen=True, slots=True)
class EmbeddingsRequest:
    """What was asked for; `refused` where a fault met it."""

    texts: tuple[str, ...]
    refused: bool


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """A recording that was to be heard, by the name it was sent under; `refused` where a fault met it."""

    model: str
    file_name: str
    recording: bytes
    refused: bool


class OpenAIServer:
    """Serves while it is entered. `accepted_keys`, `synonyms` (a word's beginning → another's) and
    `refused_words` (what contains one is answered with 400) may be changed.
    """

    def __init__(self) -> None:
        self.accepted_keys = {API_KEY}
        self.synonyms: dict[str, str] = {}
        self.dimension = _DIMENSION
        self.refused_words: set[str] = set()
        self.requests: list[EmbeddingsRequest] = []
        self.transcript: str | Callable[[TranscriptionRequest], str] = "Hello from the sandbox."
        self.transcriptions: list[TranscriptionRequest] = []
        self._faults: deque[Fault] = deque()
        self._always: Fault | None = None
        self._changed = asyncio.Condition()
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def fail(self, fault: Fault | None, *, times: int | None = 1) -> None:
        """Let the next requests meet a fault; with `times` None every one, until `fail(None, times=None)`."""
        if times is None:
            self._always = fault
        elif fault is not None:
            self._faults.extend([fault] * times)

    async def wait_for(
        self, predicate: Callable[[EmbeddingsRequest], bool], timeout: float = PATIENCE
    ) -> EmbeddingsRequest:
        """The first request for which the predicate holds. Raises TimeoutError."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: any(map(predicate, self.requests)))
        return next(filter(predicate, self.requests))

    async def __aenter__(self) -> OpenAIServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*list(self._connections), return_exceptions=True)
        await self._server.wait_closed()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.ensure_future(Connection(reader, writer).serve(self._answer))
        self._connections.add(serving)
        serving.add_done_callback(self._connections.discard)

    async def _answer(self, http: HttpRequest, connection: Connection) -> None:
        fault = self._faults.popleft() if self._faults else self._always
        texts, spoken = _texts_of(http), _recording_of(http, refused=fault is not None)
        async with self._changed:
            if spoken is not None:
                self.transcriptions.append(spoken)
            else:
                self.requests.append(EmbeddingsRequest(texts, fault is not None))
            self._changed.notify_all()
        match fault:
            case Refuse():
                await _refuse(connection, fault)
            case DropBeforeHeaders():
                raise connection.abort()
            case NeverAnswer():
                await asyncio.Event().wait()
            case None:
                await self._answer_well(http, connection, texts, spoken)

    async def _answer_well(
        self, http: HttpRequest, connection: Connection, texts: tuple[str, ...], spoken: TranscriptionRequest | None
    ) -> None:
        if http.headers.get("authorization", "").removeprefix("Bearer ") not in self.accepted_keys:
            await _refuse(connection, Refuse(401, "invalid_request_error", "Incorrect API key provided."))
        elif spoken is not None:
            await self._transcribe(connection, spoken)
        elif http.method != "POST" or urlsplit(http.path).path != "/v1/embeddings" or not texts:
            await _refuse(connection, Refuse(404, "invalid_request_error", f"Not found: {http.path}"))
        elif any(word in text for word in self.refused_words for text in texts):
            await _refuse(connection, Refuse(400, "invalid_request_error", "Invalid 'input'."))
        else:
            data = [
                {"object": "embedding", "index": number, "embedding": self._encoded(text)}
                for number, text in enumerate(texts)
            ]
            await _respond(connection, 200, {"object": "list", "data": data, "model": "text-embedding-3-small"})

    async def _transcribe(self, connection: Connection, spoken: TranscriptionRequest) -> None:
        if not spoken.recording or not spoken.file_name.endswith(_HEARD):
            await _refuse(connection, Refuse(400, "invalid_request_error", "Invalid file format."))
            return
        text = self.transcript if isinstance(self.transcript, str) else self.transcript(spoken)
        await _respond(connection, 200, {"text": text})

    def _encoded(self, text: str) -> str:
        vector = [0.001] * self.dimension
        for match in _WORD.finditer(text.casefold()):
            word = match[0][:_BEGINNING]
            digest = hashlib.sha256(self.synonyms.get(word, word).encode()).digest()
            for place in range(0, len(digest), 2):
                vector[int.from_bytes(digest[place : place + 2]) % self.dimension] += 1.0
        return base64.b64encode(struct.pack(f"<{self.dimension}f", *vector)).decode()


def _recording_of(http: HttpRequest, *, refused: bool) -> TranscriptionRequest | None:
    if urlsplit(http.path).path != "/v1/audio/transcriptions":
        return None
    head = f"Content-Type: {http.headers.get('content-type', '')}\r\n\r\n".encode()
    form: Message = message_from_bytes(head + http.body)
    parts: dict[str, Message] = {}
    for part in form.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            parts[name] = part
    model, file = (cast("bytes", parts[n].get_payload(decode=True)) if n in parts else b"" for n in ("model", "file"))
    file_name = (parts["file"].get_filename() or "") if "file" in parts else ""
    return TranscriptionRequest(model.decode(), file_name, file, refused)


def _texts_of(http: HttpRequest) -> tuple[str, ...]:
    try:
        body = cast("object", json.loads(http.body))
    except ValueError:
        return ()
    given = cast("Mapping[str, object]", body).get("input") if isinstance(body, dict) else None
    return tuple(map(str, cast("list[object]", given))) if isinstance(given, list) else ()


async def _refuse(connection: Connection, refusal: Refuse) -> None:
    headers = {} if refusal.retry_after is None else {"retry-after": str(refusal.retry_after)}
    error = {"message": refusal.message, "type": refusal.type, "param": None, "code": None}
    await _respond(connection, refusal.status, {"error": error}, headers)


async def _respond(
    connection: Connection, status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> None:
    content = {"content-type": "application/json", **(headers or {})}
    await connection.respond(status, content, json.dumps(body).encode())
