"""What answers at the address of the browser may be anything."""

import itertools
import socket
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress

import pytest

from jobs.browser.endpoint import BrowserDown, identity, open_pages
from jobs.sandbox.patience import PATIENCE

OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def saying(parts: Iterable[bytes], *, pause: float = 0.0) -> Generator[str]:
    """A server that answers one request with these bytes until it is hung up on; yields its address."""
    over = threading.Event()

    def answer() -> None:
        with suppress(OSError):
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                for part in parts:
                    connection.sendall(part)
                    if over.wait(pause):
                        return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], "SSH"),
        ([OK + b"Content-Length: 13\r\n\r\n<h1>Hello</h1>"], "no browser"),
        ([OK + b"Content-Length: 2\r\n\r\n[]"], "no browser"),
        ([OK + b"Content-Length: 30\r\n\r\n", b'{"webSocketDebuggerUrl": null}'], "no browser"),
        ([b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"], "HTTP 302"),
        ([b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"], "HTTP 500"),
        (itertools.chain([OK + b"\r\n"], itertools.repeat(b"x" * 65536)), "no browser"),
    ],
    ids=["ssh", "page", "list", "null", "redirect", "error", "endless"],
)
def test_what_is_no_browser_is_called_so(parts: Iterable[bytes], why: str) -> None:
    with saying(parts) as url, pytest.raises(BrowserDown, match=why):
        identity(url)


@pytest.mark.parametrize("first", [b"", OK, OK + b"Content-Length: 100000\r\n\r\n"], ids=["nothing", "head", "body"])
def test_an_answer_that_drips_is_waited_for_no_longer_than_one_that_does_not_come(first: bytes) -> None:
    drops = itertools.chain([first], itertools.repeat(b"x"))
    with saying(drops, pause=0.1) as url, pytest.raises(BrowserDown, match="timed out"):
        identity(url, 0.5)


def test_pages_are_those_that_have_an_id() -> None:
    body = b'[{"type": "page", "id": "a"}, {"type": "iframe", "id": "b"}, {"type": "page"}, 7]'
    with saying([OK + b"Content-Length: %d\r\n\r\n" % len(body), body]) as url:
        assert open_pages(url) == ("a",)
