from __future__ import annotations

import time

import pytest
from telegram_rules import assert_sendable, formats

from jobs.telegram.render import render, split


def text_of(markdown: str) -> str:
    return render(markdown).text


@pytest.mark.parametrize(
    "text",
    [
        "__init__",
        "call __init__ and __repr__ of it",
        "2*3*4",
        "2 * 3 * 4 = 24",
        "x**2 + y**2",
        "x**n + y**n",
        "pass **kwargs where x**n is meant",
        "(a)**2 + (b)**2",
        "snake_case_name and another_snake_case",
        "a * b * c",
        "def f(*args, **kwargs): pass",
        "int *a, *b;",
        "*.py and *.js",
        "src/**/*.py",
        "*/5 * * * *",
        "/*comment*/ and /_next_/static",
        "a || b || c, a||b||c, (a)||(b)||(c)",
        "f(a)||!b||!c",
        "a||!b||!c",
        "<b>bold</b> and <script>alert(1)</script>",
        "<div>\n<p>text</p>\n</div>",
        "std::vector<int> and <user:password>",
        "&amp; &lt; &#33;",
        "~5 minutes, ~ 10",
        "👍🏽 👩‍👩‍👧 🇩🇪 1️⃣ ☑️",
        "שלום עולם, مرحبا",
        r"C:\dir\new and \\server\share",
        r"\(x\) and \[ x^2 \] and \d+",
        "[1]: see the note below",
        "a footnote[1] and arr[0][1]",
        "#hashtag and #1",
        "https://example.com/__init__/_a_/*b*?c=*d*&e=_f_",
        "5 > 3 < 4 | 7",
        "price: $5-$10 (±3%)",
        "unclosed **bold, `code and ||spoiler",
        "first line\n===\nsecond line",
    ],
)
def test_text_that_is_no_markdown_survives_as_written(text: str) -> None:
    rich = render(text)
    assert rich.text == text
    assert rich.entities == ()


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a **bold** word", [("bold", "bold")]),
        ("an *italic* word", [("italic", "italic")]),
        ("an _italic_ word", [("italic", "italic")]),
        ("a ***both*** word", [("italic", "both"), ("bold", "both")]),
        ("**bold with *italic* inside**", [("bold", "bold with italic inside"), ("italic", "italic")]),
        ("a ~~struck~~ word", [("strike", "struck")]),
        ("a ||hidden|| word", [("spoiler", "hidden")]),
        ("some `co*d*e` here", [("code", "co*d*e")]),
        ("**Specific** **M**easurable", [("bold", "Specific"), ("bold", "M")]),
        ("**yes**/**no**", [("bold", "yes"), ("bold", "no")]),
        ("这是**粗体**文字", [("bold", "粗体")]),
        ("**「引用」**文字", [("bold", "「引用」")]),
        ("**Жирный** и *курсив*", [("bold", "Жирный"), ("italic", "курсив")]),
        ("👍 **a** 👩‍👧 *b*", [("bold", "a"), ("italic", "b")]),
        ("**https://example.com/a**", [("bold", "https://example.com/a")]),
        ("_https://example.com/a_", [("italic", "https://example.com/a")]),
        ("~~https://example.com/a~~(gone)", [("strike", "https://example.com/a")]),
        (r"\\*a*", [("italic", "a")]),
    ],
)
def test_inline_styles_become_entities(markdown: str, expected: list[tuple[str, ...]]) -> None:
    assert formats(render(markdown)) == expected


def test_a_backslash_before_a_marker_hides_the_marker() -> None:
    rich = render(r"\*not italic\*, \_nor this\_, \`nor code\`, \~~, \||")
    assert rich.text == "*not italic*, _nor this_, `nor code`, ~~, ||"
    assert rich.entities == ()


def test_a_backslash_at_the_beginning_of_a_line_stops_a_block() -> None:
    assert text_of("1\\. not a list\n\n\\# no heading\n\n\\- no item\n\n\\> no quote") == (
        "1. not a list\n\n# no heading\n\n- no item\n\n> no quote"
    )


def test_escaped_brackets_make_no_link() -> None:
    rich = render(r"\[text\](https://example.com)")
    assert rich.text == r"\[text\](https://example.com)"
    assert rich.entities == ()


def test_styles_make_room_for_the_code_inside_them() -> None:
    rich = render("**call `f` now**")
    assert rich.text == "call f now"
    assert formats(rich) == [("bold", "call"), ("code", "f"), ("bold", "now")]
    assert formats(render("# Call **it `f` right** now")) == [
        ("bold", "Call it"),
        ("code", "f"),
        ("bold", "right now"),
    ]


def test_code_inside_a_spoiler_stays_hidden() -> None:
    assert formats(render("||the key is `s3cret`||")) == [("spoiler", "the key is s3cret")]


def test_code_inside_a_link_stays_a_link() -> None:
    assert formats(render("[`os.path`](https://docs.python.org/3)")) == [
        ("link", "os.path", "https://docs.python.org/3")
    ]


