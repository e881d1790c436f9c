"""The demo's chat: the real program in its world, seen and used from the owner's terminal."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from demo_desk import Desk, at_desk, nothing_left_of
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from jobs.cli.demo.message_box import MessageBox
from jobs.cli.demo.world import Plan, RealModel
from jobs.core.settings import Settings
from jobs.sandbox.claude import API_KEY, MessagesServer, say

PLAN = Plan("en", "Etc/UTC", pace=0)


async def test_it_says_how_the_start_goes_on_and_what_this_is(desk: Desk) -> None:
    assert any("starting Telegram…" in state and "ready" not in state for state in desk.states)
    await desk.sees("starting Telegram… starting the assistant… ready in")
    await desk.sees("A script does its thinking, and nothing leaves this machine.")
    await desk.sees(f"in {desk.world.workspace}")
    await desk.sees("Try: list files")


async def test_a_small_terminal_shows_the_end_of_the_conversation() -> None:
    async with at_desk(PLAN, size=(80, 24)) as desk:
        await desk.sees("online")
        await desk.writes("show formatting")
        await desk.sees("goes on in the next.")
        lines = desk.screen.split("\n")
        assert [len(line) for line in lines] == [80] * 24
        assert lines[0].startswith(" Jobs")
        assert "Ctrl+Q leaves" in lines[-1]
        assert "How an answer looks" not in desk.screen
        await desk.presses("pageup", "pageup")
        await desk.until(lambda: "How an answer looks" in desk.screen)


async def test_a_tiny_terminal_shows_the_latest() -> None:
    async with at_desk(PLAN, size=(46, 12)) as desk:
        await desk.sees("online")
        await desk.until(lambda: "photo.jpg" in desk.screen)
        assert "starting" not in desk.screen


async def test_own_messages_stand_on_the_right_and_the_assistants_on_the_left(desk: Desk) -> None:
    await desk.writes("hello")
    await desk.sees("understand nothing")
    own, answer = desk.bubbles
    assert own.region.right > 70
    assert answer.region.x < 5
    assert own.region.bottom <= answer.region.y


async def test_one_sees_that_the_assistant_has_read_and_is_typing(desk: Desk) -> None:
    await desk.writes("do something slow")
    await desk.sees("✓✓")
    await desk.sees("Jobs typing…")
    await desk.writes("/stop")
    await desk.sees("Stopped: “do something slow”")


async def test_a_tools_line_gives_way_to_the_answer_in_the_same_bubble() -> None:
    async with at_desk(Plan("en", "Etc/UTC")) as desk:
        await desk.sees("online")
        await desk.writes("run date +%A")
        await desk.sees("💻 running: date +%A")
        await desk.sees("Done. The command said:")
        await desk.until(lambda: "day" in desk.screen)
        assert "running" not in desk.screen
        assert len(desk.bubbles) == 2


async def test_an_answer_grows_in_one_bubble() -> None:
    async with at_desk(Plan("en", "Etc/UTC")) as desk:
        await desk.sees("online")
        await desk.writes("show formatting")
        await desk.sees("How an answer looks")
        assert "goes on in the next." not in desk.screen
        await desk.sees("goes on in the next.")
        assert len(desk.bubbles) == 2


async def test_formatting_is_drawn(desk: Desk) -> None:
    await desk.writes("show formatting")
    await desk.sees("goes on in the next.")
    classes = [name for part in desk.bubbles[-1].query(Static) for name in part.classes]
    assert {"text", "pre", "language", "quote"} <= set(classes)
    opening = desk.bubbles[-1].query(Static).first().content
    assert isinstance(opening, Content)
    styles = {opening.plain[span.start : span.end]: Style.parse(str(span.style)) for span in opening.spans}
    assert styles["grows while it is written"].bold
    assert styles["one"].italic
    assert styles["second thoughts"].strike
    assert styles["links"].link == "https://telegram.org"


@pytest.mark.parametrize("how", ["a key", "a click"])
async def test_what_is_hidden_shows_on_a_key_or_a_click(how: str) -> None:
    async with at_desk(PLAN) as desk:
        await desk.sees("online")
        await desk.writes("show formatting")
        await desk.sees("Ctrl+R shows what is hidden")
        assert "░░░░" in desk.screen
        assert not any("secrets that open" in state for state in desk.states)
        if how == "a key":
            await desk.presses("ctrl+r")
        else:
            await desk.clicks(desk.bubbles[-1])
        await desk.sees("secrets that open")
        assert "░" not in desk.screen


async def test_a_deleted_message_goes_from_the_screen(desk: Desk) -> None:
    await desk.writes("list files")
    await desk.sees("README.md")
    other_device = await desk.world.stage.person()
    peer = desk.world.stage.assistant.id
    await other_device.client.delete_messages(peer, [desk.bubbles[-1].message.id])
    await desk.until(lambda: len(desk.bubbles) == 1)
    assert "README.md" not in desk.screen


async def test_a_message_from_another_device_shows(desk: Desk) -> None:
    other_device = await desk.world.stage.person()
    await other_device.send("hello")
    await desk.sees("understand nothing")
    assert desk.texts[0] == "hello"
    assert desk.bubbles[0].message.mine


async def test_a_pasted_text_is_one_message_with_its_lines(desk: Desk) -> None:
    await desk.writes("one\ntwo\n\nthree")
    await desk.sees("did not understand")
    assert desk.texts[0] == "one\ntwo\n\nthree"


async def test_ctrl_j_begins_a_new_line(desk: Desk) -> None:
    await desk.presses("a", "ctrl+j", "b", "enter")
    await desk.sees("did not understand")
    assert desk.texts[0] == "a\nb"


async def test_markup_in_a_message_is_just_text(desk: Desk) -> None:
    await desk.writes("[bold]x[/bold] [/] **y** <b>")
    await desk.sees("[bold]x[/bold] [/] **y** <b>")


async def test_a_picture_is_sent_by_its_path_with_a_caption(desk: Desk, picture: Path) -> None:
    await desk.writes(f"look @{picture} here")
    await desk.sees("Your picture has arrived (image/png")
    await desk.sees("🖼 photo")
    assert desk.texts[0] == "look here"


async def test_a_document_is_sent_by_its_path(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "my list.txt").write_text("milk")
    await desk.writes(f"'{tmp_path / 'my list.txt'}'")
    await desk.sees("📎 my list.txt · 4 B")


async def test_a_path_that_leads_nowhere_is_pointed_out(desk: Desk) -> None:
    await desk.writes("/nowhere/[such]/x.jpg")
    await desk.sees("There is no file /nowhere/[such]/x.jpg, so this goes out as text.")
    await desk.sees("did not understand")


async def test_a_file_that_telegram_refuses_is_pointed_out(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("no picture")
    await desk.writes(f"{tmp_path}/broken.jpg")
    await desk.sees("That could not be sent (")
    await desk.writes("hello")
    await desk.sees("understand nothing")


async def test_leaving_stops_everything_and_removes_the_folder() -> None:
    async with at_desk(PLAN) as desk:
        await desk.sees("online")
        pid, folder = desk.world.daemon.pid, desk.world.workspace.parent
        assert not nothing_left_of(pid, folder)
        await desk.writes("/quit")
    assert nothing_left_of(pid, folder)
    assert desk.app.failure is None


async def test_a_daemon_that_is_slow_to_end_is_waited_for() -> None:
    async with at_desk(PLAN) as desk:
        await desk.sees("online")
        pid, folder = desk.world.daemon.pid, desk.world.workspace.parent
        os.kill(pid, signal.SIGSTOP)
        await desk.presses("ctrl+q")
        asyncio.get_running_loop().call_later(0.5, os.kill, pid, signal.SIGCONT)
        await desk.app.close()
        assert nothing_left_of(pid, folder)


async def test_leaving_in_the_middle_of_an_answer_stops_everything() -> None:
    async with at_desk(Plan("en", "Etc/UTC")) as desk:
        await desk.sees("online")
        pid, folder = desk.world.daemon.pid, desk.world.workspace.parent
        await desk.writes("show formatting")
        await desk.sees("How an answer looks")
        await desk.presses("ctrl+c")
    assert nothing_left_of(pid, folder)


async def test_leaving_while_it_starts_leaves_nothing_behind(own_temp: Path) -> None:
    async with at_desk(PLAN) as desk:
        await desk.sees("starting the assistant…")
        assert desk.app.world is None
        await desk.presses("ctrl+q")
    assert list(own_temp.iterdir()) == []


async def test_what_is_typed_before_it_is_ready_stays_in_the_box() -> None:
    async with at_desk(PLAN) as desk:
        await desk.writes("hello")
        assert desk.app.query_one(MessageBox).text == "hello"
        await desk.sees("online")
        await desk.presses("enter")
        await desk.sees("understand nothing")


async def test_a_daemon_that_dies_is_told_of_in_one_sentence(desk: Desk) -> None:
    os.kill(desk.world.daemon.pid, signal.SIGKILL)
    await desk.sees("The assistant's program has ended (exit code -9)")
    await desk.sees("Jobs offline")
    assert desk.app.failure is not None


async def test_a_daemon_that_does_not_start_is_told_of_in_one_sentence(own_temp: Path) -> None:
    broken = RealModel("m", "h", {"LOG_LEVEL": "LOUD"})
    async with at_desk(Plan("en", "Etc/UTC", broken)) as desk:
        await desk.sees("The assistant did not start (LOG_LEVEL")
        await desk.sees("`jobs doctor` may know why")
        assert desk.app.failure is not None
        assert list(own_temp.iterdir()) == []


async def test_with_a_key_the_real_model_thinks() -> None:
    async with MessagesServer(lambda _: say("I am the model.")) as claude:
        claude.accepted_keys = {API_KEY}
        settings = Settings(
            anthropic_api_key=API_KEY, anthropic_base_url=claude.base_url, claude_model="claude-haiku-4-5"
        )
        async with at_desk(Plan("en", "Etc/UTC", RealModel.from_settings(settings))) as desk:
            await desk.sees("demo · claude-haiku-4-5")
            await desk.sees("It thinks with claude-haiku-4-5: what you write and what it reads goes to 127.0.0.1.")
            await desk.writes("hello")
            await desk.sees("I am the model.")
            assert "script" not in desk.screen
        assert claude.requests.model[-1].model == "claude-haiku-4-5"


async def test_with_a_token_alone_the_real_model_thinks() -> None:
    token = "sk-ant-oat01-sandbox"
    async with MessagesServer(lambda _: say("I am the model.")) as claude:
        claude.accepted_keys = {token}
        settings = Settings(claude_code_oauth_token=token, anthropic_base_url=claude.base_url)
        async with at_desk(Plan("en", "Etc/UTC", RealModel.from_settings(settings))) as desk:
            await desk.sees("online")
            await desk.writes("hello")
            await desk.sees("I am the model.")


async def test_it_speaks_russian() -> None:
    async with at_desk(Plan("ru", "Etc/UTC", pace=0)) as desk:
        await desk.sees("Думает за него сценарий, и ничего не уходит с этой машины.")
        await desk.sees("в сети")
        await desk.writes("/help")
        await desk.sees("эта справка")
