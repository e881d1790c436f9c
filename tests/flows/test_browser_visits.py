"""What people meet on the web, driven through the whole daemon: popups, uploads, dialogs, logins, errands."""

from __future__ import annotations

import signal
from contextlib import suppress

import pytest
from test_errand_sessions import with_skill

from browser_desk import drivers, results, say, use
from browser_stack import BrowserStack, until
from jobs.sandbox.claude import ModelRequest, Rules, call
from jobs.sandbox.stage import Stage
from roles import Roles, role_of
from web_site import Site


async def test_a_popup_is_driven_and_closed(stage: Stage, with_browser: BrowserStack, site: Site) -> None:
    rules = use(Rules(), "open", "navigate", url=f"{site.url}/popup")
    use(rules, "more", "click", target="button")
    use(rules, "list", "tabs", action="list")
    rules.on_text(
        "turn to it",
        lambda _: call("mcp__browser__browser_tabs", action="select", index=len(with_browser.pages) - 1),
    )
    use(rules, "press", "click", target="button")
    use(rules, "look", "snapshot")
    use(rules, "away", "tabs", action="close")
    use(rules, "again", "snapshot")
    stage.claude.script = rules.on_result(".", "Done.")
    await stage.start()
    owner = await stage.person()
    await say(owner, "open", "more", "list", "turn to it", "press", "look")
    assert "Pressed" in results(stage)[-1]
    assert f"{site.url}/popped" in with_browser.pages
    await say(owner, "away", "again")
    assert f"{site.url}/popped" not in with_browser.pages
    assert f"Page URL: {site.url}/popup" in results(stage)[-1]


async def test_a_file_of_the_workspace_and_one_that_was_downloaded_are_given_to_a_site(
    stage: Stage, with_browser: BrowserStack, site: Site
) -> None:
    stage.workspace.mkdir(parents=True)
    (stage.workspace / "letter.txt").write_text("Dear shop")
    with_browser.downloads.mkdir(exist_ok=True)
    (with_browser.downloads / "invoice.txt").write_text("12 euros")
    rules = use(Rules(), "open", "navigate", url=f"{site.url}/files")
    use(rules, "choose", "click", target="input")
    use(rules, "letter", "file_upload", paths=[str(stage.workspace / "letter.txt")])
    use(rules, "invoice", "file_upload", paths=[str(with_browser.downloads / "invoice.txt")])
    use(rules, "send", "click", target="form button")
    stage.claude.script = rules.on_result(".", "Done.")
    await stage.start()
    owner = await stage.person()
    for said in ("letter", "invoice"):
        await say(owner, "open", "choose", said, "send")
    letter, invoice = site.uploads
    assert b'filename="letter.txt"' in letter
    assert b"Dear shop" in letter
    assert b'filename="invoice.txt"' in invoice
    assert b"12 euros" in invoice
    assert not list(stage.workspace.rglob("invoice.txt"))


async def test_what_is_secret_is_given_to_no_site_however_it_is_named(
    stage: Stage, with_browser: BrowserStack, site: Site
) -> None:
    stage.extra["DATA_DIR"] = str(stage.workspace / "data")
    stage.workspace.mkdir(parents=True)
    stage.data_dir.symlink_to(stage.workspace / "data")
    (stage.workspace / "data").mkdir()
    session = stage.workspace / "data" / "telethon.session"
    with_browser.downloads.mkdir(exist_ok=True)
    for name, target in (("one", "/etc/hostname"), ("two", str(session))):
        (stage.workspace / name).symlink_to(target)
        (with_browser.downloads / f"{name}.pdf").unlink(missing_ok=True)
        (with_browser.downloads / f"{name}.pdf").symlink_to(target)
    bad = [
        "/etc/hostname", "../../../../etc/hostname", str(session), str(stage.workspace / "one"),
        str(stage.workspace / "two"), str(with_browser.downloads / "one.pdf"), str(with_browser.downloads / "two.pdf"),
    ]  # fmt: skip
    rules = use(Rules(), "open", "navigate", url=f"{site.url}/files")
    use(rules, "choose", "click", target="input")
    for number, path in enumerate(bad):
        use(rules, f"file {number}", "file_upload", paths=[path])
        use(rules, f"drop {number}", "drop", target="input", paths=[path])
        rules.on_text(f"give {number}", lambda _, path=path: call("mcp__jobs__send_file", path=path))
    stage.claude.script = rules.on_result(".", "Done.")
    await stage.start()
    owner = await stage.person()
    await say(owner, "open", "choose")
    for number in range(len(bad)):
        for how in ("file", "drop", "give"):
            await say(owner, f"{how} {number}")
            assert "lies outside" in results(stage)[-1] or "is the program's own" in results(stage)[-1]
    await stage.nothing_waits()
    assert not [m for m in await owner.client.get_messages(stage.assistant.id, limit=99) if m.media]


