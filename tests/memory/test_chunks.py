"""How notes are cut up."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.memory.chunks import OVERLAP, TARGET, chunks_of, tokens_in
from jobs.memory.markdown import Lines

line = st.one_of(
    st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=60),
    st.sampled_from(["", "# One", "## Two", "###", "```", "~~~", "- a fact", "    ", "#no heading", "x" * 3000]),
    st.integers(1, 40).map(lambda n: "слово " * n * 10),
)
notes = st.lists(line, max_size=40).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(notes)
def test_every_line_is_in_a_chunk_and_a_chunk_says_its_lines(markdown: str) -> None:
    lines = markdown.split("\n")
    chunks = chunks_of(markdown)
    covered = {number for chunk in chunks for number in range(chunk.first_line, chunk.last_line + 1)}
    assert {number for number, text in enumerate(lines, 1) if text.strip()} <= covered
    for chunk in chunks:
        whole = "\n".join(lines[chunk.first_line - 1 : chunk.last_line])
        assert chunk.text in whole
        if tokens_in(whole) < TARGET / 2:
            assert chunk.text == whole


@settings(max_examples=150, deadline=None)
@given(notes)
def test_no_chunk_is_much_larger_than_it_should_be(markdown: str) -> None:
    for chunk in chunks_of(markdown):
        lines = chunk.text.count("\n") + 1
        assert tokens_in(chunk.text) <= TARGET + 1 + lines


@settings(max_examples=100, deadline=None)
@given(notes, st.text(st.characters(categories=["L"]), min_size=1, max_size=50))
def test_a_line_that_is_appended_changes_one_chunk_at_most(markdown: str, added: str) -> None:
    before = {chunk.key("m") for chunk in chunks_of(markdown)}
    after = {chunk.key("m") for chunk in chunks_of(f"{markdown}\n{added}")}
    assert len(after - before) <= 1


def test_the_words_of_a_long_note_overlap_from_chunk_to_chunk() -> None:
    chunks = chunks_of("\n".join(f"- fact number {number} of the long list" for number in range(200)))
    assert len(chunks) > 3
    for one, following in itertools.pairwise(chunks):
        assert one.first_line < following.first_line <= one.last_line < following.last_line
        shared = one.text.splitlines()[following.first_line - one.first_line :]
        assert tokens_in("\n".join(shared)) <= OVERLAP


def test_headings_lead_to_a_chunk() -> None:
    chunks = chunks_of("# Home\n\n## Keys\nunder the pot\n\n## Bins\nTuesday\n\n# Work\nat nine\n")
    assert [(chunk.heading, chunk.first_line, chunk.last_line) for chunk in chunks] == [
        (("Home", "Keys"), 1, 4),
        (("Home", "Bins"), 6, 7),
        (("Work",), 9, 10),
    ]


def test_what_stands_in_a_code_block_is_no_heading() -> None:
    [chunk] = chunks_of("# Script\n```\n# a comment\n```\nafter\n")
    assert chunk.heading == ("Script",)
    assert chunk.last_line == 5


def test_a_key_depends_on_the_text_its_headings_and_the_model_alone() -> None:
    [one] = chunks_of("# A\ntext")
    [moved] = chunks_of("\n\n\n# A\ntext")
    assert one.key("m") == moved.key("m")
    others = (chunks_of("# B\ntext")[0].key("m"), chunks_of("# A\ntext!")[0].key("m"), one.key("other"))
    assert one.key("m") not in others
    assert len(set(others)) == 3


def test_a_megabyte_without_a_space_is_cut_up() -> None:
    chunks = chunks_of("\ufdfa" * 100_000 + "\nend")
    assert max(len(chunk.text) for chunk in chunks) < 1000
    assert chunks[-1].last_line == 2


@pytest.mark.parametrize(
    ("line", "title"),
    [("# One #", "One"), ("# One#", "One#"), ("## #", ""), ("#", ""), ("# \tOne ## \t", "One"), ("# # #", "#")],
)
def test_the_signs_that_close_a_heading_are_none_of_it(line: str, title: str) -> None:
    assert chunks_of(line)[0].heading == (title,)
    assert [block.text for block in Lines(line).blocks] == [title]


def test_a_heading_with_a_very_long_gap_is_read_at_once() -> None:
    line = f"# a{' ' * 1_000_000}b"  # a minute, were every part of the gap tried as its end
    assert chunks_of(line)
    assert Lines(line).blocks
