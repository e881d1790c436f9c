"""How an answer appears: one message that grows, a line for the tool at work, and long texts cut well."""

import asyncio

from telethon.tl.types import MessageEntityItalic, MessageEntityPre

from jobs.sandbox.claude import Reply, Rules, Text, ToolUse, call, say
from jobs.sandbox.stage import Stage


async def test_an_answer_grows_in_one_message(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.claude.script = lambda _: Reply(
        [Text("First half, second half.", chunks=["First half,", " second half."], gate=gate)]
    )
    await stage.start()
    owner = await stage.person()
    await owner.send("go")
    first = await owner.wait_for_text("First half,")
    assert "second" not in first.text
    gate.set()
    await owner.wait_for_text("second half.")
    [only] = owner.received
    assert only.states == ["First half,", "First half, second half."]


async def test_a_quick_answer_comes_whole(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    seen = await owner.ask("go", "Fine.")
    assert seen.edits == 0


async def test_the_tool_at_work_is_shown_and_then_removed(stage: Stage) -> None:
    rules = Rules().on_text("go", call("Bash", command="while [ ! -e go ]; do sleep 0.05; done; echo 'the result'"))
    rules.on_result("the result", "It is done.")
    stage.claude.script = rules
    await stage.start()
    owner = await stage.person()
    await owner.send("go")
    await owner.wait_for_text("💻 running: while [ ! -e go ]")
    (stage.workspace / "go").touch()
    seen = await owner.wait_for_text("It is done.")
    assert seen.text == "It is done."
    assert len(owner.received) == 1


async def test_the_tool_at_work_is_shown_below_a_code_block_that_is_not_closed(stage: Stage) -> None:
    waiting = ToolUse("Bash", {"command": "while [ ! -e go ]; do sleep 0.05; done; echo 'the result'"})
    rules = Rules().on_text("go", Reply([Text("```python\nprint(1)"), waiting])).on_result("the result", "Done.")
    stage.claude.script = rules
    await stage.start()
    owner = await stage.person()
    await owner.send("go")
    seen = await owner.wait_for_text("💻 running:")
    assert seen.text.startswith("print(1)\n\n💻")
    block, status = seen.entities
    assert isinstance(block, MessageEntityPre)
    assert block.length == len("print(1)")
    assert isinstance(status, MessageEntityItalic)
    (stage.workspace / "go").touch()
    seen = await owner.wait_for_text("Done.")
    assert seen.text == "print(1)\n\nDone."


async def test_a_long_answer_is_split_and_a_code_block_reopened(stage: Stage) -> None:
    code = "\n".join(f"line_{n} = {n}" for n in range(600))
    stage.claude.script = lambda _: say(f"Here:\n\n```python\n{code}\n```\n\nThat was it.")
    await stage.start()
    owner = await stage.person()
    await owner.send("go")
    lines = [f"line_{n} = {n}" for n in range(600)]
    # Not the end alone: the draft of a slow answer shows that, too.
    received = await owner.wait_for(lambda all_: "\n".join(seen.text for seen in all_).count("line_") >= len(lines))
    assert len(received) > 1
    for seen in received:
        assert len(seen.text.encode("utf-16-le")) // 2 <= 4096
        assert any(isinstance(e, MessageEntityPre) and e.language == "python" for e in seen.entities)
    together = "\n".join(owner.texts)
    assert all(line in together for line in lines)
    assert "That was it." in together


async def test_a_turn_without_words_says_that_it_is_done(stage: Stage) -> None:
    rules = Rules().on_text("go", call("Bash", command="echo ok")).on_result("ok", Reply([]))
    stage.claude.script = rules
    await stage.start()
    owner = await stage.person()
    await owner.ask("go", "Done.")


async def test_a_draft_deleted_by_the_owner_is_answered_by_a_new_message(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.claude.script = lambda _: Reply([Text("One, two.", chunks=["One,", " two."], gate=gate)])
    await stage.start()
    owner = await stage.person()
    await owner.send("go")
    draft = await owner.wait_for_text("One,")
    await owner.client.delete_messages(stage.assistant.id, [draft.id])
    gate.set()
    seen = await owner.wait_for_text("One, two.")
    assert seen.id != draft.id
