"""`jobs demo` as a process: in a real terminal, without one, and when that terminal goes away."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from pathlib import Path

import pytest
from jobs_command import Jobs
from person import at_terminal


@pytest.fixture
def temp(jobs: Jobs) -> Path:
    """Where the demo's folder comes to be, and nothing else."""
    folder = jobs.folder / "temp"
    folder.mkdir()
    jobs.environment["TMPDIR"] = str(folder)
    return folder


def _processes(temp: Path) -> dict[int, bytes]:
    """The running processes whose environment names the folder, and their command lines."""
    found: dict[int, bytes] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(temp).encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_bytes().strip(b"\0")
    return found


async def test_without_a_terminal_it_plays_a_tour_with_real_tools(jobs: Jobs, temp: Path) -> None:
    outcome = await jobs("demo")
    assert outcome.code == 0
    assert outcome.err == ""
    steps = (
        "starting Telegram…",
        "ready in ",
        "You   Hello! Who are you?\nJobs  First things first: I am a script.",
        "You   list files\n      💻 running: ls -lh\nJobs  In my folder there is this:",
        " notes.txt\n",
        "You   run date\n      💻 running: date\nJobs  Done. The command said:",
        "✍️ writing MEMORY.md\nJobs  I wrote that into MEMORY.md",
        "📖 reading MEMORY.md\nJobs  MEMORY.md says:\n\n      • I take my tea black",
        "You   /usage\nJobs  What my thinking has cost\n\n      Today: ",
        " turns, $0.00\n",
        "That was real",
    )
    at = 0
    for step in steps:
        at = outcome.out.find(step, at)
        assert at >= 0, f"{step!r} is missing or out of order in:\n{outcome.out}"
    assert all(len(line) <= 80 for line in outcome.out.splitlines())
    assert list(temp.iterdir()) == []


async def test_start_without_settings_or_terminal_plays_the_tour_and_says_how_to_set_up(jobs: Jobs, temp: Path) -> None:
    outcome = await jobs("start", LANG="ru_RU.UTF-8")
    assert outcome.code == 0
    assert "Вы    что ты помнишь?" in outcome.out
    assert "• я пью чай без сахара" in outcome.out
    assert "jobs setup" in outcome.out.splitlines()[-1]
    assert list(temp.iterdir()) == []


async def test_a_tour_that_fails_says_so_in_one_sentence(jobs: Jobs, temp: Path) -> None:
    outcome = await jobs("demo", "--tour", LOG_LEVEL="LOUD")
    assert outcome.code == 1
    assert re.fullmatch(r"✗ The assistant did not start \(LOG_LEVEL .*\); `jobs doctor` may know why\.\n", outcome.err)
    assert list(temp.iterdir()) == []


async def test_help_says_what_can_be_chosen(jobs: Jobs) -> None:
    outcome = await jobs("demo", "--help")
    assert outcome.code == 0
    assert "--scripted" in outcome.out
    assert "--tour" in outcome.out


async def test_a_terminal_becomes_the_chat_until_quit(jobs: Jobs, temp: Path) -> None:
    async with at_terminal(jobs, "demo", TERM="xterm-256color") as person:
        await person.sees("Opening the demo…")
        await person.sees("Try:")
        person.types("hello\r")
        await person.sees("understand nothing")
        assert list(temp.iterdir()) != []
        person.types("/quit\r")
        assert await person.leaves_with() == 0
        await person.sees("Everything is stopped, its folder is removed.")
    assert list(temp.iterdir()) == []


async def test_a_key_does_not_think_where_the_script_is_asked_for(jobs: Jobs, temp: Path) -> None:
    key = {"ANTHROPIC_API_KEY": "sk-ant-api03-sandbox", "ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}
    async with at_terminal(jobs, "demo", "--scripted", TERM="xterm-256color", **key) as person:
        await person.sees("Try:")
        person.types("hello\r")
        await person.sees("understand nothing")
        person.types("\x11")
        assert await person.leaves_with() == 0
    assert list(temp.iterdir()) == []


async def test_why_nobody_answered_still_stands_there_after_the_chat(jobs: Jobs, temp: Path) -> None:
    async with at_terminal(jobs, "demo", TERM="xterm-256color", LOG_LEVEL="LOUD") as person:
        await person.sees("doctor")
        person.types("\x11")
        assert await person.leaves_with() == 1
        await person.sees("Everything is stopped")
        await person.sees("✗ The assistant did not start (LOG_LEVEL")
    assert list(temp.iterdir()) == []


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
async def test_a_demo_that_is_ended_from_outside_leaves_nothing_behind(
    jobs: Jobs, temp: Path, ending: signal.Signals
) -> None:
    async with at_terminal(jobs, "demo", TERM="xterm-256color") as person:
        await person.sees("Try:")
        [demo] = [pid for pid, command in _processes(temp).items() if command.endswith(b"\0demo")]
        assert any(command.endswith(b"\0run") for command in _processes(temp).values())
        os.kill(demo, ending)
        assert await person.leaves_with() == 0
    assert list(temp.iterdir()) == []
    assert _processes(temp) == {}


async def test_ctrl_c_in_the_tour_is_a_clean_end(jobs: Jobs, temp: Path) -> None:
    async with at_terminal(jobs, "demo", "--tour") as person:
        await person.sees("You   Hello! Who are you?")
        assert await person.presses_ctrl_c() == 130
    assert "Traceback" not in person.screen
    assert list(temp.iterdir()) == []


async def test_ctrl_c_while_it_opens_is_a_clean_end(jobs: Jobs, temp: Path) -> None:
    async with at_terminal(jobs, "demo", TERM="xterm-256color") as person:
        await person.sees("Opening the demo…")
        assert await person.presses_ctrl_c() in (0, 130)  # before or after the chat has taken the keyboard
    assert "Traceback" not in person.screen
    assert list(temp.iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("--tour",)])
async def test_ctrl_c_held_down_is_a_clean_end(jobs: Jobs, temp: Path, arguments: tuple[str, ...]) -> None:
    async with at_terminal(jobs, "demo", *arguments, TERM="xterm-256color") as person:
        await person.sees("You   Hello! Who are you?" if arguments else "Try:")
        assert await person.presses_ctrl_c(every=0.02) in (0, 130)
    assert "Traceback" not in person.screen
    assert "Exception ignored" not in person.screen
    assert list(temp.iterdir()) == []
    assert _processes(temp) == {}
