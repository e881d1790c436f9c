"""Chromium's DevTools over HTTP: is it there, and mending what keeps others from attaching to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Generator
from typing import cast
from urllib.parse import urlsplit

_SECONDS = 3.0
"""For a whole answer, however slowly it comes."""
_LARGEST = 4 * 2**20
"""Bytes; of each open page it says a few hundred."""


class BrowserDown(Exception):
    """Nothing answers, or what answers is no browser; the message says what, in a few words."""


def identity(url: str, seconds: float = _SECONDS) -> str:
    """What names this run of Chromium: another after each start of it. Blocks; raises BrowserDown."""
    version = _ask(url, "/json/version", seconds=seconds)
    found = cast("dict[str, object]", version).get("webSocketDebuggerUrl") if isinstance(version, dict) else None
    if not isinstance(found, str):
        raise BrowserDown("what answers there is no browser")
    return found


def open_pages(url: str) -> tuple[str, ...]:
    """The ids of the open tabs, the one that was in front last first. Blocks; raises BrowserDown."""
    listed = _ask(url, "/json/list")
    targets = cast("list[object]", listed) if isinstance(listed, list) else []
    pages = (cast("dict[str, object]", each) for each in targets if isinstance(each, dict))
    return tuple(str(page["id"]) for page in pages if page.get("type") == "page" and "id" in page)


def bring_to_front(url: str, page: str) -> None:
    """Show a tab by its id. Blocks; raises BrowserDown."""
    _ask(url, f"/json/activate/{page}", read=False)


def dismiss_dialogs(url: str) -> None:
    """Close a dialog that no driver saw open: it would keep each new one waiting. Blocks; raises BrowserDown.

    Chromium takes the dialog of a tab back when another tab comes to the front (measured with Chromium 156).
    """
    made = _ask(url, "/json/new?about:blank", method="PUT")
    target = str(cast("dict[str, object]", made).get("id")) if isinstance(made, dict) else ""
    _ask(url, f"/json/close/{target}", read=False)


def _ask(url: str, path: str, *, method: str = "GET", seconds: float = _SECONDS, read: bool = True) -> object:
    """What stands at a path. No proxy is asked and nothing is followed: the browser is here or beside it."""
    try:
        with _connected(url, seconds) as connection:
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read(_LARGEST + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise BrowserDown(str(error) or type(error).__name__) from error
    if answer.status != http.client.OK:
        raise BrowserDown(f"HTTP {answer.status}")
    if len(body) > _LARGEST:
        raise BrowserDown("what answers there is no browser")
    try:
        return json.loads(body) if read else None
    except ValueError as error:
        raise BrowserDown("what answers there is no browser") from error


@contextlib.contextmanager
def _connected(url: str, seconds: float) -> Generator[http.client.HTTPConnection]:
    """A connection that is cut after so many seconds: a timeout of a socket begins anew with each byte."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme in ("https", "wss") else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    with contextlib.closing(connection):
        connection.connect()
        cut = threading.Event()
        clock = threading.Timer(seconds, _cut, (connection.sock, cut))
        clock.daemon = True
        clock.start()
        try:
            yield connection
        except (OSError, http.client.HTTPException, ValueError):
            if cut.is_set():
                raise TimeoutError("timed out") from None
            raise
        finally:
            clock.cancel()
        if cut.is_set():
            raise TimeoutError("timed out")


def _cut(connection: socket.socket, cut: threading.Event) -> None:
    cut.set()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