def test_line_breaks_stay_line_breaks() -> None:
    assert text_of("one\ntwo  \nthree\\\nfour\n\nfive\n\n\n\nsix\r\nseven\rcr") == (
        "one\ntwo\nthree\nfour\n\nfive\n\nsix\nseven\ncr"
    )


def test_headings_are_bold_lines_with_room_above() -> None:
    rich = render("intro\n# One\ntext\n## Two with **bold** and `code`\n\nmore")
    assert rich.text == "intro\n\nOne\ntext\n\nTwo with bold and code\n\nmore"
    assert formats(rich) == [("bold", "One"), ("bold", "Two with bold and"), ("code", "code")]


def test_lists_have_bullets_and_nested_ones_are_indented() -> None:
    assert text_of("Intro:\n- one\n- two\n  * deeper\n    + deepest\n  * again\n- three") == (
        "Intro:\n• one\n• two\n    • deeper\n        • deepest\n    • again\n• three"
    )


def test_the_deepest_lists_stay_readable() -> None:
    nested = "\n".join("  " * depth + f"- item{depth}" for depth in range(12))
    assert max(len(line) - len(line.lstrip()) for line in text_of(nested).split("\n")) == 24


def test_ordered_lists_keep_their_numbers() -> None:
    assert text_of("3. three\n4. four\n   - inner\n\n7) seven") == "3. three\n4. four\n    • inner\n\n7) seven"


def test_lines_of_a_list_item_stay_under_it() -> None:
    assert text_of("- first\n  second\n\n  new paragraph\n- next") == (
        "• first\n    second\n\n    new paragraph\n• next"
    )


def test_task_lists_have_boxes() -> None:
    assert text_of("- [ ] open\n- [x] done\n1. [X] numbered") == "☐ open\n☑ done\n1. ☑ numbered"


def test_a_quote_becomes_one_quote_and_nested_ones_join_it() -> None:
    rich = render("> one **bold**\n> > two\n>\n> three\n\nout")
    assert rich.text == "one bold\ntwo\n\nthree\n\nout"
    assert formats(rich) == [("quote", "one bold\ntwo\n\nthree"), ("bold", "bold")]


def test_a_quote_may_hold_code_and_lists() -> None:
    rich = render("> - a\n> - b\n>\n> ```\n>     x\n> ```")
    assert rich.text == "• a\n• b\n\n    x"
    assert formats(rich) == [("quote", rich.text), ("pre", "    x")]
    assert formats(render("> ```\n>     x\n> ```")) == [("quote", "    x"), ("pre", "    x")]


def test_a_quote_in_a_list_begins_on_a_line_of_its_own() -> None:
    rich = render("- item\n  > quoted\n  > twice\n- next")
    assert rich.text == "• item\nquoted\ntwice\n• next"
    assert formats(rich) == [("quote", "quoted\ntwice")]


def test_a_rule_is_a_line_of_dashes_and_never_makes_a_heading() -> None:
    rich = render("above\n---\nbelow\n\n***")
    above, first, below, _, last = rich.text.split("\n")
    assert (above, below) == ("above", "below")
    assert set(first) == set(last) == {"—"}
    assert rich.entities == ()


def test_links_become_links() -> None:
    url = "https://example.com/a_(b)?q=1&amp=2#x"
    assert formats(render(f"see [the *page*]({url} 'title') now")) == [
        ("link", "the page", url),
        ("italic", "page"),
    ]


def test_images_become_links() -> None:
    rich = render("![a **cat**](https://example.com/cat.png) and ![](https://example.com/dog.png)")
    assert rich.text == "a cat and https://example.com/dog.png"
    assert formats(rich) == [("link", "a cat", "https://example.com/cat.png")]


def test_an_image_inside_a_link_leaves_the_outer_link() -> None:
    assert formats(render("[![logo](https://example.com/i.png)](https://example.com)")) == [
        ("link", "logo", "https://example.com")
    ]


@pytest.mark.parametrize("text", ["https://example.com/a_b_c", "<https://example.com/a_b_c>"])
def test_bare_addresses_stay_text(text: str) -> None:
    rich = render(text)
    assert rich.text == "https://example.com/a_b_c"
    assert rich.entities == ()


def test_a_link_that_shows_its_own_address_stays_text() -> None:
    rich = render("[https://example.com](https://example.com) <mail@example.com>")
    assert rich.text == "https://example.com mail@example.com"
    assert rich.entities == ()


@pytest.mark.parametrize(
    "url",
    [
        "docs/setup.md",
        "#anchor",
        "/etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://localhost:8080/",
        "https://[broken",
    ],
)
def test_an_address_telegram_would_not_link_is_written_behind_its_text(url: str) -> None:
    rich = render(f"open [this]({url}) now")
    assert rich.text == f"open this ({url}) now"
    assert rich.entities == ()


def test_an_address_with_a_blank_is_no_link() -> None:
    rich = render("[this](<https://example.com/a b>)")
    assert rich.text == "this (https://example.com/a b)"
    assert rich.entities == ()


def test_an_address_is_not_repeated_behind_itself() -> None:
    assert text_of("[docs/setup.md](docs/setup.md)") == "docs/setup.md"


