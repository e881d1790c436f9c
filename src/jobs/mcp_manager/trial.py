"""Trying a server with the `mcp` client: does it connect, and which tools does it say it has?"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from jobs import __version__
from jobs.core.i18n import Phrase
from jobs.core.rich_text import visible
from jobs.core.words import servers as words
from jobs.mcp_manager.budget import MOST_BYTES
from jobs.mcp_manager.config import SeenTool, Server
from jobs.mcp_manager.launch import HOME, environment, private_home
from jobs.mcp_manager.pipes import Pipes, piped

if TYPE_CHECKING:
    import httpx2
    from mcp import ClientSession
    from mcp.types import Implementation, Tool

SECONDS = 20.0
"""For all of a trial."""
MOST_TOOLS = 200
_MOST_PAGES = 20
_LONGEST_NAME = 128
_LONGEST_DESCRIPTION = 1_000


INSTRUCTIONS = "(what it tells the model)"
"""The name under which the words stand among the tools that a server puts into the prompt; no tool is called so."""


class TrialFailed(Exception):
    """The server cannot be used; the message says why, in English, with the last lines of its stderr.

    `why` is the same for a person, in their language and without those lines; `whole` has them.
    """

    def __init__(self, why: Phrase, complaint: str = "") -> None:
        self.why = why
        self.whole = Phrase(words.LAST_WORDS, why=why, complaint=complaint) if complaint else why
        super().__init__(self.whole.say("en"))


@dataclass(frozen=True, slots=True)
class Found:
    """What a server says of itself."""

    tools: tuple[SeenTool, ...]
    digest: str
    """Of all that it says of them, whole."""


async def tried(server: Server, folder: Path, seconds: float = SECONDS, auth: httpx2.Auth | None = None) -> Found:
    """Start or reach a server, list its tools, and end it. Raises TrialFailed.

    `folder`: its own, where its home is; `auth`: how a remote one is signed in to.
    """
    home = folder / HOME
    try:
        await asyncio.to_thread(private_home, home)
        if server.transport == "stdio":
            async with piped(server.command, environment(server.values, home), home) as pipes:
                return await _asked(pipes, seconds)
        async with asyncio.timeout(seconds), _reached(server, auth) as session:
            return await _listed(session)
    except TrialFailed:
        raise
    except TimeoutError:
        raise TrialFailed(Phrase(words.NO_ANSWER, seconds=f"{seconds:.0f}")) from None
    except OSError as error:
        raise TrialFailed(Phrase(words.NOT_STARTED, error=error.strerror or error)) from None
    except Exception as error:  # noqa: BLE001 - whatever a foreign server makes the client raise
        raise TrialFailed(_reason(error)) from None


async def _asked(pipes: Pipes, seconds: float) -> Found:
    """Of a server on this machine; its complaints say more than what the client makes of them."""
    from mcp import ClientSession  # noqa: PLC0415 - heavy

    try:
        async with (
            asyncio.timeout(seconds),
            ClientSession(pipes.received, pipes.sent, client_info=_who_asks()) as session,
        ):
            return await _listed(session)
    except TimeoutError:
        why = Phrase(words.NO_ANSWER, seconds=f"{seconds:.0f}")
    except TrialFailed as error:
        why = error.why
    except Exception as error:  # noqa: BLE001 - whatever a foreign server makes the client raise
        why = Phrase(words.FLOODED) if pipes.flooded else _reason(error)
        if not pipes.flooded and (code := await pipes.exit_code()) is not None:
            why = Phrase(words.ENDED, code=code)
    await pipes.end()
    raise TrialFailed(why, visible(pipes.complaint))


async def _listed(session: ClientSession) -> Found:
    from mcp.types import PaginatedRequestParams  # noqa: PLC0415 - heavy

    said = (await session.initialize()).instructions or ""
    found: list[Tool] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor) if cursor else None)
        found += page.tools
        if len(found) > MOST_TOOLS:
            raise TrialFailed(Phrase(words.TOO_MANY_TOOLS, most=MOST_TOOLS))
        cursor = page.next_cursor
        if not cursor:
            return await asyncio.to_thread(_found, found, said)
    raise TrialFailed(Phrase(words.ENDLESS_TOOLS))


def _who_asks() -> Implementation:
    """As Claude's CLI calls itself: a server has no reason to show itself otherwise there than here."""
    from mcp.types import Implementation  # noqa: PLC0415 - heavy

    return Implementation(name="claude-code", version=__version__)


def _found(tools: Sequence[Tool], instructions: str) -> Found:
    for tool in tools:
        if len(tool.name) > _LONGEST_NAME:
            raise TrialFailed(Phrase(words.TOOL_NAME_TOO_LONG))
    whole = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]
    whole.sort(key=lambda tool: str(tool["name"]))
    said = {"tools": whole, "instructions": instructions} if instructions else whole
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    seen = [SeenTool(name=tool.name, description=_short(tool.description or "")) for tool in tools]
    if instructions:
        seen.append(SeenTool(name=INSTRUCTIONS, description=_short(instructions)))
    return Found(tuple(sorted(seen, key=lambda tool: tool.name)), digest)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_DESCRIPTION else f"{text[: _LONGEST_DESCRIPTION - 1]}…"


@asynccontextmanager
async def _reached(server: Server, auth: httpx2.Auth | None) -> AsyncGenerator[ClientSession]:
    from mcp import ClientSession  # noqa: PLC0415 - heavy
    from mcp.client.sse import sse_client  # noqa: PLC0415
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    from jobs.mcp_manager.bounded import bounded_client  # noqa: PLC0415

    who = _who_asks()
    if server.transport == "sse":
        async with (
            sse_client(
                server.url, headers=dict(server.values), auth=auth, httpx_client_factory=bounded_client
            ) as streams,
            ClientSession(*streams, client_info=who) as session,
        ):
            yield session
        return
    async with (
        bounded_client(server.values, SECONDS, auth) as client,
        streamable_http_client(server.url, http_client=client, max_sse_event_size=MOST_BYTES) as streams,
        ClientSession(*streams, client_info=who) as session,
    ):
        yield session


def _reason(error: BaseException) -> Phrase:
    """The first real error of a group, in a line: what the client raises says little, and may quote much."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    if isinstance(error, ValidationError):  # its own words quote what was sent, tokens too
        fields = ", ".join(".".join(map(str, one["loc"])) for one in error.errors(include_input=False)[:5])
        return Phrase(words.ODD_ANSWER, fields=visible(fields)[:200])
    return Phrase(words.TROUBLE, error=visible(f"{type(error).__name__}: {error}")[:300])
