"""Files that the owner is sent: which may be, under which name, and what is said of one that cannot be."""

from __future__ import annotations

import os

from browser_desk import say
from jobs.sandbox.claude import Rules, call
from jobs.sandbox.stage import Stage


async def test_a_name_that_would_read_as_another_is_shown_as_it_is(stage: Stage) -> None:
    stage.workspace.mkdir(parents=True)
    file = stage.workspace / "invoice\u202efdp.exe"
    file.write_text("MZ")
    stage.claude.script = (
        Rules().on_text("the invoice", call("mcp__jobs__send_file", path=str(file))).on_result("handed over", "Sent.")
    )
    await stage.start()
    owner = await stage.person()
    await owner.ask("send me the invoice", "Sent.")
    await stage.nothing_waits()
    [sent] = [m for m in await owner.client.get_messages(stage.assistant.id, limit=20) if m.document]
    assert sent.file.name == "invoice_fdp.exe"
    assert sent.message == "invoice_fdp.exe"


async def test_what_cannot_be_sent_is_refused_in_a_sentence(stage: Stage) -> None:
    stage.workspace.mkdir(parents=True)
    with (stage.workspace / "huge.iso").open("wb") as huge:
        huge.truncate(3 * 2**30)
    (stage.workspace / "empty").touch()
    (stage.workspace / "loop").symlink_to("loop")
    (stage.workspace / "folder").mkdir()
    os.mkfifo(stage.workspace / "pipe")
    why = {
        "huge.iso": "has 3221225472 bytes", "empty": "has 0 bytes", "loop": "There is no file",
        "folder": "There is no file", "pipe": "There is no file", "x" * 300: "There is no file",
        "null\0": "There is no file",
    }  # fmt: skip
    rules = Rules()
    for number, name in enumerate(why):
        rules.on_text(f"file {number}", lambda _, name=name: call("mcp__jobs__send_file", path=name))
    stage.claude.script = rules.on_result(".", "Done.")
    await stage.start()
    owner = await stage.person()
    for number, sentence in enumerate(why.values()):
        await say(owner, f"file {number}")
        [result] = stage.claude.requests.model[-1].tool_results
        assert sentence in result.plain
    await stage.nothing_waits()
    assert not [m for m in await owner.client.get_messages(stage.assistant.id, limit=99) if m.media]


async def test_the_owner_is_told_of_a_file_that_is_gone_when_it_is_to_be_sent(stage: Stage) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    await stage.nothing_waits()
    await daemon.stop()
    for number, name in enumerate(("gone.pdf", "folder.pdf")):
        stage.write(
            "INSERT INTO outbox (chat_id, random_id, text, entities, origin, state, created_at, file) "
            "VALUES (?, ?, ?, '[]', 'notice', 'ready', '2026-01-01T00:00:00.000000+00:00', ?)",
            stage.owner.id, 4711 + number, name, str(stage.workspace / name),
        )  # fmt: skip
    (stage.workspace / "folder.pdf").mkdir(parents=True)
    await stage.start()
    await owner.wait_for_text("I could not send you gone.pdf")
    await owner.wait_for_text("I could not send you folder.pdf")
    await stage.nothing_waits()
