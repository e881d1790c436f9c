"""A web server on loopback that answers GET requests, in a thread of its own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

_LONGEST_HOLD = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back."""

    body: bytes
    kind: str
    status: int = 200


class Loopback(ABC):
    """Serves while it is entered. `asked` are the paths that were asked for; while `down`, everything is a 503.

    What ends with `held` is not answered before `release` is set; `reached` says that it was asked for.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.down = False
        self.held = ""
        self.reached, self.release = threading.Event(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @abstractmethod
    def answer(self, path: str, query: Mapping[str, str]) -> Answer | None:
        """The answer to a request; None for 404. Called in a thread of the request."""

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                owner.asked.append(self.path)
                if owner.held and parts.path.endswith(owner.held):
                    owner.reached.set()
                    owner.release.wait(_LONGEST_HOLD)
                found = None if owner.down else owner.answer(unquote(parts.path), dict(parse_qsl(parts.query)))
                found = found or Answer(b"{}", "application/json", 503 if owner.down else 404)
                self.send_response(found.status)
                self.send_header("content-type", found.kind)
                self.send_header("content-length", str(len(found.body)))
                self.end_headers()
                self.wfile.write(found.body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler
