from collections.abc import Generator
from pathlib import Path

import pytest

from browser_stack import BrowserStack
from web_site import Site, web_site


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[BrowserStack]:
    """A browser that the tests of a file share; each leaves it healthy."""
    with BrowserStack.running(tmp_path_factory.mktemp("browser")) as stack:
        yield stack


@pytest.fixture
def stack(tmp_path: Path) -> Generator[BrowserStack]:
    """A browser for one test, not started yet."""
    stack = BrowserStack(tmp_path / "browser")
    yield stack
    stack.stop()


@pytest.fixture
def site() -> Generator[Site]:
    with web_site() as site:
        yield site
