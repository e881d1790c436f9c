"""What drives the browser for one session: a Node process that is started by the first call and ended when idle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from jobs.browser.endpoint import BrowserDown, bring_to_front, dismiss_dialogs, identity, open_pages

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp.client import ClientRequestContext
    from mcp.types import CallToolResult

log = logging.getLogger(__name__)
T = TypeVar("T")

START_SECONDS = 30.0
CALL_SECONDS = 120.0
_END_SECONDS = 5.0
# What a tab of the errand opens is the errand's too.
_MARK = """async (page) => {
  const own = (each) => { if (!each.ofThisErrand) { each.ofThisErrand = true; each.on('popup', own); } };
  own(page);
}"""
_CLOSE_OWN = """async (page) => {
  await Promise.all(page.context().pages().filter((each) => each.ofThisErrand).map((each) => each.close()));
}"""
_IS_OWN = "async (page) => Boolean((%s).ofThisErrand)"
_OWN_TAB = """async (page) => {
  const pages = page.context().pages();
  return page.ofThisErrand ? -1 : pages.length - 1 - pages.reverse().findIndex((each) => each.ofThisErrand);
}"""
"""-1 where it is in a tab of its own, else which tab that is; as many as there are tabs for none."""
_TO_FRONT = "async (page) => { await page.bringToFront(); }"
_STUCK = "initializeServer: Timeout"
"""What the server says when it cannot attach, as it is while a dialog is open that nobody has seen open."""


class DriverFailed(Exception):
    """The call was not made, or its outcome is unknown; the message tells the model what to do."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How the process is started, the same for every session."""

    url: str
    output: Path
    """Where screenshots and snapshots go."""
    root: Path
    """The folder whose files may be given to a site."""
    environment: Mapping[str, str]


