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
_DEEPEST = 20
"""Brackets within brackets in a body that is laid out anew: each costs a blank on every line within it."""
_DELIVERY_IDS = ("x-delivery-id", "x-github-delivery", "x-gitlab-event-uuid", "idempotency-key", "webhook-id")
_BEARER = re.compile(r"Bearer +", re.IGNORECASE)
_SHORT_ID = re.compile(r"[\x20-\x7e]{1,200}")


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
    signature = headers.get("x-hub-signature-256", "").lower().removeprefix("sha256=")
    if signature:
        given, wanted = signature, hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    else:
        given = _BEARER.sub("", headers.get("authorization", "")) or headers.get("x-webhook-secret", "")
        wanted = secret
    return bool(secret) and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def delivery_id(headers: Mapping[str, str]) -> str:
    """What its sender calls a delivery, the same for each try; "" when it says nothing."""
    found = next(filter(None, (headers.get(name, "").strip() for name in _DELIVERY_IDS)), "")
    return found if not found or _SHORT_ID.fullmatch(found) else hashlib.sha256(found.encode()).hexdigest()


def as_text(body: bytes) -> str:
    """A body as the model is to read it: JSON indented, text as it is. Raises Refusal for anything else.

    It may take a tenth of a second.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(415, "The body is neither JSON nor text in UTF-8.") from None
    with contextlib.suppress(ValueError, RecursionError):
        if _depth(text) <= _DEEPEST:
            text = json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    # Half a character can be written in JSON, and nowhere else.
    text = text.encode("utf-8", "replace").decode()
    return "".join(c for c in text if c.isprintable() or c in "\n\t")


def shown(text: str, most: int) -> str:
    """A long text by its beginning and, since logs tell how they ended, its end."""
    if len(text) <= most:
        return text
    left_out = len(text) - most
    return f"{text[: most // 2]}\n[… {left_out} characters are left out here …]\n{text[-most // 2 :]}"


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


class _Server(uvicorn.Server):
    """Leaves the process's signals to the program."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serving(application: Starlette, port: int) -> AsyncGenerator[asyncio.Task[None]]:
    """Serve on loopback for the length of the block, by this task. Raises OSError when the port is taken."""
    listening = socket.create_server((HOST, port))  # its own way of saying so would end the program
    config = uvicorn.Config(
        application, log_config=None, access_log=False, lifespan="off", limit_concurrency=256, timeout_keep_alive=5,
        h11_max_incomplete_event_size=16_384, server_header=False, ws="none",
    )  # fmt: skip
    server = _Server(config)
    running = asyncio.create_task(server.serve([listening]), name="web hooks")
    try:
        yield running
    finally:
        server.should_exit = server.force_exit = True
        await asyncio.gather(running, return_exceptions=True)
        listening.close()
