"""A Messages API on loopback that the real Claude CLI talks to, with a script where the model would be."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from urllib.parse import urlsplit

from pydantic import JsonValue

from . import faults as fault
from .blocks import Reply, ReplyBlock, Usage, make_id
from .connection import Connection, ConnectionCutError, HttpRequest
from .faults import Faults
from .request import ModelRequest
from .requests import RequestLog, RequestRecord
from .script import Script, as_script
from .sse import as_events, as_message, block_events, encode
from .usage import PromptCache, input_tokens

_log = logging.getLogger(__name__)
_MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")


class MessagesServer:
    """Serves while it is entered; on leaving raises what a script raised, so that no test overlooks it.

    `script`, `faults`, `accepted_keys` (API keys and OAuth tokens; None accepts any) and `headers` (added to every
    response) may be changed at any time and hold from the next request on; `requests` is the log.
    """

    def __init__(self, script: Script | Reply | str = "Fine.", *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.script: Script = as_script(script)
        self.faults = Faults()
        self.requests = RequestLog()
        self.accepted_keys: set[str] | None = None
        self.headers: dict[str, str] = {}
        self._host, self._port = host, port
        self._cache = PromptCache()
        self._connections: set[asyncio.Task[None]] = set()
        self._failures: list[Exception] = []
        self._server: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        return f"http://{self._host}:{self._port}"

    async def __aenter__(self) -> MessagesServer:
        self._server = await asyncio.start_server(self._serve, self._host, self._port)
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
        if self._failures and error is None:
            raise ExceptionGroup("the script failed", self._failures)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not a coroutine: asyncio 3.11 reports a connection's own task as failed when it is cancelled.
        serving = asyncio.ensure_future(Connection(reader, writer).serve(self._answer))
        self._connections.add(serving)
        serving.add_done_callback(self._connections.discard)

    async def _answer(self, http: HttpRequest, connection: Connection) -> None:
        record = RequestRecord(
            number=len(self.requests) + 1,
            method=http.method,
            path=http.path,
            arrived=http.arrived,
            arrived_at=datetime.now(UTC),
            size=len(http.body),
        )
        exchange = _Exchange(connection, record, self.headers)
        try:
            await self._route(http, exchange)
        except ConnectionCutError:
            record.outcome = "dropped"
            raise
        except (asyncio.CancelledError, ConnectionError):
            record.outcome = "client left"
            raise
        finally:
            record.finished = monotonic()
            await self.requests.changed()

    async def _route(self, http: HttpRequest, exchange: _Exchange) -> None:
        path = urlsplit(http.path).path
        if not self._accepts(http.headers):
            await self._begin(exchange, None)
            await exchange.refuse(fault.UNAUTHORIZED)
        elif http.method == "POST" and path in ("/v1/messages", "/v1/messages/count_tokens"):
            await self._answer_post(http, path, exchange)
        else:
            await self._begin(exchange, None)
            await _answer_lookup(http.method, path, exchange)

    async def _answer_post(self, http: HttpRequest, path: str, exchange: _Exchange) -> None:
        try:
            request = ModelRequest.parse(http.body, http.headers)
        except ValueError as error:
            await self._begin(exchange, None)
            await exchange.refuse(fault.Refuse(400, "invalid_request_error", str(error)))
            return
        if path.endswith("/count_tokens"):
            await self._begin(exchange, None)
            await exchange.respond({"input_tokens": input_tokens(request)})
        else:
            await self._begin(exchange, request)
            await self._answer_model(request, exchange)

    async def _begin(self, exchange: _Exchange, request: ModelRequest | None) -> None:
        exchange.record.request = request
        await self.requests.add(exchange.record)

    def _accepts(self, headers: Mapping[str, str]) -> bool:
        given = {headers.get("x-api-key", ""), headers.get("authorization", "").removeprefix("Bearer ")}
        return self.accepted_keys is None or bool(given & self.accepted_keys)

    async def _answer_model(self, request: ModelRequest, exchange: _Exchange) -> None:
        match self.faults.take(request):
            case fault.Refuse() as refusal:
                await exchange.refuse(refusal)
            case fault.DropBeforeHeaders():
                raise exchange.connection.abort()
            case fault.NeverAnswer():
                await asyncio.Event().wait()
            case fault.DropMidStream(sent):
                await exchange.stream_open(request.model, sent)
                raise exchange.connection.abort()
            case fault.StallMidStream(sent, release):
                await exchange.stream_open(request.model, sent)
                await release.wait()
                raise exchange.connection.abort()
            case fault.SlowHeaders(seconds):
                await asyncio.sleep(seconds)
                await self._answer_scripted(request, exchange)
            case None:
                await self._answer_scripted(request, exchange)

    async def _answer_scripted(self, request: ModelRequest, exchange: _Exchange) -> None:
        try:
            answer = self.script(request)
            reply = await answer if inspect.isawaitable(answer) else answer
        except Exception as error:  # noqa: BLE001 - whatever a script raises belongs to its author
            _log.exception("The script failed")
            self._failures.append(error)
            await exchange.refuse(fault.Refuse(400, "invalid_request_error", f"The script failed: {error}"))
            exchange.record.outcome = "script failed"
            return
        exchange.record.reply = reply
        usage = reply.usage or self._cache.count(request, reply)
        if request.stream:
            await exchange.start_stream()
            async for event in as_events(reply, request.model, usage):
                await exchange.connection.send(encode(event))
            exchange.record.outcome = "answered"
            await exchange.connection.finish()
        else:
            await exchange.respond(as_message(reply, request.model, usage))


class _Exchange:
    """A request's record and the connection that its answer goes to."""

    def __init__(self, connection: Connection, record: RequestRecord, headers: Mapping[str, str]) -> None:
        self.connection = connection
        self.record = record
        self._headers = {"request-id": make_id("req"), **headers}

    async def respond(
        self, body: Mapping[str, JsonValue], status: int = 200, extra: Mapping[str, str] | None = None
    ) -> None:
        headers = {**self._headers, "content-type": "application/json", **(extra or {})}
        self.record.outcome = "answered" if status == 200 else f"refused {status}"
        await self.connection.respond(status, headers, json.dumps(body).encode())

    async def refuse(self, refusal: fault.Refuse) -> None:
        error: dict[str, JsonValue] = {"type": refusal.type, "message": refusal.message}
        retry = {} if refusal.retry_after is None else {"retry-after": str(refusal.retry_after)}
        await self.respond({"type": "error", "error": error}, refusal.status, retry)

    async def start_stream(self) -> None:
        headers = {**self._headers, "content-type": "text/event-stream; charset=utf-8"}
        await self.connection.start(200, {**headers, "cache-control": "no-cache"})

    async def stream_open(self, model: str, sent: Sequence[ReplyBlock]) -> None:
        """Stream these blocks, and neither close the last one nor end the message."""
        await self.start_stream()
        usage = Usage(1, 1)
        start = as_events(Reply([]), model, usage)
        await self.connection.send(encode(await anext(start)))
        for index, block in enumerate(sent):
            if index:
                await self.connection.send(encode({"type": "content_block_stop", "index": index - 1}))
            async for event in block_events(index, block):
                await self.connection.send(encode(event))


async def _answer_lookup(method: str, path: str, exchange: _Exchange) -> None:
    if method == "HEAD":
        exchange.record.outcome = "answered"
        await exchange.connection.respond(200, {}, b"")
    elif method == "GET" and path == "/v1/models":
        models: list[JsonValue] = [_model(name) for name in _MODELS]
        listing = {"first_id": _MODELS[0], "last_id": _MODELS[-1], "has_more": False}
        await exchange.respond({"data": models, **listing})
    elif method == "GET" and path.startswith("/v1/models/"):
        await exchange.respond(_model(path.rsplit("/", 1)[1]))
    else:
        await exchange.refuse(fault.Refuse(404, "not_found_error", f"Not found: {path}"))


def _model(name: str) -> dict[str, JsonValue]:
    return {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
