"""The assistant at its browser: the whole daemon, Claude's CLI, the real driver and the real stack."""

from __future__ import annotations

import re
from pathlib import Path

import psutil
from test_errand_sessions import with_skill

from browser_desk import drivers, results, say, use
from browser_stack import BrowserStack, until
from devtools import tab
from jobs.sandbox.claude import ModelRequest, Rules, call
from jobs.sandbox.stage import Stage
from roles import Roles
from web_site import Site


async def test_a_form_is_filled_in_and_sent(stage: Stage, with_browser: BrowserStack, site: Site) -> None:
    rules = Rules()
    use(rules, "open", "navigate", url=f"{site.url}/form")
    use(rules, "name", "type", target="input[name=name]", text="Masha")
    use(rules, "size", "select_option", target="select", values=["large"])
    use(rules, "send", "click", target="button")
    use(rules, "look", "snapshot")
    stage.claude.script = rules.on_result(".", "Done.")
    await stage.start()
    owner = await stage.person()
    await say(owner, "open", "name", "size", "send", "look")
    assert site.orders == [{"name": ["Masha"], "size": ["large"]}]
    assert "Ordered: large for Masha" in "\n".join(results(stage))


async def test_no_process_runs_before_the_browser_is_used_and_no_tool_is_told_without_one(
    stage: Stage, browser: BrowserStack, site: Site
) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    bare = stage.claude.requests.model[-1].body
    assert b"browser_click" not in bare
    await stage.daemons[-1].stop()
    assert not drivers(browser)
    stage.extra["BROWSER_CDP_URL"] = browser.url
    stage.claude.script = use(Rules(), "open", "navigate", url=site.url).on_result(".", "Seen.").on_text(".", "Well.")
    daemon = await stage.start()
    await owner.ask("hello", "Well.")
    equipped = stage.claude.requests.model[-1].body
    assert b"browser_click" in equipped
    assert b"Perform click on a web page" not in equipped  # names alone: the rest is found through tool search
    assert not drivers(browser)
    await owner.ask("open", "Seen.")
    [driver] = drivers(browser)
    await daemon.kill()
    until(lambda: not driver.is_running() or driver.status() == psutil.STATUS_ZOMBIE)


async def test_an_errand_asks_before_it_acts_and_works_in_a_tab_of_its_own(
    stage: Stage, browser_of_ones_own: BrowserStack, site: Site
) -> None:
    def pages() -> dict[str, str]:
        listed = browser_of_ones_own.get("/json/list").json()
        return {page["id"]: page["url"] for page in listed if page["type"] == "page"}

    with_skill(stage)
    stage.world.add_user("Masha", username="masha")
    roles = Roles()
    begin = call("mcp__jobs__create_task", user="@masha", title="Report", context={"skill": "chase"}, message="When?")
    roles.owner.on_text("begin", begin).on_result("Errand", "Begun.").on_text(".", "Fine.")
    again = "A new errand is yours|allows your call of mcp__browser__browser_navigate"
    roles.errand.on_text(again, lambda _: call("mcp__browser__browser_navigate", url=f"{site.url}/green"))
    roles.errand.on_result("waits for the owner", "Waiting.").on_result(
        "/green", lambda _: call("mcp__browser__browser_evaluate", function="() => 6 * 7")
    )
    stage.claude.script = roles
    daemon = await stage.start()
    owner = await stage.person()
    before = pages()
    await owner.ask("begin", "Begun.")
    question = await owner.wait_for_text("a web site sees what is done in your browser")
    await stage.nothing_waits()  # the yes is not to join the turn that has asked
    assert "/green" not in site.asked
    await owner.send("yes", reply_to=question.id)
    await owner.wait_for(lambda seen: any("this can do anything on the server" in s.text for s in seen))
    assert site.asked.count("/green") == 1
    assert [url for page, url in pages().items() if page not in before] == [f"{site.url}/green"]
    await daemon.stop()
    assert pages().keys() == before.keys()


