"""The registry of MCP servers: asked within bounds, and what it said is kept for when it cannot be asked.

Its API is v0 (https://registry.modelcontextprotocol.io/docs): GET /v0/servers?search=&limit=&version=latest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jobs.core.clock import Clock
from jobs.core.errors import ToolFailed, ToolRetry
from jobs.intake.record import Record
from jobs.mcp_manager.budget import Budget
from jobs.mcp_manager.plans import Plan, checked_key, checked_value, decides, of_package, of_url

log = logging.getLogger(__name__)

DEFAULT_URL = "https://registry.modelcontextprotocol.io"
CACHE = "mcp_registry.json"
_SECONDS = 15.0
_MOST_ENTRIES = 30
_MOST_KEPT = 60
"""Questions whose answers are kept, the latest, ..."""
_LONGEST_KEPT = 300_000
"""... and characters of all of them: so much is read within 20 ms."""
_LENIENT = ConfigDict(extra="ignore", populate_by_name=True, frozen=True)


class Variable(BaseModel):
    """Something that a server is given: an environment variable, or a header."""

    model_config = _LENIENT
    name: str = ""
    description: str = ""
    required: bool = Field(default=False, alias="isRequired")
    value: str = ""
    default: str = ""

    @property
    def given(self) -> str:
        """What it is to be; "" when that is for its user to say."""
        said = self.value or self.default
        return "" if "{" in said else said


class Argument(BaseModel):
    """An argument of the command line."""

    model_config = _LENIENT
    type: str = "positional"
    name: str = ""
    value: str = ""
    default: str = ""
    hint: str = Field(default="", alias="valueHint")
    required: bool = Field(default=False, alias="isRequired")


class Carrier(BaseModel):
    """How a package is talked to."""

    model_config = _LENIENT
    type: str = "stdio"


class Package(BaseModel):
    """A package that holds the server."""

    model_config = _LENIENT
    registry: str = Field(default="", alias="registryType")
    identifier: str = ""
    version: str = ""
    transport: Carrier = Carrier()
    arguments: tuple[Argument, ...] = Field(default=(), alias="packageArguments")
    variables: tuple[Variable, ...] = Field(default=(), alias="environmentVariables")


class Remote(BaseModel):
    """An address where the server answers."""

    model_config = _LENIENT
    type: str = "streamable-http"
    url: str = ""
    headers: tuple[Variable, ...] = ()


class Entry(BaseModel):
    """A server, as the registry describes it."""

    model_config = _LENIENT
    name: str = Field(max_length=200)
    description: str = ""
    version: str = ""
    packages: tuple[Package, ...] = ()
    remotes: tuple[Remote, ...] = ()


class _Row(BaseModel):
    server: dict[str, object] = {}


class _Page(BaseModel):
    servers: tuple[_Row, ...] = ()


class _Kept(BaseModel):
    at: datetime
    entries: tuple[Entry, ...]


class _Cache(BaseModel):
    version: Literal[1] = 1
    answers: dict[str, _Kept] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found; `at` is when the registry said so, if that was not now."""

    entries: Sequence[Entry]
    at: datetime | None = None


