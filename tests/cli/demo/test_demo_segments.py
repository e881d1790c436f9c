"""How a message is cut into what the screen draws."""

from __future__ import annotations

from jobs.cli.demo.segments import Mark, Segment, segments
from jobs.core.rich_text import Entity, RichText
from jobs.telegram.render import render


def test_text_code_and_quotations_come_in_order() -> None:
    parts = segments(render("One **two**.\n\n```python\nx = 1\n\ny = 2\n```\n\nThree\n\n> four `five`\n"))
    assert parts == [
        Segment("text", "One two.", (Mark(4, 7, "bold"),)),
        Segment("pre", "x = 1\n\ny = 2", language="python", apart=True),
        Segment("text", "Three", apart=True),
        Segment("quote", "four five", (Mark(5, 9, "code"),), apart=True),
    ]


def test_emoji_before_a_range_do_not_shift_it() -> None:
    [part] = segments(render("😀👨‍👩‍👧 **bold** [link](https://example.org)"))
    assert [part.text[mark.start : mark.end] for mark in part.marks] == ["bold", "link"]
    assert part.marks[1].url == "https://example.org"


def test_code_inside_a_quotation_belongs_to_the_quotation() -> None:
    content = RichText("before\ncode\nafter", (Entity("quote", 0, 17), Entity("pre", 7, 4)))
    [part] = segments(content)
    assert (part.kind, part.text, part.marks) == ("quote", "before\ncode\nafter", (Mark(7, 11, "pre"),))


def test_a_range_over_a_block_continues_behind_it() -> None:
    content = RichText("a\nb\nc", (Entity("bold", 0, 5), Entity("pre", 2, 1)))
    assert segments(content) == [
        Segment("text", "a", (Mark(0, 1, "bold"),)),
        Segment("pre", "b"),
        Segment("text", "c", (Mark(0, 1, "bold"),)),
    ]


def test_a_blank_text_has_no_segments() -> None:
    assert segments(RichText("")) == []
    assert segments(RichText("\n\n")) == []
