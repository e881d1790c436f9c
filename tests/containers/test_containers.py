"""Both images together: the assistant's session at the browser's Chromium, through HAProxy, as people will run them."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from contained import AS_ROOT, Assistant, BrowserContainer
from images import ASSISTANT, BROWSER, podman, size
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from browser_desk import results, say, use
from browser_stack import BrowserStack, until
from jobs.sandbox.claude import Rules, call
from jobs.sandbox.stage import Stage
from vnc_looker import look
from web_site import Site

pytestmark = pytest.mark.containers


def told(stage: Stage) -> str:
    """All that the tools have told the model."""
    return "\n".join(results(stage))


def orders(stage: Stage, site: Site) -> Rules:
    """What the model does at which word of the owner's."""

    def latest(pattern: str) -> str:
        return re.findall(pattern, told(stage))[-1]

    rules = Rules()
    use(rules, "go to the form", "navigate", url=f"{site.url}/form")
    use(rules, "my name", "type", target="input[name=name]", text="Masha")
    use(rules, "the size", "select_option", target="select", values=["large"])
    use(rules, "press it", "click", target="button")
    use(rules, "go to the dialog", "navigate", url=f"{site.url}/dialog")
    use(rules, "say yes to it", "handle_dialog", accept=True)
    use(rules, "go to the popup", "navigate", url=f"{site.url}/popup")
    use(rules, "which tabs", "tabs", action="list")
    popup = r"- (\d+):[^\n]*/popped"
    rules.on_text("into it", lambda _: call("mcp__browser__browser_tabs", action="select", index=int(latest(popup))))
    use(rules, "close the popup", "tabs", action="close")
    use(rules, "go to the files", "navigate", url=f"{site.url}/files")
    use(rules, "fetch it", "click", target="a")
    use(rules, "wait a second", "wait_for", time=1)
    copy = "cp /browser-downloads/report.csv /workspace/"  # only files of the workspace are given to sites
    rules.on_text("take it over", lambda _: call("Bash", command=copy, description="Copies the report"))
    use(rules, "choose a file", "click", target="input[type=file]")
    use(rules, "that report", "file_upload", paths=["/workspace/report.csv"])
    rules.on_text("send it to me", lambda _: call("mcp__jobs__send_file", path="/browser-downloads/report.csv"))
    use(rules, "go to the green", "navigate", url=f"{site.url}/green")
    use(rules, "take a picture", "take_screenshot")
    picture = r"\((/\S+\.png)\)"
    rules.on_text("show me", lambda _: call("mcp__jobs__send_file", path=latest(picture)))
    use(rules, "go to my account", "navigate", url=f"{site.url}/account")
    use(rules, "log in", "type", target="input[name=password]", text="secret", submit=True)
    use(rules, "look at it", "snapshot")
    return rules.on_result(".", "Done.")


@pytest.fixture
def report(record_property: Callable[[str, object], None], images: float) -> Callable[[float, float], None]:
    """Leaves the figures in the summary: seconds until the assistant was ready, and the browser healthy."""

    def told(ready: float, healthy: float) -> None:
        record_property(
            "table",
            f"built in {images:.0f} s: assistant {size(ASSISTANT)} MB, browser {size(BROWSER)} MB; "
            f"assistant ready after {ready:.1f} s, browser healthy after {healthy:.1f} s",
        )

    return told


async def test_the_assistant_uses_the_browser_as_a_person_would(
    stage: Stage, site: Site, assistant: Assistant, browser: BrowserContainer, report: Callable[[float, float], None]
) -> None:
    stage.claude.script = orders(stage, site)
    began = time.monotonic()
    await stage.start()
    ready = time.monotonic() - began
    assert "Well: Telegram" in assistant.inside("jobs", "health")
    owner = await stage.person()
    await say(owner, "go to the form", "my name", "the size", "press it")
    assert site.orders == [{"name": ["Masha"], "size": ["large"]}]
    await say(owner, "go to the dialog", "press it", "say yes to it", "look at it")
    assert "It is so" in told(stage)
    await say(owner, "go to the popup", "press it", "which tabs", "into it", "press it", "look at it")
    assert "Pressed" in told(stage)
    await say(owner, "close the popup", "go to the files", "fetch it", "wait a second")
    assert "### Downloaded\n- /browser-downloads/report.csv" in told(stage)
    await say(owner, "take it over", "choose a file", "that report", "press it")
    assert site.uploads, told(stage)[-2000:]
    assert b"ficus,12" in site.uploads[0]
    await say(owner, "send it to me", "go to the green", "take a picture", "show me")
    messages = await owner.client.get_messages(stage.assistant.id, limit=10)
    sent = {
        type(message.media).__name__: await owner.client.download_media(message, bytes)
        for message in messages
        if message.media
    }
    assert sent["MessageMediaDocument"] == b"plant,price\nficus,12\n"
    assert sent["MessageMediaPhoto"].startswith(b"\x89PNG")

    await say(owner, "go to my account", "log in")
    until(lambda: kept(browser.profile, "user"))
    browser.stop(signal.SIGKILL)
    began = time.monotonic()
    browser.start()
    again = time.monotonic() - began
    await say(owner, "go to my account", "look at it")
    assert "Welcome back, Masha" in told(stage)
    report(ready, again)


