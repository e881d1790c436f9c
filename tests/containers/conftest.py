"""Takes minutes and root: `make test-containers` alone collects what is here."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from contained import Assistant, BrowserContainer
from images import CHECKOUT, build, podman

from jobs.sandbox.stage import Stage
from web_site import Site, web_site

FOLDER = os.environ.get("JOBS_CONTAINERS", "")
collect_ignore_glob = [] if FOLDER else ["test_*.py"]


@pytest.fixture(scope="session")
def images() -> float:
    """Both images are built; the seconds that it took."""
    began = time.monotonic()
    build(Path(FOLDER))
    return time.monotonic() - began


@pytest.fixture(scope="module")
def browser(images: float, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContainer]:
    container = BrowserContainer(tmp_path_factory.mktemp("browser"), f"browser-{os.getpid()}")
    try:
        container.start()
        yield container
    finally:
        container.stop()
        podman("volume", "rm", "--force", *container.volumes, check=False)


@pytest.fixture
def assistant(browser: BrowserContainer, tmp_path: Path) -> Iterator[Assistant]:
    shutil.copytree(CHECKOUT / "skills", tmp_path / "skills")
    assistant = Assistant(f"jobs-{os.getpid()}", tmp_path / "skills", browser)
    try:
        yield assistant
    finally:
        podman("rm", "--force", "--ignore", *assistant.started, check=False)
        podman("volume", "rm", "--force", f"{assistant.name}-workspace", check=False)


@pytest.fixture
async def stage(tmp_path: Path, browser: BrowserContainer, assistant: Assistant) -> AsyncIterator[Stage]:
    """The daemon that it starts is a container."""
    async with Stage.open(tmp_path, launch=assistant) as stage:
        stage.extra |= {"BROWSER_CDP_URL": browser.url, "BROWSER_VNC_URL": browser.vnc_url}
        yield stage


@pytest.fixture
def site() -> Iterator[Site]:
    with web_site() as site:
        yield site
