"""What becomes of the browser when a part of it ends."""

import signal
from contextlib import suppress
from pathlib import Path

import pytest

from browser_stack import BrowserStack, until
from devtools import tab
from jobs.sandbox.patience import PATIENCE
from web_site import Site

COOKIES = "document.cookie"


def test_a_killed_chromium_is_back_with_its_profile(running: BrowserStack, site: Site) -> None:
    with tab(running, f"{site.url}/") as page:
        page.run("document.cookie = 'plant=ficus; max-age=86400'")
        page.ask("Browser.close")  # what a site gives is on the disk half a minute later, or when Chromium ends
    back_after(running, running.pid("chromium"))
    killed = running.kill("chromium")
    back_after(running, killed)
    with tab(running, f"{site.url}/") as page:
        assert page.run(COOKIES) == "plant=ficus"
    running.wait_until_healthy()


def back_after(running: BrowserStack, pid: int) -> None:
    until(
        lambda: running.pid("chromium") not in (0, pid) and running.get("/healthz").status_code == 200,
        why=lambda: running.log[-2000:],
    )


@pytest.mark.parametrize("name", ["haproxy", "x11vnc", "novnc", "xvfb", "openbox"])
def test_whatever_is_killed_is_started_again(running: BrowserStack, name: str) -> None:
    killed = running.kill(name)
    until(lambda: running.pid(name) not in (0, killed))
    running.wait_until_healthy()
    with tab(running) as page:
        assert page.run("6 * 7") == 42


def test_a_stop_keeps_a_cookie_of_a_second_ago_and_leaves_nothing_behind(stack: BrowserStack, site: Site) -> None:
    stack.start()
    with tab(stack, f"{site.url}/") as page:
        page.run("document.cookie = 'kept=yes; max-age=86400'; document.cookie = 'visit=now'")
    assert stack.stop() == 0
    assert not list(stack.run.iterdir())
    stack.start()
    with tab(stack, f"{site.url}/") as page:
        assert "kept=yes" in page.run(COOKIES)
        assert "visit=now" in page.run(COOKIES)  # a login that is to last "until the browser is closed" lasts


def test_a_profile_that_was_killed_under_another_hostname_is_used_again(stack: BrowserStack) -> None:
    stack.start()
    stack.stop(signal.SIGKILL)
    for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
        with suppress(FileNotFoundError):
            (stack.profile / name).unlink()
        (stack.profile / name).symlink_to("another-host-4711")
    stack.start()
    with tab(stack) as page:
        assert page.run("6 * 7") == 42


def test_a_second_browser_on_the_same_profile_says_why_it_does_not_start(running: BrowserStack, tmp_path: Path) -> None:
    second = BrowserStack(tmp_path / "second")
    second.extra = {"PROFILE_DIR": str(running.profile)}
    process = second.spawn()
    try:
        assert process.wait(PATIENCE) == 1
        assert f"is in use by Chromium process {running.pid('chromium')}" in second.log
        assert "chromium keeps ending" in second.log
    finally:
        second.stop()
    running.wait_until_healthy()


def test_without_a_password_nobody_can_look(stack: BrowserStack) -> None:
    (stack.folder / "password").unlink()
    stack.start()
    assert "cannot be looked at" in stack.log
    assert stack.pid("x11vnc") == stack.pid("novnc") == 0


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(stack: BrowserStack) -> None:
    stack.extra = {"PROFILE_DIR": "/proc/nowhere"}
    assert stack.spawn().wait(PATIENCE) == 1
    assert "check who owns them" in stack.log
