"""Answers are written into `.env`, and everything else in it stays as its owner wrote it."""

from __future__ import annotations

import stat
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from jobs.cli.env_file import update_env_file, with_values


def test_values_are_set_in_place_and_everything_else_stays() -> None:
    before = (
        "# my settings\n\nTG_API_ID=1 # from my.telegram.org\nexport LANGUAGE=en\nOTHER='two\nlines'\n"
        'TZ = "Europe/Berlin"\n\n# the end'
    )
    after = with_values(before, {"TG_API_ID": "42", "LANGUAGE": "ru", "TZ": "UTC", "TG_USER_ID": "7"})
    assert after == (
        "# my settings\n\nTG_API_ID=42 # from my.telegram.org\nexport LANGUAGE=ru\nOTHER='two\nlines'\n"
        "TZ = UTC\n\n# the end\nTG_USER_ID=7\n"
    )


def test_of_several_lines_for_one_variable_the_one_that_counts_is_changed() -> None:
    assert with_values("A=1\nA=2\n", {"A": "3"}) == "A=1\nA=3\n"


def test_a_commented_out_variable_is_left_as_a_comment() -> None:
    assert with_values("# A=1\n", {"A": "2"}) == "# A=1\nA=2\n"


def test_windows_line_ends_and_names_without_a_value_are_handled() -> None:
    assert with_values("A=1\r\nB=2\r\n", {"A": "3"}) == "A=3\r\nB=2\r\n"
    assert with_values("A\nB=2\n", {"A": "3"}) == "A=3\nB=2\n"
    assert with_values("A=\nB=2\n", {"A": "3"}) == "A=3\nB=2\n"


lines = st.lists(
    st.sampled_from(["A=1", "B='x # y'", "# note", "", "export C=3 # why", 'D="a\\nb"', "broken", "A=", "  E = 5"]),
    max_size=8,
)
printable = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="$"), max_size=20)


@given(lines, st.dictionaries(st.sampled_from(["A", "B", "C", "D", "E", "NEW"]), printable, min_size=1))
def test_any_file_reads_back_with_the_new_values_and_the_old_others(before: list[str], values: dict[str, str]) -> None:
    text = "\n".join(before)
    stripped = {name: value.strip() for name, value in values.items()}
    old = dotenv_values(stream=StringIO(text))
    new = dotenv_values(stream=StringIO(with_values(text, stripped)))
    assert new == old | stripped


@given(lines, st.dictionaries(st.sampled_from(["A", "B", "C", "NEW"]), printable, min_size=1))
def test_setting_the_same_values_again_changes_nothing(before: list[str], values: dict[str, str]) -> None:
    once = with_values("\n".join(before), values)
    assert with_values(once, values) == once


def test_the_file_is_private_even_where_it_was_not(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    path.chmod(0o644)
    update_env_file(path, {"A": "2"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "A=2\n"


def test_a_new_file_is_private_and_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    update_env_file(tmp_path / ".env", {"A": "1"})
    assert [found.name for found in tmp_path.iterdir()] == [".env"]
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.env"
    real.write_text("A=1\n")
    (tmp_path / ".env").symlink_to(real)
    update_env_file(tmp_path / ".env", {"A": "2"})
    assert (tmp_path / ".env").is_symlink()
    assert real.read_text() == "A=2\n"


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    with pytest.raises(UnicodeEncodeError):
        update_env_file(path, {"A": "\ud800"})  # a lone surrogate cannot be written
    assert path.read_text() == "A=1\n"
    assert [found.name for found in tmp_path.iterdir()] == [".env"]
