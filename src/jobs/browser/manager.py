"""The browser, as the sessions have it: an MCP server `browser` whose process runs only while it is used."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import shutil
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from jobs.browser import definitions
from jobs.browser.driver import Driver, DriverFailed, Launch
from jobs.browser.endpoint import BrowserDown, identity
from jobs.core.errors import ToolRetry
from jobs.core.open_folders import OpenFolders

if TYPE_CHECKING:
    from mcp.types import CallToolResult

log = logging.getLogger(__name__)

SEEN = "browser"
"""The file in the data folder that says at which address a browser has answered."""
IDLE_SECONDS = 600.0
"""Of the owner's session. The driver takes 130 MB."""
ERRAND_IDLE_SECONDS = 2_100.0
"""Of an errand's: a question to its owner may wait for half an hour, and the page has to be there then."""
LARGEST_GIVEN = 50 * 2**20
"""Bytes: more is not sent to a browser that is not on this machine."""
_ASK_AGAIN = 60.0
_PATIENCE = 0.3


class Configured(Protocol):
    """The settings that concern the browser."""

    browser_cdp_url: str | None
    browser_vnc_url: str
    browser_downloads_dir: Path
    workspace_dir: Path
    data_dir: Path


class Browser:
    """Nothing of it is told to any model before the browser has answered once at the address that is set."""

    def __init__(self, settings: Configured, environment: Mapping[str, str]) -> None:
        self._url = settings.browser_cdp_url or ""
        self._vnc_url = settings.browser_vnc_url
        self._downloads = settings.browser_downloads_dir
        self._seen = settings.data_dir / SEEN
        self._launch = Launch(
            url=self._url,
            output=settings.workspace_dir / "browser",
            root=settings.workspace_dir,
            environment=environment,
        )
        self._given = OpenFolders((settings.workspace_dir, self._downloads), settings.data_dir)
        self._drivers: dict[str, Driver] = {}
        self._told: dict[str, set[tuple[str, int]]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._known: bool | None = None
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = -_ASK_AGAIN

    @property
    def known(self) -> bool:
        """Whether sessions are given it."""
        return bool(self._url and self._known)

    async def fingerprint(self) -> str:
        """See `core.ports.Fingerprint`. A browser that is not known yet is looked for, once a minute at most."""
        if self._url and self._known is None:
            self._known = await asyncio.to_thread(self._was_seen)
        if self._url and not self._known and time.monotonic() - self._asked_at >= _ASK_AGAIN:
            self._asked_at = time.monotonic()
            self._asking = asyncio.create_task(self._look(), name="browser")
            await asyncio.wait({self._asking}, timeout=_PATIENCE)
        return "browser" if self.known else ""

    async def call(self, session_key: str, name: str, arguments: dict[str, Any], *, own_tab: bool) -> CallToolResult:
        """Make a call for a session; whatever goes wrong is told in the result."""
        before = self._told.setdefault(session_key, await asyncio.to_thread(self._files))
        try:
            if name == definitions.HAND_OVER:
                return _said(_HAND_OVER.format(url=self._vnc_url))
            if name == definitions.DOWNLOADS:
                return _said(await asyncio.to_thread(self._listed))
            allowed = next(tool for tool in definitions.definitions() if tool["name"] == name)["inputSchema"]
            if unknown := sorted(arguments.keys() - allowed["properties"].keys()):
                return _said(f"{name} has no parameter {', '.join(unknown)}; nothing was done.", failed=True)
            async with self._copies(arguments) as given:
                answer = await self._driver(session_key, own_tab=own_tab).call(name, given)
        except (DriverFailed, ToolRetry) as error:
            return _said(str(error), failed=True)
        now = await asyncio.to_thread(self._files)
        if fresh := now - before:
            self._told[session_key] = now
            lines = "\n".join(f"- {_shown(self._downloads / file)}" for file, _ in sorted(fresh))
            answer.content.extend(_said(f"### Downloaded\n{lines}").content)
        return answer

    def leave(self, session_key: str) -> None:
        """A session needs the browser no more: what drives it is ended and its own tabs are closed. Returns at once."""
        self._told.pop(session_key, None)
        driver = self._drivers.pop(session_key, None)
        if driver is not None:
            leaving = asyncio.create_task(driver.close(), name=f"browser of {session_key}")
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def run(self) -> None:
        """Until cancelled; then every driver is ended."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            if self._asking is not None:
                self._asking.cancel()
            closing = (driver.close() for driver in self._drivers.values())
            await asyncio.gather(*closing, *self._leaving, return_exceptions=True)

    def _driver(self, session_key: str, *, own_tab: bool) -> Driver:
        if session_key not in self._drivers:
            idle = ERRAND_IDLE_SECONDS if own_tab else IDLE_SECONDS
            self._drivers = {key: driver for key, driver in self._drivers.items() if driver.running}
            self._drivers[session_key] = Driver(self._launch, own_tab=own_tab, idle_seconds=idle)
        return self._drivers[session_key]

    @asynccontextmanager
    async def _copies(self, arguments: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        """The arguments with copies in place of the files that are given to a site. Raises ToolRetry.

        The server takes files of the workspace alone, and what it is to take must not be exchanged on the way.
        """
        paths: list[str] = arguments.get("paths") or []
        if not paths:
            yield arguments
            return
        folder = self._launch.output / f"given-{secrets.token_hex(4)}"
        try:
            yield {**arguments, "paths": [await asyncio.to_thread(self._copy, path, folder) for path in paths]}
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _copy(self, path: str, folder: Path) -> str:
        file = self._given.file(path)
        if (size := file.stat().st_size) > LARGEST_GIVEN:
            raise ToolRetry(f"{file} has {size} bytes; a site can be given {LARGEST_GIVEN} at once.")
        into = folder / secrets.token_hex(4)
        into.mkdir(parents=True)
        shutil.copyfile(file, into / file.name)
        return str(into / file.name)

    async def _look(self) -> None:
        try:
            await asyncio.to_thread(identity, self._url)
            await asyncio.to_thread(self._note_seen)
        except (BrowserDown, OSError) as error:
            log.debug("There is no browser at %s: %s", self._url, error)
            return
        self._known = True

    def _was_seen(self) -> bool:
        try:
            return self._seen.read_text(encoding="utf-8") == self._url
        except OSError:
            return False

    def _note_seen(self) -> None:
        self._seen.touch(mode=0o600)
        self._seen.write_text(self._url, encoding="utf-8")

    def _files(self) -> set[tuple[str, int]]:
        """The downloads that are complete, each with its time."""
        try:
            return {
                (path.name, path.stat().st_mtime_ns)
                for path in self._downloads.iterdir()
                if path.is_file() and path.suffix != ".crdownload" and not path.name.startswith(".")
            }
        except OSError:
            return set()

    def _listed(self) -> str:
        newest = sorted(self._files(), key=lambda file: -file[1])[:50]
        return "\n".join(f"- {_shown(self._downloads / name)}" for name, _ in newest) or "Nothing has been downloaded."


_HAND_OVER = (
    "Send the owner this link: {url} (it asks for the browser's own password). They see this very browser there and "
    "type into it themselves. Ask them to tell you when they are done; never ask for a password or a code in the chat."
)


def _shown(file: Path) -> str:
    """A path in one line; one with signs that cannot be seen, as JSON has it."""
    return str(file) if str(file).isprintable() else json.dumps(str(file))


def _said(text: str, *, failed: bool = False) -> CallToolResult:
    from mcp.types import CallToolResult  # noqa: PLC0415 - heavy

    return CallToolResult.model_validate({"content": [{"type": "text", "text": text}], "isError": failed})
