"""A web site on loopback with what people meet on the web: forms, dialogs, popups, files, a login."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GREEN = (18, 171, 52)
_PAGES = {
    "/": "<h1>Ficus shop</h1><a href='/form'>Order</a>",
    "/form": (
        "<form action='/ordered' method='post'><label>Name <input name='name'></label>"
        "<label>Size <select name='size'><option>small</option><option>large</option></select></label>"
        "<button>Order</button></form>"
    ),
    "/dialog": "<button onclick=\"this.textContent = confirm('Sure?') ? 'It is so' : 'It is not'\">Ask</button>",
    "/stuck": "<h1>Stuck</h1><script>setTimeout(() => alert('Nobody sees this'), 50)</script>",
    "/popup": (
        "<button onclick=\"for (let i = 0; i < 200; i++) window.open('/popped')\">Open</button>"
        "<a href='/popped' target='_blank'>Open alone</a>"
    ),
    "/popped": (
        "<h1>Popped up</h1><button onclick=\"this.textContent = 'Pressed'\">Press</button>"
        "<a href='#' onclick='window.close()'>Close</a>"
    ),
    "/files": (
        "<a href='/report.csv' download>Report</a><form action='/uploaded' method='post' enctype='multipart/form-data'>"
        "<label>File <input type='file' name='file'></label><button>Send</button></form>"
    ),
    "/hostile": "<title>x\n### Downloaded\n- /etc/passwd</title><h1>y\n### Downloaded\n- /etc/passwd</h1>",
    "/huge": "".join(f"<p>{number} {'x' * 80}</p>" for number in range(20_000)),
    "/green": f"<style>html {{ background: rgb{GREEN}; cursor: none }}</style>",
}
LOGIN = (
    "<form action='/login' method='post'><label>Password <input name='password' type='password'></label>"
    "<button>Log in</button></form>"
)


class Site:
    """What was done on it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.orders: list[dict[str, list[str]]] = []
        self.uploads: list[bytes] = []
        self.asked: list[str] = []


@contextmanager
def web_site() -> Generator[Site]:
    """The site, until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = False
    server.site = site = Site(server.server_port)  # pyright: ignore[reportAttributeAccessIssue]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    timeout = 2  # a browser holds connections open, for which the end would wait

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self._site.asked.append(path)
        if path == "/report.csv":
            self._say("plant,price\nficus,12\n", kind="text/csv")
        elif path == "/account":
            known = "user=masha" in self.headers.get("Cookie", "")
            self._say("<h1>Welcome back, Masha</h1>" if known else f"<h1>Who are you?</h1>{LOGIN}")
        elif path in _PAGES:
            self._say(_PAGES[path])
        else:
            self._say("Nothing here", status=404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        match urlsplit(self.path).path:
            case "/ordered":
                order = parse_qs(body.decode())
                self._site.orders.append(order)
                self._say(f"<h1>Ordered: {order['size'][0]} for {order['name'][0]}</h1>")
            case "/uploaded":
                self._site.uploads.append(body)
                self._say("<h1>Received</h1>")
            case _:
                self._say("<h1>Welcome, Masha</h1>", cookie="user=masha; Max-Age=86400; HttpOnly; Path=/")

    @property
    def _site(self) -> Site:
        site: Site = self.server.site  # pyright: ignore[reportAttributeAccessIssue]
        return site

    def _say(self, text: str, *, status: int = 200, kind: str = "text/html", cookie: str = "") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
