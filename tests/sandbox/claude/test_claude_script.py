"""Writing what the sandbox's model says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.sandbox.claude import ModelRequest, Reply, Rules, Scripted, ScriptError, Text, call, say


def request(*messages: tuple[str, Any]) -> ModelRequest:
    listed = [{"role": role, "content": content} for role, content in messages]
    return ModelRequest.parse(json.dumps({"model": "m", "messages": listed}).encode(), {})


@given(st.text() | st.integers(1, 5000).map(lambda length: "word " * length))
def test_a_text_cut_into_deltas_is_whole(text: str) -> None:
    deltas = Text(text).deltas
    assert "".join(deltas) == text
    assert 1 <= len(deltas) <= 64


def test_scripted_replies_come_in_order_and_run_out() -> None:
    script = Scripted(["One", call("Bash", command="ls")])
    assert script(request(("user", "a"))) == say("One")
    assert script(request(("user", "b"))).reason == "tool_use"
    with pytest.raises(ScriptError, match="no reply left"):
        script(request(("user", "c")))


def test_the_first_rule_that_fits_answers() -> None:
    rules = Rules().on_text("^/stop", "Stopped.").on_text("stop", "No.").on_result("42", "It is 42.")
    result = [{"type": "tool_result", "tool_use_id": "t", "content": "42, stop"}]
    assert rules(request(("user", "/stop"))) == say("Stopped.")
    assert rules(request(("user", "do not stop"))) == say("No.")
    assert rules(request(("user", "x"), ("assistant", "y"), ("user", result))) == say("It is 42.")
    with pytest.raises(ScriptError, match="no rule"):
        rules(request(("user", "go")))


def test_a_prompt_is_the_newest_user_message_without_what_the_cli_adds() -> None:
    reminder = {"type": "text", "text": "<system-reminder>Today is Monday</system-reminder>"}
    newest = [reminder, {"type": "text", "text": "Now?"}]
    parsed = request(("user", "Before"), ("assistant", "Yes"), ("user", newest), ("system", "A tool is new"))
    assert parsed.prompt == "Now?"
    assert parsed.texts == [reminder["text"], "Now?"]
    assert parsed.all_texts == ["Before", "Yes", reminder["text"], "Now?", "A tool is new"]


def test_a_tool_call_is_found_by_its_id() -> None:
    reply = Reply([Text("Let me look."), *call("Bash", command="ls").blocks])
    use = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}}
    found = request(("user", "go"), ("assistant", [use])).called("toolu_1")
    assert reply.reason == "tool_use"
    assert found is not None
    assert (found.name, found.input) == ("Bash", {"command": "ls"})
