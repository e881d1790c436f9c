from __future__ import annotations

import pytest
from telegram_rules import assert_sendable, formats

from jobs.telegram.render import RichText, preview, render


@pytest.mark.parametrize(
    ("unfinished", "text", "expected"),
    [
        ("Hello **bold te", "Hello bold te", [("bold", "bold te")]),
        ("Hello **bold text*", "Hello bold text", [("bold", "bold text")]),
        ("Hello *ital", "Hello ital", [("italic", "ital")]),
        ("***both", "both", [("italic", "both"), ("bold", "both")]),
        ("a ~~str", "a str", [("strike", "str")]),
        ("a ||secr", "a secr", [("spoiler", "secr")]),
        ("**bold ||secret", "bold secret", [("bold", "bold secret"), ("spoiler", "secret")]),
        ("~~a **b~~ c *d", "a **b c d", [("strike", "a **b"), ("italic", "d")]),
        ("run `ls -", "run ls -", [("code", "ls -")]),
        ("run ``a `b", "run a `b", [("code", "a `b")]),
        ("run ``ls`", "run ls", [("code", "ls")]),
        ("`a` and `b", "a and b", [("code", "a"), ("code", "b")]),
        ("pass **kwargs:\n```py\nx", "pass **kwargs:\nx", [("pre", "x", "py")]),
        ("see [the page](https://exam", "see the page", []),
        ("see ![cat](", "see cat", []),
        ("the end **", "the end", []),
        ("done\n\n``", "done", []),
        ("done\n\n```py", "done", []),
        ("done\n\n```The ans", "done\n\nThe ans", []),
        ("```py\nx = **1", "x = **1", [("pre", "x = **1", "py")]),
        ("> quoted **te", "quoted te", [("quote", "quoted te"), ("bold", "te")]),
        ("- item\n- **it", "• item\n• it", [("bold", "it")]),
        ("## Head", "Head", [("bold", "Head")]),
        ("a || b || c", "a || b || c", []),
        ("__init__ of 2*3", "__init__ of 2*3", []),
    ],
)
def test_what_is_open_at_the_end_looks_closed(unfinished: str, text: str, expected: list[tuple[str, ...]]) -> None:
    rich = preview(unfinished)
    assert rich.text == text
    assert formats(rich) == expected


def test_what_an_earlier_paragraph_left_open_stays_as_written() -> None:
    rich = preview("pass **kwargs on `here\n\nand **bold")
    assert rich.text == "pass **kwargs on `here\n\nand bold"
    assert formats(rich) == [("bold", "bold")]


def test_the_preview_of_a_finished_text_is_the_text() -> None:
    markdown = "# Title\n\nSome **bold** text with `code`.\n\n- item\n\n```py\nx = 1\n```"
    assert preview(markdown) == render(markdown)


def test_the_preview_of_a_long_text_is_its_last_part() -> None:
    markdown = "\n\n".join(f"Paragraph {number} with **some words**." for number in range(300))
    rich = preview(markdown + "\n\nthe very **end")
    assert_sendable(rich)
    assert rich.text.endswith("\n\nthe very end")
    assert formats(rich)[-1] == ("bold", "end")


def test_the_preview_of_nothing_is_blank() -> None:
    assert preview("") == preview("**") == RichText("")


def test_every_prefix_of_an_answer_has_a_sendable_preview() -> None:
    markdown = (
        "# Plan 🗺\n\n1. **First** step: [map](https://example.com/map)\n   - ~~old~~ ||secret||\n\n"
        "| a | b |\n|---|--:|\n| `x` | 2 |\n\n> quoted *words*\n\n```py\nprint('hi')\n```\n"
    )
    for end in range(1, len(markdown) + 1):
        rich = preview(markdown[:end])
        if rich.text:
            assert_sendable(rich)
