"""Chromium's DevTools protocol, as far as the tests speak it."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from typing import Any

from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from browser_stack import BrowserStack, until
from jobs.sandbox.patience import PATIENCE


class Tab:
    """A page, driven over its own socket."""

    def __init__(self, connection: ClientConnection, target: str) -> None:
        self.target = target
        self.connection = connection
        self._ids = count(1)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method; its result."""
        number = next(self._ids)
        self.connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self.connection.recv(timeout=PATIENCE))
            if said.get("id") == number:
                assert "error" not in said, said
                return dict(said["result"])

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        result = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.ask("Page.enable")
        self.ask("Page.navigate", url=url)
        self.run(
            "new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', () => done()))"
        )


@contextmanager
def tab(stack: BrowserStack, url: str = "about:blank") -> Generator[Tab]:
    """A new tab, which stays open afterwards."""
    opened: list[Tab] = []

    def attached() -> bool:
        """Right after a restart HAProxy may still believe what it saw of Chromium before."""
        made = stack.get("/json/new?about:blank", method="PUT")
        if made.status_code == 503:
            return False
        try:
            connection = connect(made.json()["webSocketDebuggerUrl"], proxy=None)
        except InvalidStatus as refused:
            if refused.response.status_code != 503:
                raise
            return False
        opened.append(Tab(connection, made.json()["id"]))
        return True

    until(attached)
    [page] = opened
    with page.connection:
        if url != "about:blank":
            page.open(url)
        yield page
