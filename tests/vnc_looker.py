"""Somebody who looks at a browser through noVNC, in a browser of their own."""

from __future__ import annotations

from browser_stack import PASSWORD, BrowserStack, until
from devtools import Tab, tab
from web_site import GREEN, Site

_PIXEL = """(() => {
  const canvas = document.querySelector('#noVNC_container canvas, #noVNC_screen canvas');
  if (!canvas || canvas.width < 100) return null;
  return [...canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data.slice(0, 3)];
})()"""


def look(running: BrowserStack, looker: BrowserStack, site: Site) -> None:
    """Nothing is seen with a wrong password, and with the right one what the page shows."""
    with tab(running, f"{site.url}/green") as seen, tab(looker, f"{running.vnc_url}?autoconnect=true") as page:
        seen.ask("Page.bringToFront")
        _give(page, "wrong")
        until(lambda: "failed" in page.run("document.querySelector('#noVNC_status').textContent").lower())
        assert page.run(_PIXEL) is None
        page.open(f"{running.vnc_url}?autoconnect=true&again")
        _give(page, PASSWORD)
        until(lambda: page.run(_PIXEL) == list(GREEN), why=lambda: page.run(_PIXEL))


def _give(page: Tab, password: str) -> None:
    until(lambda: page.run("document.querySelector('#noVNC_credentials_dlg.noVNC_open') !== null"))
    page.run(f"document.querySelector('#noVNC_password_input').value = {password!r}")
    page.run("document.querySelector('#noVNC_credentials_button, #noVNC_password_button').click()")
