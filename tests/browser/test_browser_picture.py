"""The owner looks at the browser through noVNC, in a browser of their own."""

from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest

from browser_stack import BrowserStack
from vnc_looker import look
from web_site import Site


@pytest.fixture
def looker(tmp_path: Path) -> Generator[BrowserStack]:
    """The browser of somebody who looks."""
    with BrowserStack.running(tmp_path / "looker", looked_at=False) as stack:
        yield stack


def test_it_shows_what_the_page_shows_to_whom_has_the_password(
    running: BrowserStack, looker: BrowserStack, site: Site
) -> None:
    look(running, looker, site)


def test_the_page_of_novnc_is_there_for_its_owner_to_open(running: BrowserStack) -> None:
    assert "noVNC" in httpx2.get(running.vnc_url, trust_env=False).text
