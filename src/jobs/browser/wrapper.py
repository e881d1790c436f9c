"""`playwright-cdp-wrapper`: becomes the pinned @playwright/mcp, driving the browser at BROWSER_CDP_URL.

Arguments are handed on to it. It asks for the browser's address anew whenever it has lost it, so that a Chromium that
was started again is found by the next call.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

from jobs.browser.endpoint import BrowserDown, identity

DEFAULT_URL = "http://browser:9223"
SERVER = Path(sys.prefix, "browser", "node_modules", "@playwright", "mcp", "cli.js")
"""Where scripts/fetch_playwright.sh installs it."""
INIT_PAGE = Path(__file__).with_name("init_page.js")
WAIT_SECONDS = 5.0
"""For a browser that is just starting."""
ATTACH_SECONDS = 5
"""It attaches within a second; a dialog that nobody sees would keep it waiting for ever."""


def main() -> None:
    """Exit with 1 and a sentence on stderr when there is nothing to drive, or nothing to drive it with."""
    url = os.environ.get("BROWSER_CDP_URL", "") or DEFAULT_URL
    node = shutil.which("node")
    if node is None:
        sys.exit("Node.js is missing, with which the browser is driven: install Node.js 20 or newer.")
    if not SERVER.exists():
        sys.exit("What drives the browser is not installed: run `make browser` in the folder of Jobs.")
    if (problem := _waited_for(url)) is not None:
        sys.exit(f"The browser does not answer at {url} ({problem}): start it, or correct BROWSER_CDP_URL.")
    options = ["--cdp-endpoint", url, "--cdp-timeout", str(ATTACH_SECONDS * 1000), "--init-page", str(INIT_PAGE)]
    os.execve(node, [node, str(SERVER), *options, "--no-webmcp", *sys.argv[1:]], dict(os.environ))  # noqa: S606


def _waited_for(url: str) -> str | None:
    """Why there is no browser; None once there is one."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            identity(url)
        except BrowserDown as error:
            if time.monotonic() > end:
                return str(error)
            time.sleep(0.2)
        else:
            return None


if __name__ == "__main__":
    main()
