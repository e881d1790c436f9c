"""One HTTP/1.1 connection, low enough to be cut, stalled or kept waiting at any byte."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import h11


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A whole request; `arrived` is when its headers did (monotonic seconds)."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    arrived: float


class ConnectionCutError(Exception):
    """The connection was cut on purpose; nothing more can be sent."""


class Connection:
    """Reads requests from a stream and writes responses to it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)

    async def serve(self, answer: Callable[[HttpRequest, Connection], Awaitable[None]]) -> None:
        """Answer request after request until either side closes; an answer nobody reads is cancelled."""
        try:
            while (request := await self._next_request()) is not None:
                if not await self._answer_while_connected(answer(request, self)):
                    return
                if self._http.our_state is not h11.DONE:
                    return
                self._http.start_next_cycle()
        except (ConnectionError, h11.RemoteProtocolError, ConnectionCutError):
            return
        except asyncio.CancelledError:
            self._writer.transport.abort()
            raise
        finally:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        await self.start(status, {**headers, "content-length": str(len(body))})
        await self.send(body)
        await self.finish()

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        await self._write(h11.Response(status_code=status, headers=list(headers.items())))

    async def send(self, data: bytes) -> None:
        await self._write(h11.Data(data=data))

    async def finish(self) -> None:
        await self._write(h11.EndOfMessage())

    def abort(self) -> ConnectionCutError:
        """Cut the connection at once; raise what this returns to leave the answer."""
        self._writer.transport.abort()
        return ConnectionCutError()

    async def _write(self, event: h11.Response | h11.Data | h11.EndOfMessage) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
        await self._writer.drain()

    async def _next_request(self) -> HttpRequest | None:
        head: h11.Request | None = None
        arrived = 0.0
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
                self._http.receive_data(await self._reader.read(65536))
            elif isinstance(event, h11.Request):
                head, arrived = event, monotonic()
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                headers = {name.decode(): value.decode() for name, value in head.headers}
                return HttpRequest(head.method.decode(), head.target.decode(), headers, bytes(body), arrived)
            else:
                return None

    async def _answer_while_connected(self, answer: Awaitable[None]) -> bool:
        answering = asyncio.ensure_future(answer)
        leaving = asyncio.ensure_future(self._client_leaves())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
            return answering.done()
        finally:
            answering.cancel()
            leaving.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _client_leaves(self) -> None:
        while data := await self._reader.read(65536):
            self._http.receive_data(data)