def kept(profile: Path, name: str) -> bool:
    """Whether the profile on the disk has a cookie: Chromium writes it half a minute later."""
    with closing(sqlite3.connect(f"file:{profile}/Default/Cookies?mode=ro&immutable=1", uri=True)) as database:
        try:
            return database.execute("SELECT count(*) FROM cookies WHERE name = ?", (name,)).fetchone() != (0,)
        except sqlite3.Error:
            return False


@pytest.mark.parametrize("name", ["chromium", "haproxy", "xvfb"])
async def test_what_is_killed_in_the_browser_is_back_and_found_by_the_next_call(
    name: str, stage: Stage, site: Site, browser: BrowserContainer
) -> None:
    stage.claude.script = orders(stage, site)
    await stage.start()
    owner = await stage.person()
    await say(owner, "go to the form")
    killed = browser.kill(name)
    until(lambda: browser.pid(name) not in (0, killed))
    browser.wait_until_healthy()
    await say(owner, "go to the form", "my name", "the size", "press it")
    assert site.orders == [{"name": ["Masha"], "size": ["large"]}]


@pytest.fixture
def looker(tmp_path: Path) -> Iterator[BrowserStack]:
    """The browser of somebody who looks, on the machine itself."""
    with BrowserStack.running(tmp_path / "looker", looked_at=False) as stack:
        yield stack


def test_the_owner_sees_what_the_page_shows(browser: BrowserContainer, looker: BrowserStack, site: Site) -> None:
    look(browser, looker, site)


def test_devtools_are_for_the_assistant_alone(browser: BrowserContainer) -> None:
    assert browser.get("/json/version", Host="browser:9223").status_code == 200
    for headers in ({"Host": "evil.example"}, {"Origin": "http://127.0.0.1"}, {"Sec-Fetch-Site": "cross-site"}):
        assert browser.get("/json/version", **headers).status_code == 403
    address = browser.get("/json/version").json()["webSocketDebuggerUrl"]
    with pytest.raises(InvalidStatus, match="403"), connect(address, origin="http://evil.example", proxy=None):  # pyright: ignore
        pass
    listening = podman("exec", browser.name, "cat", "/proc/net/tcp", "/proc/net/tcp6")
    assert f"0100007F:{browser.cdp_port:04X} 00000000:0000 0A" in listening
    assert f"00000000:{browser.cdp_port:04X} 00000000:0000 0A" not in listening


def test_nothing_in_the_browser_has_rights_and_pages_are_in_a_sandbox(browser: BrowserContainer) -> None:
    names = ("xvfb", "openbox", "chromium", "haproxy", "x11vnc", "novnc")
    said = podman("exec", browser.name, "cat", *(f"/proc/{pid}/status" for pid in (1, *map(browser.pid, names))))
    assert re.findall(r"Cap(?:Prm|Eff|Bnd):\s+(\S+)", said) == ["0" * 16] * 3 * (1 + len(names))
    assert re.findall(r"NoNewPrivs:\s+(\d)", said) == ["1"] * (1 + len(names))
    running = podman("exec", browser.name, "ps", "-eo", "args")
    assert "--type=renderer" in running
    assert "--no-sandbox" not in running


@pytest.mark.parametrize(("owner", "becomes"), [(0, 1000), (4321, 4321)])
def test_a_folder_of_roots_is_given_away_and_that_of_a_person_stays_theirs(
    images: float, tmp_path: Path, owner: int, becomes: int
) -> None:
    data, skills = tmp_path / "data", tmp_path / "skills"
    for folder in (data, skills):
        folder.mkdir(mode=0o755)
    os.chown(data, owner, owner)
    volume = f"owned-{owner}-{os.getpid()}"
    mounts = [f"--volume={data}:/data", f"--volume={volume}:/workspace", f"--volume={skills}:/workspace/.claude/skills"]
    bare = ["run", "--rm", "--network=none", "--no-healthcheck", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
    try:
        said = podman(*bare, *AS_ROOT, *mounts, ASSISTANT, "doctor", check=False)
        refused = podman(
            *bare,
            "--user=1234",
            *mounts,
            "--entrypoint=sh",
            ASSISTANT,
            "-c",
            "/usr/local/bin/jobs doctor 2>&1",
            check=False,
        )
    finally:
        podman("volume", "rm", "--force", volume, check=False)
    assert "/data can be written" in said
    assert "/workspace can be written" in said
    assert "with the model on this machine" in said
    assert (data.stat().st_uid, data.stat().st_mode & 0o777) == (becomes, 0o700)
    assert skills.stat().st_uid == becomes
    assert "cannot be written by the user 1234" in refused
