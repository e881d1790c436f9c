"""Signing in to remote servers (OAuth 2.1): the owner opens a link, and comes back with a code.

It is taken from a port of this machine, or from the chat; the rest is done by the `mcp` client.

The CLI is given the token as a header. It is renewed here, before it is over: see `McpManager.run`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, JsonValue

from jobs.core.clock import Clock
from jobs.core.errors import ToolRetry
from jobs.core.i18n import Phrase
from jobs.core.words import servers as words
from jobs.intake.record import Record
from jobs.mcp_manager.config import Server
from jobs.mcp_manager.launch import SIGN_IN
from jobs.mcp_manager.trial import Found, TrialFailed, tried

if TYPE_CHECKING:
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthToken

log = logging.getLogger(__name__)

SECONDS = 600.0
"""How long a link is good for."""
EARLY_SECONDS = 300.0
"""So long before its end a token is renewed."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LINK_SECONDS = 30.0
_DONE_SECONDS = 30.0
_LONGEST_REQUEST = 8_192
_CLOSED = b"HTTP/1.1 %s\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"

Told = Callable[[str, Phrase | None], Awaitable[None]]
"""Hears of a server that the owner has signed in to, or why that came to nothing."""


class SignInNeeded(TrialFailed):
    """The server wants its user to sign in."""


class _Kept(BaseModel):
    version: int = 1
    url: str = ""
    """Of the server: for no other is the token good, whatever it is called."""
    client: Mapping[str, JsonValue] | None = None
    tokens: Mapping[str, JsonValue] | None = None
    expires_at: float = 0.0
    """Seconds since 1970; 0 when the server has not said."""
    metadata: Mapping[str, JsonValue] | None = None
    """Of the server that gives tokens: where one is renewed."""


class _Storage:
    """Implements the `TokenStorage` of the `mcp` client."""

    def __init__(self, record: Record[_Kept], clock: Clock) -> None:
        self._record = record
        self._clock = clock

    async def get_tokens(self) -> OAuthToken | None:
        from mcp.shared.auth import OAuthToken  # noqa: PLC0415 - heavy

        kept = await self.kept()
        return OAuthToken.model_validate(kept.tokens) if kept.tokens is not None else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        at = self._clock.now().timestamp() + tokens.expires_in if tokens.expires_in else 0.0
        await self.change(tokens=tokens.model_dump(mode="json"), expires_at=at)

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        from mcp.shared.auth import OAuthClientInformationFull  # noqa: PLC0415 - heavy

        kept = await self.kept()
        return OAuthClientInformationFull.model_validate(kept.client) if kept.client is not None else None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        await self.change(client=client_info.model_dump(mode="json"))

    async def kept(self) -> _Kept:
        return await asyncio.to_thread(self._record.read)

    async def change(self, **fields: object) -> None:
        kept = await self.kept()
        await asyncio.to_thread(self._record.write, kept.model_copy(update=fields))


@dataclass(slots=True)
class _UnderWay:
    link: asyncio.Future[str]
    answer: asyncio.Future[AuthorizationCodeResult]
    url: str
    state: str = ""
    work: asyncio.Task[None] = field(init=False)

    def takes(self, result: AuthorizationCodeResult) -> bool:
        """Whether this is the answer that is waited for; anybody on this machine may send another."""
        if not self.state or result.state != self.state:
            return False
        if not self.answer.done():
            self.answer.set_result(result)
        return True


