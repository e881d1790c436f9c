"""Who may reach Chromium's DevTools, and what they are told."""

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from browser_stack import BrowserStack
from jobs.sandbox.patience import PATIENCE


@pytest.mark.parametrize("host", ["browser:9223", "browser", "localhost:9223", "127.0.0.1:4711"])
def test_addresses_in_answers_are_those_by_which_the_client_came(running: BrowserStack, host: str) -> None:
    version = running.get("/json/version", Host=host).json()
    assert version["webSocketDebuggerUrl"].startswith(f"ws://{host}/devtools/browser/")
    pages = running.get("/json/list", Host=host).json()
    assert pages
    assert all(page["webSocketDebuggerUrl"].startswith(f"ws://{host}/devtools/page/") for page in pages)
    assert str(running.cdp_port) not in running.get("/json/list", Host=host).text


@pytest.mark.parametrize("path", ["/json/version", "/json/list", "/devtools/browser/x", "/healthz", "/"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "browser.evil.example:9223"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_foreign_hosts_and_web_pages_are_refused(running: BrowserStack, path: str, headers: dict[str, str]) -> None:
    assert running.get(path, **headers).status_code == 403


def test_a_web_page_cannot_open_a_tab(running: BrowserStack) -> None:
    before = running.get("/json/list").json()
    assert running.get("/json/new?http://evil.example", method="PUT", Origin="http://evil.example").status_code == 403
    assert len(running.get("/json/list").json()) == len(before)


def test_a_socket_is_given_to_a_client_and_to_no_web_page(running: BrowserStack) -> None:
    address = running.get("/json/version").json()["webSocketDebuggerUrl"]
    with connect(address, proxy=None) as connection:
        connection.send('{"id": 1, "method": "Browser.getVersion"}')
        assert "Chrome/" in str(connection.recv(timeout=PATIENCE))
    with pytest.raises(InvalidStatus, match="403"), connect(address, origin="http://evil.example", proxy=None):  # pyright: ignore
        pass


def test_nothing_but_devtools_is_behind_it(running: BrowserStack) -> None:
    assert running.get("/").status_code == 404
    assert running.get("/jsonx").status_code == 404