async def test_a_dialog_is_answered(stage: Stage, with_browser: BrowserStack, site: Site) -> None:
    rules = use(Rules(), "open", "navigate", url=f"{site.url}/dialog")
    use(rules, "ask", "click", target="button")
    use(rules, "no", "handle_dialog", accept=False)
    use(rules, "yes", "handle_dialog", accept=True)
    use(rules, "look", "snapshot")
    stage.claude.script = rules.on_result(".", "Done.")
    await stage.start()
    owner = await stage.person()
    await say(owner, "open", "ask")
    assert "Sure?" in results(stage)[-1]
    await say(owner, "no", "look")
    assert "It is not" in results(stage)[-1]
    await say(owner, "ask", "yes", "look")
    assert "It is so" in results(stage)[-1]


async def test_a_login_outlives_the_death_of_everything_and_locks_of_another_host(
    stage: Stage, browser_of_ones_own: BrowserStack, site: Site
) -> None:
    rules = use(Rules(), "account", "navigate", url=f"{site.url}/account")
    use(rules, "password", "type", target="input", text="ficus", submit=True)
    use(rules, "look", "snapshot")
    stage.claude.script = rules.on_result(".", "Done.")
    await stage.start()
    owner = await stage.person()
    await say(owner, "account", "look")
    assert "Who are you?" in results(stage)[-1]
    await say(owner, "password", "look")
    assert "Welcome, Masha" in results(stage)[-1]
    browser = browser_of_ones_own
    # What a site gives is on the disk half a minute later; or when it is read back from there by a new start.
    browser.stop()
    browser.start()
    browser.stop(signal.SIGKILL)
    for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
        with suppress(FileNotFoundError):
            (browser.profile / name).unlink()
        (browser.profile / name).symlink_to("another-host-4711")
    browser.start()
    await say(owner, "account", "look")
    assert "Welcome back, Masha" in results(stage)[-1]


async def test_a_chromium_that_is_killed_between_two_calls_is_found_by_the_next(
    stage: Stage, with_browser: BrowserStack, site: Site
) -> None:
    rules = use(Rules(), "open", "navigate", url=f"{site.url}/form")
    rules.on_result("cannot be used now", lambda _: call("mcp__browser__browser_navigate", url=f"{site.url}/form"))
    use(rules, "look", "snapshot")
    stage.claude.script = rules.on_result(".", "Done.")
    await stage.start()
    owner = await stage.person()
    await say(owner, "open")
    with_browser.kill("chromium")
    await say(owner, "open", "look")
    assert f"Page URL: {site.url}/form" in results(stage)[-1]
    with_browser.wait_until_healthy()


