"""The command that starts what drives the browser."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from jobs.sandbox.patience import PATIENCE
from loopback import free_port

COMMAND = Path(sys.executable).with_name("playwright-cdp-wrapper")


def run(**env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND], env={"PATH": os.environ["PATH"], **env}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_it_says_in_a_sentence_that_the_browser_is_down() -> None:
    ended = run(BROWSER_CDP_URL=(url := f"http://127.0.0.1:{free_port()}"))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"The browser does not answer at {url} (")
    assert len(ended.stderr.splitlines()) == 1
    assert not ended.stdout


def test_it_waits_for_a_browser_that_is_just_starting() -> None:
    asked: list[str] = []

    class Starting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            said = b'{"webSocketDebuggerUrl": "ws://127.0.0.1:9/"}' if len(asked) > 1 else b""
            self.send_response(200 if said else 503)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Starting) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        ended = run(BROWSER_CDP_URL=f"http://127.0.0.1:{server.server_port}")  # what it starts ends with its input
        server.shutdown()
        thread.join()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert asked == ["/json/version"] * 2


def test_without_node_it_says_what_to_install(tmp_path: Path) -> None:
    ended = run(PATH=str(tmp_path))
    assert ended.returncode == 1
    assert "install Node.js 20" in ended.stderr
