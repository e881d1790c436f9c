"""Notes that are brought along: under their headings, each thing once, and nothing that stood there changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.memory.absorbing import absorbed
from jobs.memory.markdown import Lines


@pytest.mark.parametrize(
    ("target", "source", "after", "count"),
    [
        ("", "# M\n\n- a\n", "# M\n\n- a\n", 1),
        ("# M\n\n- a\n", "# Other\n\n- A.\n- b\n", "# M\n\n- a\n- b\n", 1),
        ("# M\r\n\r\n- a", "- b\n", "# M\r\n\r\n- a\r\n- b", 1),
        (
            "# M\n\n## X\n\n- a\n\n## Y\n",
            "## x\n- b\n  - c\n\ntext\n",
            "# M\n\n## X\n\n- a\n- b\n  - c\n\ntext\n\n## Y\n",
            2,
        ),
        ("# M\n\n- a\n", "## X\n- b\n### Z\n- c\n", "# M\n\n- a\n\n## X\n\n- b\n\n### Z\n\n- c\n", 2),
        (
            "# M\n\n## Anna\n\n### Phone\n\n- 1\n",
            "## Anna\n### Phone\n- 11\n## Boris\n### Phone\n- 2\n",
            "# M\n\n## Anna\n\n### Phone\n\n- 1\n- 11\n\n## Boris\n\n### Phone\n\n- 2\n",
            2,
        ),
        (
            "# M\n\n## X\n\n- she likes green tea\n",
            "- She likes green tea\n",
            "# M\n\n## X\n\n- she likes green tea\n",
            0,
        ),
        ("# M\n\n## X\n\n- tall\n", "## Y\n- tall\n", "# M\n\n## X\n\n- tall\n\n## Y\n\n- tall\n", 1),
        ("a\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "a\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", 1),
        ("a\n", "---\n\n***\n", "a\n", 0),
    ],
)
def test_what_is_new_goes_where_it_belongs(target: str, source: str, after: str, count: int) -> None:
    assert absorbed(target, source) == (after, count)


def test_a_whole_note_can_go_under_a_heading() -> None:
    text, _ = absorbed("# M\n\n- a\n", "# USER.md\n\n- Name: Olga\n\n## Context\n\nworks\n", "About the owner")
    assert text == "# M\n\n- a\n\n## About the owner\n\n- Name: Olga\n\n### Context\n\nworks\n"
    assert absorbed(text, "# USER.md\n\n- Name: Olga\n\n## Context\n\nworks\n", "About the owner") == (text, 0)


MARKS = ["- ", "  - ", "", "# ", "## ", "### ", "| ", "1. ", "> "]
SAID = ["x", "g x", "b", "Phone: 1", "q w e r t"]
NOTES = st.lists(st.tuples(st.sampled_from(MARKS), st.sampled_from(SAID)), max_size=12).map(
    lambda lines: "".join(f"{mark}{words}\n" for mark, words in lines)
)


@settings(max_examples=500, deadline=None)
@given(NOTES, NOTES)
def test_nothing_that_stood_there_changes_all_is_taken_and_once_is_enough(target: str, source: str) -> None:
    after, _ = absorbed(target, source)
    left = iter(Lines(after).plain)
    assert all(line in left for line in Lines(target).plain), "a line is gone, or out of its order"
    for line in Lines(source).plain:
        assert line.startswith("#") or line.strip(" -|>1.") in after
    assert absorbed(after, source) == (after, 0)


@settings(max_examples=300, deadline=None)
@given(st.text(), st.text())
def test_any_text_can_be_taken(target: str, source: str) -> None:
    after, _ = absorbed(target, source)
    after.encode()


def test_a_title_that_makes_private_what_is_below_goes_with_it() -> None:
    after, count = absorbed("# Memory\n\n- a\n", "# Private\n\n- Safe: 774412\n")
    assert after == "# Memory\n\n- a\n\n## Private\n\n- Safe: 774412\n"
    assert count == 1
    assert absorbed(after, "# Private\n\n- Safe: 774412\n") == (after, 0)