async def test_a_browser_that_is_down_is_said_in_a_sentence_and_found_again(
    stage: Stage, with_browser: BrowserStack, site: Site
) -> None:
    rules = use(Rules(), "open", "navigate", url=site.url)
    stage.claude.script = rules.on_result("cannot be used now", "It is down.").on_result("Page URL", "Opened.")
    await stage.start()
    owner = await stage.person()
    await owner.ask("open", "Opened.")
    door = psutil.Process(with_browser.pid("haproxy"))
    door.suspend()
    try:
        await owner.ask("open it now", "It is down.")
    finally:
        door.resume()
    killed = with_browser.kill("chromium")
    until(lambda: with_browser.pid("chromium") not in (0, killed))
    with_browser.wait_until_healthy()
    await say(owner, "open again", answer="Opened.")


async def test_a_dialog_that_was_left_open_is_recovered_from(
    stage: Stage, with_browser: BrowserStack, site: Site
) -> None:
    with tab(with_browser) as page:
        page.ask("Page.navigate", url=f"{site.url}/stuck")
        until(lambda: "/stuck" in site.asked)
        page.ask("Page.enable")
    stage.claude.script = use(Rules(), "open", "navigate", url=site.url).on_result("Page URL", "Opened.")
    await stage.start()
    owner = await stage.person()
    await owner.ask("open", "Opened.")


async def test_a_download_is_noticed_and_the_owner_logs_in_by_a_link(
    stage: Stage, with_browser: BrowserStack, site: Site
) -> None:
    rules = use(Rules(), "open", "navigate", url=f"{site.url}/files")
    use(rules, "fetch", "click", target="a")
    use(rules, "wait", "snapshot")
    use(rules, "log in", "hand_over")
    use(rules, "what came", "downloads")
    stage.claude.script = rules.on_result(".", "Done.")
    await stage.start()
    owner = await stage.person()
    await say(owner, "open", "fetch")
    until((with_browser.downloads / "report.csv").exists)
    await say(owner, "wait", "log in", "what came")
    assert f"### Downloaded\n- {with_browser.downloads / 'report.csv'}" in "\n".join(results(stage))
    assert (with_browser.downloads / "report.csv").read_text() == "plant,price\nficus,12\n"
    assert with_browser.vnc_url in "\n".join(results(stage))


async def test_a_screenshot_and_a_download_are_sent_to_the_owner_and_nothing_else_of_the_machine(
    stage: Stage, with_browser: BrowserStack, site: Site
) -> None:
    def picture(request: ModelRequest) -> Path:
        [path] = re.findall(r"\((/\S+\.png)\)", request.tool_results[-1].plain)
        return Path(path)

    rules = use(Rules(), "open", "navigate", url=f"{site.url}/green").on_result("Page URL", "Opened.")
    use(rules, "show me", "take_screenshot")
    rules.on_result("Screenshot of", lambda r: call("mcp__jobs__send_file", path=str(picture(r)), caption="Look"))
    rules.on_result("handed over", "Sent.")
    with_browser.downloads.joinpath("bill.csv").write_text("plant,price\n")
    bill = str(with_browser.downloads / "bill.csv")
    rules.on_text("the bill", lambda _: call("mcp__jobs__send_file", path=bill))
    secret = str(stage.data_dir / "telethon.session")
    rules.on_text("secret", lambda _: call("mcp__jobs__send_file", path=secret))
    rules.on_result("the program's own", "I may not.")
    stage.claude.script = rules
    await stage.start()
    owner = await stage.person()
    await owner.ask("open", "Opened.")
    await owner.ask("show me", "Sent.")
    await say(owner, "send me the bill", answer="Sent.")
    await owner.ask("the secret file", "I may not.")
    await stage.nothing_waits()  # what a draft shows is there before what the outbox sends
    messages = await owner.client.get_messages(stage.assistant.id, limit=20)
    [photo] = [message for message in messages if message.photo]
    assert photo.message == "Look"
    assert (await owner.client.download_media(photo, bytes)).startswith(b"\x89PNG")
    [document] = [message for message in messages if message.document]
    assert document.file.name == "bill.csv"
    assert await owner.client.download_media(document, bytes) == b"plant,price\n"
