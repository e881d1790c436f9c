"""What the owner reads before they say yes to a server: all that decides, and nothing that looks like our own words."""

from __future__ import annotations

import sys

import pytest

from jobs.mcp_manager.plans import of_command
from jobs.mcp_manager.questions import shown


@pytest.mark.parametrize("line_break", ["\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_break_in_an_argument_makes_no_line_of_the_question(line_break: str) -> None:
    plan = of_command([sys.executable, f"x{line_break}🔧 read: “Reads.”"])
    lines = shown("plants", plan, None, "", "en").splitlines()
    assert len(lines) == 2
    assert "x ⏎ 🔧 read" in lines[1]


def test_a_command_that_is_too_long_to_show_says_how_much_is_left_out() -> None:
    text = shown("plants", of_command([sys.executable, *["y" * 1999] * 49]), None, "", "ru")
    assert len(text) < 2_000
    assert "не показано знаков: 9" in text