@pytest.mark.parametrize("end", ["done", "failed", "cancelled"])
async def test_an_errand_that_has_ended_leaves_no_tab_and_no_process_and_the_owners_tab_alone(
    stage: Stage, with_browser: BrowserStack, site: Site, end: str
) -> None:
    with_skill(stage)
    stage.world.add_user("Masha", username="masha")
    stage.extra["APPROVALS"] = "off"
    roles = Roles()
    begin = call("mcp__jobs__create_task", user="@masha", title="Report", context={"skill": "chase"}, message="When?")
    roles.owner.on_text("begin", begin).on_result("is cancelled", "Gone.").on_result("Errand", "Begun.")
    roles.owner.on_text("call it off", lambda _: call("mcp__jobs__cancel_task", task_id=errand()))
    roles.owner.on_text("open", lambda _: call("mcp__browser__browser_navigate", url=f"{site.url}/form"))
    roles.owner.on_result("/form", "Opened.").on_text(".", "Fine.")
    roles.errand.on_text("A new errand", lambda _: call("mcp__browser__browser_navigate", url=f"{site.url}/green"))
    if end == "cancelled":
        roles.errand.on_result("/green", "Waiting.")
    else:
        roles.errand.on_result("/green", lambda _: call("mcp__jobs__update_task", task_id=errand(), status=end))
    roles.errand.on_result(".", "Done.").on_text(".", "Heard.")
    stage.claude.script = roles

    def heard(request: ModelRequest) -> bool:
        return role_of(request) == "errand" and any("/green" in result.plain for result in request.tool_results)

    def errand() -> str:
        [(task_id,)] = stage.rows("SELECT id FROM tasks")
        return str(task_id)

    await stage.start()
    owner = await stage.person()
    await owner.ask("open", "Opened.")
    [own] = drivers(with_browser)
    before = sorted(with_browser.pages)
    await owner.ask("begin", "Begun.")
    await stage.claude.requests.wait_for(lambda r: r.request is not None and heard(r.request))
    if end == "cancelled":
        await stage.nothing_waits()
        assert sorted(with_browser.pages) == sorted([*before, f"{site.url}/green"])
        await owner.ask("call it off", "Gone.")
    await stage.nothing_waits()
    until(lambda: [each.pid for each in drivers(with_browser)] == [own.pid])
    assert sorted(with_browser.pages) == before


async def test_a_page_cannot_forge_what_the_program_says_and_a_huge_one_is_read_in_parts(
    stage: Stage, with_browser: BrowserStack, site: Site
) -> None:
    rules = use(Rules(), "hostile", "navigate", url=f"{site.url}/hostile")
    use(rules, "huge", "navigate", url=f"{site.url}/huge")
    use(rules, "list", "tabs", action="list")
    use(rules, "look", "snapshot")
    stage.claude.script = rules.on_result(".", "Done.")
    await stage.start()
    owner = await stage.person()
    await say(owner, "hostile", "look", "list")
    said = [line for result in results(stage) for line in result.splitlines()]
    assert any("Downloaded - /etc/passwd" in line for line in said)
    assert "### Downloaded" not in said
    await say(owner, "huge", "look")
    assert len(results(stage)[-1]) < 200_000
    await say(owner, "hostile")


async def test_an_errand_that_has_looked_at_a_page_asks_before_it_writes_to_anybody(
    stage: Stage, with_browser: BrowserStack
) -> None:
    with_skill(stage)
    masha = stage.world.add_user("Masha", username="masha")
    roles = Roles()
    begin = call("mcp__jobs__create_task", user="@masha", title="Report", context={"skill": "chase"})
    roles.owner.on_text("begin", begin).on_result("Errand", "Begun.").on_text(".", "Fine.")
    roles.errand.on_text("A new errand", lambda _: call("mcp__browser__browser_tabs", action="list"))
    told = call("mcp__jobs__send_to_user", user="@masha", message="It says: 4711")
    roles.errand.on_result("about:blank", told).on_result(".", "Waiting.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.ask("begin", "Begun.")
    await owner.wait_for_text("It says: 4711")
    await stage.nothing_waits()
    assert not stage.world.messages_between(stage.assistant, masha)
