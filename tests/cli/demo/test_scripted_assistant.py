"""What the demo's scripted assistant makes of its owner's sentences, with the real tools of the real program."""

from __future__ import annotations

import pytest

from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage

# Not the output alone: the line for the tool at work shows the command.
SAID = "Done. The command said:\n\n"


@pytest.fixture
async def owner(stage: Stage) -> Person:
    await stage.start()
    return await stage.person()


async def test_the_first_answer_says_that_it_is_a_script_and_later_ones_do_not_repeat_it(owner: Person) -> None:
    await owner.ask("run echo one", SAID + "one")
    await owner.ask("run echo two", SAID + "two")
    first, second = owner.texts
    assert first.startswith("First things first: I am a script.")
    assert "script" not in second


async def test_a_fresh_conversation_is_told_again_that_it_is_a_script(stage: Stage, owner: Person) -> None:
    await owner.ask("run echo one", SAID + "one")
    await stage.daemons[0].wait_for_log("answered 1 messages")
    await owner.ask("/clear", "fresh conversation")
    await owner.ask("run echo two", SAID + "two")
    assert owner.texts[-1].startswith("First things first: I am a script.")


async def test_what_it_does_not_recognise_it_does_not_pretend_to_understand(owner: Person) -> None:
    await owner.ask("run true", "the command said nothing")
    seen = await owner.ask("what is the meaning of life", "did not understand")
    assert seen.text.startswith("I am a script and did not understand that. Here is what I recognise:")


async def test_it_answers_in_the_language_it_is_written_to(owner: Person) -> None:
    await owner.ask("выполни echo раз", "Вывод команды:\n\nраз")
    assert owner.texts[0].startswith("Сразу скажу: я сценарий.")
    await owner.ask("run echo two", SAID + "two")
    await owner.ask("в чём смысл жизни", "Я сценарий и этого не понял.")


async def test_a_command_that_fails_is_not_called_done(owner: Person) -> None:
    seen = await owner.ask("run echo oops >&2; exit 3", "The command failed:")
    assert "oops" in seen.text
    assert "Done" not in seen.text


async def test_output_is_shown_as_it_is_and_not_as_markdown(owner: Person) -> None:
    await owner.ask("run printf 'a\\n```\\n**b**\\n'", SAID + "a\n```\n**b**")


async def test_what_it_remembers_is_in_a_file_and_comes_back(stage: Stage, owner: Person) -> None:
    await owner.ask("what do you remember?", "Nothing yet.")
    await owner.ask("remember that I take my tea black", "find it again:\n\nI take my tea black")
    await owner.ask("запомни, что Вера любит тюльпаны", "и найду:\n\nВера любит тюльпаны")
    lines = (stage.workspace / "MEMORY.md").read_text().splitlines()
    assert lines[-2:] == ["- I take my tea black", "- Вера любит тюльпаны"]
    await stage.daemons[0].wait_for_log("answered 1 messages", count=3)
    await owner.ask("/clear", "fresh conversation")
    await owner.ask("что ты помнишь?", "• I take my tea black\n• Вера любит тюльпаны")


async def test_a_note_is_added_to_what_stands_there(stage: Stage, owner: Person) -> None:
    notes = stage.workspace / "notes.txt"
    notes.write_text("- water the ficus\n")
    await owner.ask("note: buy milk", "buy milk")
    assert notes.read_text() == "- water the ficus\n- buy milk\n"
    await owner.ask("read notes.txt", "notes.txt says:\n\n- water the ficus\n- buy milk")
    await owner.ask("read other.txt", "I could not read other.txt.")


async def test_two_messages_at_once_are_both_answered(owner: Person) -> None:
    await owner.send("run for n in 1 2 3 4; do sleep 0.5; done; echo slept")
    await owner.wait_for_text("💻 running: for n")
    await owner.send("run echo second")
    await owner.wait_for_text(SAID + "slept")
    await owner.wait_for_text(SAID + "second")


async def test_after_a_stop_it_goes_on_with_what_comes_next(owner: Person) -> None:
    await owner.send("do something slow")
    await owner.wait_for_text("💻 running: for n")
    await owner.ask("/stop", "Stopped")
    seen = await owner.ask("run echo next", SAID + "next")
    assert "fifteen" not in seen.text


async def test_a_script_costs_nothing(stage: Stage, owner: Person) -> None:
    await owner.ask("run echo one", SAID + "one")
    await stage.daemons[0].wait_for_log("answered 1 messages")
    seen = await owner.ask("/usage", "Today")
    assert "Today: 1 turns, $0.00\n0 tokens in, 0 out, 0 from cache" in seen.text
