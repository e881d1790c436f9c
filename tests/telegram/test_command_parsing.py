"""Which texts are commands."""

import pytest

from jobs.telegram.commands import parse_command


@pytest.mark.parametrize("text", ["/stop", " /STOP \n", "/Stop"])
def test_a_command_is_known_in_any_case_and_among_blanks(text: str) -> None:
    assert parse_command(text) == "stop"


@pytest.mark.parametrize("text", ["/ſtop", "/uſage", "/stop now", "/stop@jobs", "stop", "\u200b/stop"])
def test_what_only_resembles_a_command_is_text(text: str) -> None:
    assert parse_command(text) is None
