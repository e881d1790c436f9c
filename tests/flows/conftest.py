from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from browser_stack import BrowserStack
from jobs.sandbox.launching import forked
from jobs.sandbox.stage import Stage
from web_site import Site, web_site


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A world of its own for each test; the daemon starts when the test says so."""
    async with Stage.open(tmp_path, launch=forked) as stage:
        yield stage
        print(*(daemon.log[-10_000:] for daemon in stage.daemons), sep="\n---- the next start\n")  # noqa: T201


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserStack]:
    with BrowserStack.running(tmp_path_factory.mktemp("browser")) as stack:
        yield stack


@pytest.fixture
def site() -> Iterator[Site]:
    with web_site() as site:
        yield site


@pytest.fixture
def with_browser(stage: Stage, browser: BrowserStack) -> BrowserStack:
    stage.extra |= {
        "BROWSER_CDP_URL": browser.url,
        "BROWSER_VNC_URL": browser.vnc_url,
        "BROWSER_DOWNLOADS_DIR": str(browser.downloads),
    }
    return browser


@pytest.fixture
def browser_of_ones_own(stage: Stage, tmp_path: Path) -> Iterator[BrowserStack]:
    """For a story in which the whole of it is ended."""
    with BrowserStack.running(tmp_path / "browser") as stack:
        stage.extra |= {"BROWSER_CDP_URL": stack.url, "BROWSER_DOWNLOADS_DIR": str(stack.downloads)}
        yield stack