class SignIns:
    """One for all servers; `folder` says where each has its files."""

    def __init__(self, folder: Callable[[str], Path], clock: Clock, told: Told) -> None:
        self._folder = folder
        self._clock = clock
        self._told = told
        self._under_way: dict[str, _UnderWay] = {}
        self._ends: dict[str, float] = {}

    def is_signed_in(self, name: str, url: str) -> bool:
        """Whether there is a token for the server of that name at that address."""
        try:
            return bool(url) and json.loads(self._record(name).path.read_bytes()).get("url") == url
        except (OSError, ValueError, AttributeError):
            return False

    def stamp(self, name: str) -> str:
        """Another text when the token is another."""
        try:
            status = self._record(name).path.stat()
        except OSError:
            return ""
        return f"{status.st_ino} {status.st_mtime_ns}"

    async def ends(self, name: str) -> float | None:
        """When a token has to be renewed, in seconds since 1970; None where there is none, or nobody knows."""
        try:
            kept = await _Storage(self._record(name), self._clock).kept()
        except OSError as error:
            log.warning("Whether %s is signed in cannot be read: %s", name, error)
            return None
        return kept.expires_at - EARLY_SECONDS if kept.expires_at else None

    async def trial(self, name: str, server: Server) -> Found:
        """Try a remote server, signed in where the owner is; a token that is nearly over is renewed.

        Raises TrialFailed; SignInNeeded when the owner has to sign in (again).
        """
        if not self.is_signed_in(name, server.url):
            try:
                return await tried(server, self._folder(name))
            except TrialFailed:
                if "Authorization" not in server.values and await wants_sign_in(server):
                    raise SignInNeeded(Phrase(words.WANTS_SIGN_IN, url=server.url)) from None
                raise
        again = asyncio.Event()

        async def refuse(_: str) -> None:
            again.set()
            raise SignInNeeded(Phrase(words.WANTS_SIGN_IN_AGAIN, url=server.url))

        try:
            return await tried(server, self._folder(name), auth=await self._provider(name, server, refuse))
        except TrialFailed:
            if again.is_set():
                raise SignInNeeded(Phrase(words.WANTS_SIGN_IN_AGAIN, url=server.url)) from None
            raise

    async def begin(self, name: str, server: Server) -> str:
        """The link that the owner opens; one that was begun already is good still. Raises TrialFailed."""
        if name in self._under_way and self._under_way[name].url != server.url:
            await self.forget(name)
        if name not in self._under_way or self._under_way[name].work.done():
            loop = asyncio.get_running_loop()
            sign_in = _UnderWay(loop.create_future(), loop.create_future(), server.url)
            sign_in.work = asyncio.create_task(self._signing_in(name, server, sign_in), name=f"sign in {name}")
            self._under_way[name] = sign_in
        sign_in = self._under_way[name]
        async with asyncio.timeout(_LINK_SECONDS):
            await asyncio.wait((sign_in.link, sign_in.work), return_when=asyncio.FIRST_COMPLETED)
        if not sign_in.link.done():
            raise TrialFailed(Phrase(words.SIGN_IN_NOWHERE, url=server.url))
        link = sign_in.link.result()
        parts = urlsplit(link)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            sign_in.work.cancel()
            raise TrialFailed(Phrase(words.SIGN_IN_UNSAFE, url=server.url))
        return link

    async def answer(self, name: str, address: str) -> None:
        """What the owner came back with: the address that they were sent to. Raises ToolRetry."""
        sign_in = self._under_way.get(name)
        if sign_in is None or sign_in.work.done():
            raise ToolRetry(f"Nobody is signing in to {name} at present: call mcp_install or mcp_enable again first.")
        if (result := _result(urlsplit(address.strip()).query)) is None:
            raise ToolRetry("That is not the address that the owner was sent to: it has code= and state= in it.")
        if not sign_in.takes(result):
            raise ToolRetry("That belongs to another link: the owner has to open the last one that was sent.")
        await asyncio.wait((sign_in.work,), timeout=_DONE_SECONDS)
        if not self.is_signed_in(name, sign_in.url):
            raise ToolRetry(f"{name} did not take that. Call mcp_install or mcp_enable again for a new link.")

    async def forget(self, name: str) -> None:
        """Give up a sign-in that is under way."""
        sign_in = self._under_way.pop(name, None)
        if sign_in is not None:
            sign_in.work.cancel()
            await asyncio.gather(sign_in.work, return_exceptions=True)

    async def close(self) -> None:
        """Give up what is under way."""
        for sign_in in self._under_way.values():
            sign_in.work.cancel()
        await asyncio.gather(*(sign_in.work for sign_in in self._under_way.values()), return_exceptions=True)

    async def _signing_in(self, name: str, server: Server, sign_in: _UnderWay) -> None:
        listening = await asyncio.start_server(partial(_hear, sign_in), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]

        async def show(link: str) -> None:
            sign_in.state = parse_qs(urlsplit(link).query).get("state", [""])[0]
            if not sign_in.link.done():
                sign_in.link.set_result(link)

        async def wait() -> AuthorizationCodeResult:
            return await sign_in.answer

        # Beside what is there: a sign-in that comes to nothing costs no token that is still good.
        beside = self._folder(name) / "signing-in"
        try:
            await asyncio.to_thread(shutil.rmtree, beside, ignore_errors=True)
            provider = _made(server.url, _Storage(Record(beside / SIGN_IN, _Kept), self._clock), show, wait, port)
            await tried(server, self._folder(name), SECONDS, auth=provider)
            found = provider.context.oauth_metadata
            storage = _Storage(Record(beside / SIGN_IN, _Kept), self._clock)
            metadata = found.model_dump(mode="json") if found is not None else None
            await storage.change(metadata=metadata, url=server.url)
            await asyncio.to_thread((beside / SIGN_IN).replace, self._record(name).path)
            await self._told(name, None)
        except (TrialFailed, OSError) as error:
            log.warning("Signing in to the server %s came to nothing: %s", name, error)
            if sign_in.link.done():
                unwritten = Phrase(words.NOT_WRITTEN, error=error)
                await self._told(name, error.why if isinstance(error, TrialFailed) else unwritten)
        finally:
            listening.close()
            await asyncio.to_thread(shutil.rmtree, beside, ignore_errors=True)

    async def _provider(
        self, name: str, server: Server, refuse: Callable[[str], Awaitable[None]]
    ) -> OAuthClientProvider:
        from mcp.shared.auth import OAuthMetadata  # noqa: PLC0415 - heavy

        async def never() -> AuthorizationCodeResult:
            raise SignInNeeded(Phrase(words.WANTS_SIGN_IN, url=server.url))

        storage = _Storage(self._record(name), self._clock)
        provider = _made(server.url, storage, refuse, never, 1)
        kept = await storage.kept()
        # The client takes a token that it reads for good, and looks for where to renew it only after a refusal.
        if kept.expires_at:
            provider.context.token_expiry_time = kept.expires_at - EARLY_SECONDS
        if kept.metadata is not None:
            provider.context.oauth_metadata = OAuthMetadata.model_validate(kept.metadata)
        return provider

    def _record(self, name: str) -> Record[_Kept]:
        return Record(self._folder(name) / SIGN_IN, _Kept)


