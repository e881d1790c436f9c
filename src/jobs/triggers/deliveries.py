"""What comes over HTTP: read within bounds, checked, and refused in a sentence."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import re
import socket
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

HOST = "127.0.0.1"
LARGEST = 64 * 1024
"""Bytes of a body."""
_READ_SECONDS = 10
_MOST_NESTED = 2_000
"""Brackets in a body that is laid out anew; laying out what is nested deeper than that takes seconds."""
_DELIVERY_IDS = ("x-delivery-id", "x-github-delivery", "x-gitlab-event-uuid", "idempotency-key", "webhook-id")
_DELIVERY_ID = re.compile(r"[\x21-\x7e]{1,200}")


class Refusal(Exception):
    """A delivery is not taken; `retry_after` is in seconds."""

    def __init__(self, status: int, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self._status = status
        self._retry_after = retry_after

    @property
    def response(self) -> Response:
        """As its sender reads it."""
        headers = {"Retry-After": str(self._retry_after)} if self._retry_after is not None else None
        return PlainTextResponse(f"{self}\n", self._status, headers)


async def body_of(request: Request) -> bytes:
    """The body. Raises Refusal when it is too large, however long it says it is, or does not arrive."""
    found = bytearray()
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for chunk in request.stream():
                found += chunk
                if len(found) > LARGEST:
                    raise Refusal(413, f"The body is larger than {LARGEST} bytes.")
    except (TimeoutError, ClientDisconnect):
        raise Refusal(408, "The body did not arrive.") from None
    return bytes(found)


def is_authentic(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether the secret came along, or a signature of the body (HMAC-SHA256, as GitHub writes it) made with it."""
    signature = headers.get("x-hub-signature-256", "").removeprefix("sha256=")
    if signature:
        given, wanted = signature, hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    else:
        given = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-webhook-secret", "")
        wanted = secret
    return bool(secret) and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def delivery_id(headers: Mapping[str, str]) -> str:
    """What its sender calls a delivery, the same for each try; "" when it says nothing."""
    found = (headers.get(name, "") for name in _DELIVERY_IDS)
    return next((value for value in found if _DELIVERY_ID.fullmatch(value)), "")


def as_text(body: bytes) -> str:
    """A body as the model is to read it: JSON indented, text as it is. Raises Refusal for anything else."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(415, "The body is neither JSON nor text in UTF-8.") from None
    with contextlib.suppress(ValueError, RecursionError):
        if text.count("[") + text.count("{") <= _MOST_NESTED:
            text = json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    # Half a character can be written in JSON, and nowhere else.
    text = text.encode("utf-8", "replace").decode()
    return "".join(c for c in text if c.isprintable() or c in "\n\t")


class _Server(uvicorn.Server):
    """Leaves the process's signals to the program."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serving(application: Starlette, port: int) -> AsyncGenerator[None]:
    """Serve on loopback for the length of the block. Raises OSError when the port is taken."""
    listening = socket.create_server((HOST, port))  # its own way of saying so would end the program
    config = uvicorn.Config(
        application, log_config=None, access_log=False, lifespan="off", limit_concurrency=64, timeout_keep_alive=5,
        h11_max_incomplete_event_size=16_384, server_header=False, ws="none",
    )  # fmt: skip
    server = _Server(config)
    running = asyncio.create_task(server.serve([listening]), name="web hooks")
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await asyncio.gather(running, return_exceptions=True)
        listening.close()
