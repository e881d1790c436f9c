"""Which tab of the browser a session works in."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser_stack import BrowserStack
from devtools import tab
from jobs.browser.driver import Driver, DriverFailed, Launch
from web_site import Site

if TYPE_CHECKING:
    from mcp.types import CallToolResult


@pytest.fixture
def launch(running: BrowserStack, tmp_path: Path) -> Launch:
    return Launch(url=running.url, output=tmp_path / "browser", root=tmp_path, environment={})


@pytest.fixture
async def errand(launch: Launch) -> AsyncGenerator[Driver]:
    driver = Driver(launch, own_tab=True, idle_seconds=600)
    yield driver
    await driver.close()


def text(answer: "CallToolResult") -> str:
    return "\n".join(part.text for part in answer.content if part.type == "text")


async def test_a_page_is_photographed_though_another_tab_is_in_front(
    running: BrowserStack, launch: Launch, site: Site
) -> None:
    driver = Driver(launch, own_tab=False, idle_seconds=600)
    try:
        await driver.call("browser_navigate", {"url": f"{site.url}/green"})
        with tab(running, f"{site.url}/") as other:
            other.ask("Page.bringToFront")
            answers = [text(await driver.call("browser_take_screenshot", {})) for _ in "12"]
    finally:
        await driver.close()
    assert all("Screenshot of viewport" in answer for answer in answers)


async def test_an_errand_photographs_its_tab_and_the_owner_goes_on_looking_at_theirs(
    running: BrowserStack, errand: Driver, site: Site
) -> None:
    await errand.call("browser_navigate", {"url": f"{site.url}/green"})
    with tab(running, f"{site.url}/form") as other:
        other.ask("Page.bringToFront")
        answers = [text(await errand.call("browser_take_screenshot", {})) for _ in "12"]
    assert all("Screenshot of viewport" in answer for answer in answers)
    assert running.pages[0] == f"{site.url}/form"


async def test_what_an_errand_opens_is_closed_with_it_and_nothing_else(
    running: BrowserStack, errand: Driver, site: Site
) -> None:
    with tab(running, f"{site.url}/form"):
        pass
    before = sorted(running.pages)
    await errand.call("browser_navigate", {"url": f"{site.url}/popup"})
    await errand.call("browser_click", {"target": "button"})  # which asks for 200
    await errand.call("browser_click", {"target": "a"})
    await errand.call("browser_tabs", {"action": "new"})
    opened = running.pages
    assert opened.count(f"{site.url}/popped") == 2
    assert len(opened) == len(before) + 4
    await errand.close()
    assert sorted(running.pages) == before


async def test_an_errand_whose_popup_closes_itself_is_back_in_its_own_tab(
    running: BrowserStack, errand: Driver, site: Site
) -> None:
    await errand.call("browser_navigate", {"url": f"{site.url}/popup"})
    with tab(running, f"{site.url}/form"):
        pass
    await errand.call("browser_click", {"target": "button"})
    listed = text(await errand.call("browser_tabs", {"action": "list"}))
    [popup] = re.findall(r"- (\d+): .*/popped", listed)
    await errand.call("browser_tabs", {"action": "select", "index": int(popup)})
    await errand.call("browser_click", {"target": "a"})
    assert f"{site.url}/popped" not in running.pages
    assert f"Page URL: {site.url}/popup" in text(await errand.call("browser_snapshot", {}))


async def test_an_errand_cannot_close_a_tab_of_the_owners(running: BrowserStack, errand: Driver, site: Site) -> None:
    before = running.pages
    await errand.call("browser_navigate", {"url": f"{site.url}/green"})
    with pytest.raises(DriverFailed, match="the owner's"):
        await errand.call("browser_tabs", {"action": "close", "index": 0})
    await errand.call("browser_tabs", {"action": "select", "index": 0})
    with pytest.raises(DriverFailed, match="the owner's"):
        await errand.call("browser_tabs", {"action": "close"})
    await errand.call("browser_close", {})
    assert sorted(running.pages) == sorted(before)
    snapshot = text(await errand.call("browser_snapshot", {}))
    assert "Page URL: about:blank" in snapshot
    assert len(running.pages) == len(before) + 1
