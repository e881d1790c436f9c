"""Blocks of code, and what stands on the line that opens one."""

from __future__ import annotations

import pytest
from telegram_rules import formats

from jobs.telegram.render import RichText, join, render


def test_a_fenced_block_is_code_of_its_language() -> None:
    rich = render("Look:\n```python\ndef f():\n    return '**x**'\n```\nDone.")
    assert rich.text == "Look:\ndef f():\n    return '**x**'\nDone."
    assert formats(rich) == [("pre", "def f():\n    return '**x**'", "python")]


@pytest.mark.parametrize("language", ["c++", "C#", "objective-c", "1c", "py3"])
def test_a_single_word_behind_the_fence_is_the_language_of_the_block(language: str) -> None:
    rich = render(f"``` {language}\nx = 1\n```")
    assert rich.text == "x = 1"
    assert formats(rich) == [("pre", "x = 1", language)]


@pytest.mark.parametrize("fence", ["```", "~~~~"])
@pytest.mark.parametrize(
    "words", ["The answer is 42", "/etc/nginx.conf", "setup.py", "keep this text", "{}", "42", "Да", "x" * 40, "-"]
)
def test_what_is_no_language_behind_the_fence_stands_above_the_block(fence: str, words: str) -> None:
    rich = render(f"Here:\n{fence}{words}\nx = 1\n{fence}\nbye")
    assert rich.text == f"Here:\n{words}\nx = 1\nbye"
    assert formats(rich) == [("pre", "x = 1")]


@pytest.mark.parametrize("more", ['title="setup.py"', "{1,3-4}", "// run this first", "# run this first"])
def test_remarks_behind_the_language_stand_above_the_block(more: str) -> None:
    rich = render(f"```python {more}\nx = 1\n```")
    assert rich.text == f"{more}\nx = 1"
    assert formats(rich) == [("pre", "x = 1", "python")]


@pytest.mark.parametrize(
    "text", ["```The whole answer is 42", "```The whole answer is 42\n```", "~~~The whole answer is 42"]
)
def test_an_answer_that_stands_behind_a_fence_is_shown(text: str) -> None:
    assert render(text) == RichText("The whole answer is 42")


def test_text_behind_a_fence_is_a_line_of_its_own() -> None:
    assert render("Here:\n```The answer is 42\n```\nbye") == RichText("Here:\nThe answer is 42\nbye")
    assert render("Here:\n\n```The answer\nx = 1\n```\n\nbye").text == "Here:\n\nThe answer\nx = 1\n\nbye"


@pytest.mark.parametrize("text", ["```Yes", "```Yes\n", "```Yes\n```", "~~~Yes\n\n~~~"])
def test_a_word_behind_a_fence_without_code_is_text(text: str) -> None:
    assert render(text) == RichText("Yes")


def test_code_keeps_its_indentation_even_at_the_beginning_of_a_message() -> None:
    rich = render("```\n\n    indented\n\tby tab\n```")
    assert rich.text == "    indented\n    by tab"
    assert formats(rich) == [("pre", rich.text)]


def test_an_indented_block_is_code() -> None:
    assert formats(render("text\n\n    x = 1\n    y = 2\n\nmore")) == [("pre", "x = 1\ny = 2")]


def test_a_block_in_a_list_item_begins_on_a_line_of_its_own() -> None:
    rich = render("1. ```sh\n   ls -la\n   ```\n2. next")
    assert formats(rich) == [("pre", "ls -la", "sh")]
    assert [line.rstrip() for line in rich.text.split("\n")] == ["1.", "ls -la", "2. next"]


def test_an_empty_block_leaves_nothing_behind() -> None:
    assert render("before\n\n```\n```\n\nafter").text == "before\n\nafter"


@pytest.mark.parametrize("fence", ["```", "~~~~"])
@pytest.mark.parametrize("ending", ["", "\n", "\n\n", "\n``"])
def test_a_block_that_is_left_open_ends_before_the_text_that_follows(fence: str, ending: str) -> None:
    rich = render(join(f"Here:\n{fence}py\nx = 1{ending}", "**Stopped**"))
    assert formats(rich) == [("pre", f"x = 1{ending.rstrip()}", "py"), ("bold", "Stopped")]


@pytest.mark.parametrize(
    "text",
    ["```py\nx = 1\n```", "```py\nx = 1\n`````  \n\n", "- ```py\n  x = 1\n  ```", "> ```\n> x = 1", "a ``` b", ""],
)
def test_a_text_that_leaves_no_block_open_is_joined_as_it_is(text: str) -> None:
    assert join(text, "Stopped") == (f"{text}\n\nStopped" if text else "Stopped")


def test_nothing_joined_is_nothing() -> None:
    assert join() == join("", "") == ""