async def wants_sign_in(server: Server) -> bool:
    """Whether a server refuses whoever has not signed in."""
    import httpx2  # noqa: PLC0415 - heavy

    from jobs.mcp_manager.bounded import bounded_client  # noqa: PLC0415

    accepted = {"accept": "application/json, text/event-stream"}
    try:
        async with (
            asyncio.timeout(_LINK_SECONDS),
            bounded_client(server.values, _LINK_SECONDS) as client,
            client.stream("POST", server.url, json={}, headers=accepted) as answer,
        ):
            return answer.status_code == 401
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError):
        return False


def _made(
    url: str,
    storage: _Storage,
    show: Callable[[str], Awaitable[None]],
    wait: Callable[[], Awaitable[AuthorizationCodeResult]],
    port: int,
) -> OAuthClientProvider:
    from mcp.client.auth import OAuthClientProvider  # noqa: PLC0415 - heavy
    from mcp.shared.auth import OAuthClientMetadata  # noqa: PLC0415

    metadata = OAuthClientMetadata.model_validate(
        {
            "client_name": "Jobs",
            "redirect_uris": [f"http://127.0.0.1:{port}/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        }
    )
    return OAuthClientProvider(url, metadata, storage, show, wait)


async def _hear(sign_in: _UnderWay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The browser of the owner comes back, if it is on this machine."""
    try:
        async with asyncio.timeout(10):
            line = (await reader.readuntil(b"\r\n"))[:_LONGEST_REQUEST].decode("ascii", "replace").split(" ")
            result = _result(urlsplit(line[1]).query) if len(line) == 3 and line[1].startswith("/callback?") else None
            taken = result is not None and sign_in.takes(result)
            said, status = (
                (b"Done. You can close this page.", b"200 OK") if taken else (b"Not found.", b"404 Not Found")
            )
            writer.write(_CLOSED % (status, len(said), said))
            await writer.drain()
    except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        pass
    finally:
        writer.close()


def _result(query: str) -> AuthorizationCodeResult | None:
    from mcp.shared.auth import AuthorizationCodeResult  # noqa: PLC0415 - heavy

    found = {name: values[0] for name, values in parse_qs(query).items()}
    if not found.get("code") or not found.get("state"):
        return None
    return AuthorizationCodeResult(code=found["code"], state=found["state"], iss=found.get("iss"))