class Registry:
    """Finds servers by words, and one by its name."""

    def __init__(self, url: str, data: Path, clock: Clock, proxy: str = "") -> None:
        self._url = url.rstrip("/")
        self._cache = Record(data / CACHE, _Cache)
        self._clock = clock
        self._proxy = proxy
        self._lock = asyncio.Lock()

    async def search(self, query: str) -> Answer:
        """Servers whose name contains the query. Raises ToolFailed when nothing is known."""
        wanted = " ".join(query.lower().split())
        try:
            entries = await self._ask(wanted)
        except _Unreachable as error:
            return await self._kept(wanted, str(error))
        await self._keep(wanted, entries)
        return Answer(entries)

    async def one(self, name: str) -> Entry:
        """The server of exactly this name. Raises ToolRetry, ToolFailed."""
        answer = await self.search(name)
        for entry in answer.entries:
            if entry.name.lower() == name.lower():
                return entry
        close = ", ".join(entry.name for entry in answer.entries[:10]) or "none like it"
        raise ToolRetry(f"The registry has no server {name[:100]!r}. There are: {close}. Look with mcp_search.")

    async def _ask(self, query: str) -> Sequence[Entry]:
        import httpx2  # noqa: PLC0415 - heavy

        parameters = {"search": query, "limit": str(_MOST_ENTRIES), "version": "latest"}
        body, budget = bytearray(), Budget()
        try:
            async with (
                asyncio.timeout(_SECONDS),
                httpx2.AsyncClient(timeout=_SECONDS, proxy=self._proxy or None, trust_env=False) as client,
                client.stream("GET", f"{self._url}/v0/servers", params=parameters) as response,
            ):
                if response.status_code != 200:
                    raise _Unreachable(f"it answers {response.status_code}")
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if not budget.spend(chunk):
                        raise _Unreachable("its answer is far too long")
        except (httpx2.HTTPError, TimeoutError) as error:
            raise _Unreachable(type(error).__name__) from None
        return await asyncio.to_thread(_entries, bytes(body))

    async def _keep(self, query: str, entries: Sequence[Entry]) -> None:
        async with self._lock:
            try:
                kept = (await asyncio.to_thread(self._cache.read)).answers
                kept = {**kept, query[:200]: _Kept(at=self._clock.now(), entries=tuple(entries))}
                await asyncio.to_thread(self._cache.write, _Cache(answers=_latest(kept)))
            except OSError as error:
                log.warning("What the registry said could not be kept: %s", error)

    async def _kept(self, query: str, why: str) -> Answer:
        async with self._lock:
            try:
                kept = (await asyncio.to_thread(self._cache.read)).answers
            except OSError:
                kept = {}
        if query in kept:
            return Answer(kept[query].entries, kept[query].at)
        found = {e.name: (e, one.at) for one in kept.values() for e in one.entries if query in e.name.lower()}
        if not found:
            raise ToolFailed(f"The registry {self._url} cannot be reached ({why}), and nothing of this is kept.")
        return Answer([entry for entry, _ in found.values()][:_MOST_ENTRIES], min(at for _, at in found.values()))


class _Unreachable(Exception):
    """The registry gave no answer that can be used."""


def _entries(body: bytes) -> Sequence[Entry]:
    try:
        rows = _Page.model_validate_json(body).servers
    except ValidationError:
        raise _Unreachable("its answer is not what a registry of MCP servers answers") from None
    return [entry for row in rows[:_MOST_ENTRIES] if (entry := _entry(row)) is not None]


def _latest(kept: Mapping[str, _Kept]) -> dict[str, _Kept]:
    latest: dict[str, _Kept] = {}
    left = _LONGEST_KEPT
    for query in sorted(kept, key=lambda one: kept[one].at, reverse=True)[:_MOST_KEPT]:
        left -= len(kept[query].model_dump_json())
        if left >= 0:
            latest[query] = kept[query]
    return latest


def _entry(row: _Row) -> Entry | None:
    try:
        return Entry.model_validate(row.server)
    except ValidationError:  # one that cannot be read spoils no other
        return None


def plan_of(entry: Entry, arguments: Sequence[str] = ()) -> Plan:
    """How a server of the registry is installed; `arguments` are in place of those it asks for. Raises ToolRetry."""
    for package in entry.packages:
        if package.registry in ("npm", "pypi", "oci") and package.transport.type == "stdio":
            words = arguments or _words(package)
            kind: Literal["npm", "pypi", "oci"] = package.registry  # pyright: ignore[reportAssignmentType]
            plan = of_package(kind, package.identifier, package.version, words)
            return _completed(plan, entry, package.variables)
    for remote in entry.remotes:
        if remote.type in ("streamable-http", "sse"):
            plan = of_url(remote.url, "sse" if remote.type == "sse" else "http", public=True)
            return _completed(plan, entry, remote.headers)
    kinds = ", ".join(sorted({package.registry for package in entry.packages})) or "nothing"
    raise ToolRetry(
        f"{entry.name} cannot be installed: it comes as {kinds[:200]}, and npm, pypi, oci and remote can be."
    )


def _completed(plan: Plan, entry: Entry, variables: Sequence[Variable]) -> Plan:
    wanted = [one for one in variables if one.name and (one.required or one.given or not _is_decisive(one, plan))]
    fixed = {one.name: checked_value(one.given) for one in wanted if one.given}
    keys = tuple(checked_key(one.name, plan.transport) for one in wanted)
    needs = tuple(one.name for one in wanted if one.required and one.name not in fixed)
    return replace(plan, keys=keys, needs=needs, fixed=fixed, about=entry.description, registry_name=entry.name)


def _is_decisive(variable: Variable, plan: Plan) -> bool:
    return plan.transport == "stdio" and decides(variable.name)


def _words(package: Package) -> list[str]:
    words: list[str] = []
    for one in package.arguments:
        value = one.value or one.default
        if not value and one.type == "positional" and one.required:
            raise ToolRetry(f"It wants an argument ({(one.hint or one.name)[:100]}): give all of them in `args`.")
        if one.type == "named" and one.name and (value or one.required):
            words.append(one.name)
        words += [value] if value else []
    return words