class Driver:
    """The calls of one session. `own_tab`: it works in a tab of its own, closed in the end; else in the owner's."""

    def __init__(self, launch: Launch, *, own_tab: bool, idle_seconds: float) -> None:
        self._launch = launch
        self._own_tab = own_tab
        self._idle_seconds = idle_seconds
        self._turn = asyncio.Lock()
        self._session: ClientSession | None = None
        self._running: asyncio.Task[None] | None = None
        self._bell = asyncio.Event()
        self._ending = False
        self._browser = ""
        self._pages: frozenset[str] = frozenset()

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._running is not None and not self._running.done()

    async def call(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        """Make a call, starting what is needed for it. Raises DriverFailed."""
        async with self._turn:
            if self._own_tab and name == "browser_close":  # to the server it means to let go of all tabs
                await self.close()
                return _said("### Result\nThe tabs of this errand are closed. Navigate to open another.")
            session = await self._live()
            if self._own_tab:
                await self._stay(session, name, arguments)
            front = await self._show(session) if name == "browser_take_screenshot" else None
            answer = await self._bounded(session, name, arguments)
            if answer.is_error and _STUCK in _text(answer):
                await self._ask(dismiss_dialogs)
                answer = await self._bounded(session, name, arguments)
            if self._own_tab and (name, arguments.get("action")) == ("browser_tabs", "new"):
                await self._run_code(session, _MARK)
            if front is not None:
                await self._ask(bring_to_front, front)
            self._bell.set()
            return answer

    async def close(self) -> None:
        """End the process, and close the tabs of its own."""
        running, self._running = self._running, None
        if running is None:
            return
        self._ending = True
        self._bell.set()
        done, _ = await asyncio.wait({running}, timeout=2 * _END_SECONDS)
        if not done:
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def _bounded(self, session: ClientSession, name: str, arguments: dict[str, Any]) -> CallToolResult:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await session.call_tool(name, arguments)
        except TimeoutError:
            reason = f"The browser did not answer within {CALL_SECONDS:.0f} s; what came of the call is not known."
        except Exception as error:  # noqa: BLE001 - whatever the client makes of a process that ends
            reason = f"What drives the browser has ended ({type(error).__name__}); what came of the call is not known."
        await self._end_now()
        raise DriverFailed(f"{reason} Take a snapshot before you go on.")

    async def _live(self) -> ClientSession:
        """The session of a running process. After a restart of the browser it is a new one: its tabs are others."""
        try:
            browser = await asyncio.to_thread(identity, self._launch.url)
        except BrowserDown as error:
            raise DriverFailed(_down(self._launch.url, str(error))) from None
        if self.running and self._session is not None and browser == self._browser:
            return self._session
        await self._end_now()
        self._browser = browser
        ready: asyncio.Future[ClientSession] = asyncio.get_running_loop().create_future()
        self._ending = False
        self._bell.clear()
        self._running = asyncio.create_task(self._run(ready), name="browser driver")
        async with asyncio.timeout(START_SECONDS + _END_SECONDS):
            return await ready

    async def _run(self, ready: asyncio.Future[ClientSession]) -> None:
        try:
            async with self._connected() as session:
                if self._own_tab:
                    await self._open_own(session)
                self._session = session
                ready.set_result(session)
                await self._until_idle()
                if self._own_tab:
                    async with asyncio.timeout(_END_SECONDS):
                        await session.call_tool("browser_run_code_unsafe", {"code": _CLOSE_OWN})
        except Exception as error:  # noqa: BLE001 - whatever the client makes of a process that ends
            if not ready.done():
                ready.set_exception(DriverFailed(_down(self._launch.url, self._complaint(error))))
            else:
                log.warning("What drives the browser has ended: %s", error)
        finally:
            self._session = None
            if not ready.done():
                ready.cancel()

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[ClientSession]:
        from mcp import ClientSession, StdioServerParameters  # noqa: PLC0415 - heavy
        from mcp.client.stdio import stdio_client  # noqa: PLC0415
        from mcp.types import ListRootsResult  # noqa: PLC0415

        launch = self._launch

        async def roots(context: ClientRequestContext) -> ListRootsResult:
            del context
            return ListRootsResult.model_validate({"roots": [{"uri": launch.root.as_uri()}]})

        await asyncio.to_thread(launch.output.mkdir, parents=True, exist_ok=True)
        options = ["--output-dir", str(launch.output), "--file-paths", "absolute", "--codegen", "none"]
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "jobs.browser.wrapper", *options, "--output-max-size", str(200 * 2**20)],
            env={"BROWSER_CDP_URL": launch.url, **launch.environment},
            cwd=launch.output,
        )
        with self._complaints.open("w", encoding="utf-8") as complaints:
            async with (
                stdio_client(server, errlog=complaints) as streams,
                ClientSession(*streams, list_roots_callback=roots) as session,
            ):
                async with asyncio.timeout(START_SECONDS):
                    await session.initialize()
                yield session

    async def _stay(self, session: ClientSession, name: str, arguments: Mapping[str, Any]) -> None:
        """See to it that a call is made in a tab of its own: when one closes, another becomes the current one.

        Raises DriverFailed for a call that would close a tab of the owner's.
        """
        pages = frozenset(await self._ask(open_pages) or ())
        gone, self._pages = self._pages - pages, pages
        if gone:
            found = await self._run_code(session, _OWN_TAB)
            if found.isdecimal() and int(found) < len(pages):
                await self._bounded(session, "browser_tabs", {"action": "select", "index": int(found)})
            elif found != "-1":
                await self._open_own(session)
        if (name, arguments.get("action")) == ("browser_tabs", "close"):
            index = arguments.get("index")
            which = f"page.context().pages()[{index:d}] || page" if isinstance(index, int) else "page"
            if await self._run_code(session, _IS_OWN % which) == "false":
                raise DriverFailed("That tab is the owner's: leave it open. Nothing was done.")

    async def _show(self, session: ClientSession) -> str | None:
        """Bring the tab to the front; returns which one is to be there again afterwards.

        Of a tab in the background every other picture hangs (measured with Chromium 156).
        """
        front = next(iter(await self._ask(open_pages) or ()), None)
        await self._run_code(session, _TO_FRONT)
        return front if self._own_tab else None

    async def _ask(self, ask: Callable[..., T], *arguments: str) -> T | None:
        """What DevTools answer; None for nothing."""
        try:
            return await asyncio.to_thread(ask, self._launch.url, *arguments)
        except BrowserDown as error:
            log.debug("%s", error)
            return None

    async def _run_code(self, session: ClientSession, code: str) -> str:
        """What a function of the page returns, as JSON; "" where that is unknown, as while a dialog is open."""
        answer = await self._bounded(session, "browser_run_code_unsafe", {"code": code})
        said = _text(answer).split("\n")
        return said[1] if not answer.is_error and said[0] == "### Result" else ""

    async def _open_own(self, session: ClientSession) -> None:
        answer = await session.call_tool("browser_tabs", {"action": "new"})
        if answer.is_error and _STUCK in _text(answer):
            await self._ask(dismiss_dialogs)
            answer = await session.call_tool("browser_tabs", {"action": "new"})
        if answer.is_error:
            raise DriverFailed(_text(answer)[:300])
        await session.call_tool("browser_run_code_unsafe", {"code": _MARK})
        self._pages = frozenset(await self._ask(open_pages) or ())

    async def _until_idle(self) -> None:
        while not self._ending:
            try:
                async with asyncio.timeout(self._idle_seconds):
                    await self._bell.wait()
                self._bell.clear()
            except TimeoutError:
                if not self._turn.locked():
                    return

    async def _end_now(self) -> None:
        running, self._running, self._session = self._running, None, None
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    @property
    def _complaints(self) -> Path:
        return self._launch.output / "driver.log"

    def _complaint(self, error: BaseException) -> str:
        if isinstance(error, DriverFailed):
            return str(error)
        with contextlib.suppress(OSError):
            if said := self._complaints.read_text(encoding="utf-8", errors="replace").strip():
                return said[-300:]
        return type(error).__name__


def _down(url: str, why: str) -> str:
    return (
        f"The browser at {url} cannot be used now ({why}). It comes back by itself after a crash: try again in a few "
        "seconds; if that fails, tell the owner to run `jobs doctor`."
    )


def _said(text: str) -> CallToolResult:
    from mcp.types import CallToolResult  # noqa: PLC0415 - heavy

    return CallToolResult.model_validate({"content": [{"type": "text", "text": text}]})


def _text(answer: CallToolResult) -> str:
    return "\n".join(part.text for part in answer.content if part.type == "text")