def test_a_link_to_an_address_or_a_number_shows_it() -> None:
    assert text_of("[Anna](mailto:anna@example.com), [call](tel:+491234567)") == (
        "Anna (anna@example.com), call (+491234567)"
    )


def test_telegram_links_are_kept() -> None:
    assert formats(render("[chat](tg://resolve?domain=durov)")) == [("link", "chat", "tg://resolve?domain=durov")]


def test_a_table_becomes_aligned_code() -> None:
    rich = render("| Name | Qty |\n|:-----|----:|\n| pear | 2 |\n| **kiwi** | 10 |\n| 日本 | `7` |")
    assert formats(rich) == [("pre", rich.text)]
    assert rich.text == "\n".join(
        ["Name | Qty", "-----+----", "pear |   2", "kiwi |  10", "日本 |   7"],
    )


def test_a_centred_column_is_centred() -> None:
    assert text_of("| wide head | x |\n|:-:|---|\n| a | b |").split("\n")[2] == "    a     | b"


def test_a_wide_table_wraps_inside_its_cells_and_loses_no_word() -> None:
    words = [f"word{number}" for number in range(40)]
    rich = render(f"| Key | Explanation |\n|---|---|\n| a | {' '.join(words)} |\n| b | short |")
    lines = rich.text.split("\n")
    assert max(map(len, lines)) <= 60
    assert all(line == line.rstrip() for line in lines)
    assert len({line.index("|") for line in lines if "|" in line}) == 1
    assert [word for line in lines for word in line.split("|")[-1].split() if word in words] == words


def test_a_word_too_wide_for_its_column_goes_on_in_the_next_line() -> None:
    address = "https://example.com/" + "x" * 100
    lines = text_of(f"| Key | Address |\n|---|---|\n| a | {address} |").split("\n")
    assert max(map(len, lines)) <= 60
    assert "".join(line.split("|")[1].strip() for line in lines[2:]) == address


def test_a_table_row_with_too_many_cells_is_shown_as_written() -> None:
    table = "| a | b |\n|---|---|\n| x || y | z |"
    assert formats(render(f"{table}\n\nafter")) == [("pre", table)]


def test_a_table_that_would_be_mostly_padding_is_shown_as_written() -> None:
    table = "|a" * 100 + "\n" + "|-" * 100 + "\n" + "\n".join(["|b"] * 200)
    assert render(table).text == table


def test_links_of_a_table_follow_it() -> None:
    rich = render("| Shop | Price |\n|---|---|\n| [Blue](https://blue.example.com) | 5 |\n| Red | 6 |")
    assert formats(rich)[1:] == [("link", "Blue", "https://blue.example.com")]
    assert rich.text.endswith("\nRed  | 6\nBlue")


def test_broken_surrogates_are_replaced_and_pairs_joined() -> None:
    assert text_of("a\ud83d b\ude00 \ud83d\ude00") == "a\ufffd b\ufffd 😀"


def test_what_telegram_would_strip_is_gone_before_offsets_are_counted() -> None:
    rich = render("a\x00b\x1b\u202e\u2066 **c**")
    assert rich.text == "a b \u2066 c"
    assert formats(rich) == [("bold", "c")]


def test_deeply_nested_text_is_not_lost() -> None:
    assert text_of("> " * 300 + "deep").endswith("deep")
    nested_list = "\n".join("  " * depth + f"- item{depth}" for depth in range(60))
    assert all(f"item{depth}" in text_of(nested_list) for depth in range(60))


PATHOLOGICAL = {
    "asterisks": "*" * 10_000,
    "openers": "*a **b " * 3_000,
    "mixed markers": "**_~~||" * 3_000,
    "underscores": "_a " * 10_000,
    "brackets": "[" * 10_000,
    "half links": "[a](b" * 5_000,
    "images": "![" * 5_000,
    "backticks": " ".join("`" * count for count in range(1, 200)),
    "angles": "<a@b." * 5_000,
    "mail": "<a@" + "." * 20_000,
    "quotes": ">" * 10_000,
    "quoted lists": "> - " * 5_000,
    "pipes": "||a " * 10_000,
    "backslashes": "\\*\\" * 10_000,
    "spaces": " " * 20_000,
    "lines": "\n" * 20_000,
    "headings": "# \n" * 5_000,
    "list": "- a\n  - b\n" * 3_000,
    "addresses": "http://" * 5_000,
    "accents": "a" + "\u0301" * 20_000,
    "flags": "🇩🇪" * 10_000,
    "families": "👩‍👩‍👧" * 5_000,
    "table": "|a" * 300 + "\n" + "|-" * 300 + "\n" + "|b\n" * 100,
    "fences": "```\n" * 10_000,
    "bold words": "**a** " * 5_000,
    "sentence ends": ".)" * 20_000,
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_pathological_text_is_rendered_in_time(name: str) -> None:
    began = time.process_time()
    parts = split(render(PATHOLOGICAL[name]))
    assert time.process_time() - began < 5  # all take well under one; a quadratic rule takes minutes
    for part in parts:
        assert_sendable(part)
