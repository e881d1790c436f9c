"""Which MCP servers there are: DATA_DIR/mcp_servers.json. It holds their keys, so it is ours alone (mode 0600)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from jobs.core.errors import ToolFailed, ToolRetry
from jobs.core.slots import Slot
from jobs.intake.record import Record
from jobs.mcp_manager.launch import FILE

T = TypeVar("T")

Kind = Literal["npm", "pypi", "oci", "program", "remote"]
Transport = Literal["stdio", "http", "sse"]

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_TAKEN = frozenset({"jobs", "browser"})


class SeenTool(BaseModel):
    """A tool that a server says it has; the words are the server's."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str = ""


class Server(BaseModel):
    """A server as it was approved."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    package: str = ""
    package_version: str = ""
    command: tuple[str, ...] = ()
    """The program, by its whole path, and its arguments; empty for a remote one."""
    url: str = ""
    transport: Transport = "stdio"
    keys: tuple[str, ...] = ()
    """What it wants to be given: environment variables, HTTP headers of a remote one."""
    needs: tuple[str, ...] = ()
    """Those of them that it cannot do without."""
    values: dict[str, str] = Field(default={}, repr=False)
    """Secret."""
    enabled: bool = False
    tools: tuple[SeenTool, ...] = ()
    """As they were approved."""
    digest: str = ""
    """Of those tools, whole; "" while none were seen."""
    error: str = ""
    """Why it was switched off, or what went wrong last."""

    @property
    def missing(self) -> list[str]:
        """The keys without which it cannot work."""
        return [key for key in self.needs if not self.values.get(key)]

    def fingerprint(self) -> str:
        """Of all that a process of it is started with, and of its tools."""
        whole = [self.command, self.url, self.transport, sorted(self.values.items()), self.digest]
        return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


class Servers(BaseModel):
    """What stands in the file."""

    version: Literal[1] = 1
    servers: dict[Annotated[str, Field(pattern=rf"^(?:{_NAME.pattern})$")], Server] = {}
    """By name, which is that of a folder, too."""


class McpConfig:
    """The file, one change at a time and never on the event loop."""

    def __init__(self, data: Path) -> None:
        self._record = Record(data / FILE, Servers)
        self._lock = asyncio.Lock()
        self._known: Servers | None = None

    @property
    def damaged(self) -> Path | None:
        """Where the file is kept that could not be read, once there was one."""
        return self._record.damaged

    def knows_all(self) -> bool:
        """Whether the file is there, and none that was damaged lies beside it: else nobody knows what is wanted."""
        path = self._record.path
        return path.exists() and not any(path.parent.glob(f"{path.name}.damaged-*"))

    @property
    def known(self) -> Mapping[str, Server]:
        """As they were when they were read or written last."""
        return self._known.servers if self._known is not None else {}

    async def servers(self) -> Mapping[str, Server]:
        """All of them, by name. Raises ToolFailed when the disk refuses."""
        async with self._lock:
            return (await self._read()).servers

    async def one(self, name: str) -> Server:
        """One of them. Raises ToolRetry when it is not there."""
        servers = await self.servers()
        if name not in servers:
            raise ToolRetry(f"There is no server {name[:80]!r}. There are: {', '.join(sorted(servers)) or 'none yet'}.")
        return servers[name]

    async def put(self, name: str, server: Server) -> None:
        """Add or replace one. Raises ToolFailed when the disk refuses."""
        await self._change(lambda servers: {**servers, name: server})

    async def change(self, name: str, **fields: object) -> Server | None:
        """Change fields of one; None when it is not there any more. Raises ToolFailed."""
        return await self._edit(name, lambda server: server.model_copy(update=fields))

    async def settle(self, name: str, tried: Server, **fields: object) -> Server | None:
        """Write what came of a trial, unless the server is another by now, or gone: then None. Raises ToolFailed."""
        return await self._edit(name, lambda server: server.model_copy(update=fields) if server == tried else None)

    async def set_value(self, name: str, key: str, value: str) -> Server | None:
        """Give one a key. Raises ToolFailed."""

        def with_value(server: Server) -> Server:
            keys = server.keys if key in server.keys else (*server.keys, key)
            return server.model_copy(update={"values": {**server.values, key: value}, "keys": keys})

        return await self._edit(name, with_value)

    async def remove(self, name: str) -> None:
        """Forget one, with its keys. Raises ToolFailed."""
        await self._change(lambda servers: {other: one for other, one in servers.items() if other != name})

    async def _edit(self, name: str, edit: Callable[[Server], Server | None]) -> Server | None:
        """Change one as it is now; None when it is gone, or `edit` wants nothing changed."""
        changed: list[Server] = []

        def change(servers: Mapping[str, Server]) -> dict[str, Server]:
            new = edit(servers[name]) if name in servers else None
            if new is None:
                return dict(servers)
            changed.append(new)
            return {**servers, name: new}

        await self._change(change)
        return changed[0] if changed else None

    async def _change(self, change: Callable[[Mapping[str, Server]], dict[str, Server]]) -> None:
        async with self._lock:
            changed = Servers(servers=change((await self._read()).servers))
            with _refusals():
                await asyncio.to_thread(self._record.write, changed)
            self._known = changed

    async def _read(self) -> Servers:
        if self._known is None:
            with _refusals():
                self._known = await asyncio.to_thread(self._record.read)
        return self._known


def checked_name(name: str) -> str:
    """A name that a server can have. Raises ToolRetry."""
    if name in _TAKEN:
        raise ToolRetry(f"{name} is a server of the program's own: call it something else.")
    if _NAME.fullmatch(name) is None:
        raise ToolRetry("A server's name: lower-case letters, digits and hyphens, at most 40.")
    return name


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ToolFailed(f"The disk refuses: {error.strerror or error}.") from error


_slot: Slot[McpConfig] = Slot("The configuration of MCP servers")
get_mcp_config = _slot.get
fill_mcp_config = _slot.filled
