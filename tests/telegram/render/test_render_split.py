from __future__ import annotations

import pytest
from telegram_rules import assert_sendable, covered, formats, units

from jobs.telegram.render import Entity, RichText, render, split


def words(count: int) -> str:
    return " ".join(f"word{number}" for number in range(count))


def test_a_text_that_fits_is_one_message() -> None:
    rich = RichText("x" * 4096, (Entity("bold", 0, 4096),))
    assert split(rich) == [rich]


def test_one_unit_too_many_makes_two_messages() -> None:
    first, second = split(RichText("😀" * 2048 + "!"))
    assert (first.text, second.text) == ("😀" * 2048, "!")


@pytest.mark.parametrize("blank", ["", " \n\t ", "\u200b\u200d", "\u2800\n\u2800"])
def test_a_blank_text_gives_no_message(blank: str) -> None:
    assert split(RichText(blank)) == []


def test_a_limit_too_small_for_any_character_is_refused() -> None:
    with pytest.raises(ValueError, match="into 1 units"):
        split(RichText("text"), 1)


def test_the_first_choice_is_the_end_of_a_paragraph() -> None:
    text = "First paragraph. With two sentences.\n\nSecond one.\nWith a line. And a sentence."
    assert [part.text for part in split(RichText(text), 60)] == [
        "First paragraph. With two sentences.",
        "Second one.\nWith a line. And a sentence.",
    ]


def test_the_second_choice_is_the_end_of_a_line() -> None:
    text = "A first line here\nA second line. With two sentences in it"
    assert [part.text for part in split(RichText(text), 40)] == [
        "A first line here",
        "A second line. With two sentences in it",
    ]


@pytest.mark.parametrize("end", [".", "!", "?", "…", '."', ".)", ".»"])
def test_the_third_choice_is_the_end_of_a_sentence(end: str) -> None:
    text = f"A first sentence{end} Then a second one with more words"
    assert [part.text for part in split(RichText(text), 40)] == [
        f"A first sentence{end}",
        "Then a second one with more words",
    ]


def test_a_sentence_may_end_without_a_space_after_it() -> None:
    assert [part.text for part in split(RichText("这是第一句话。这是第二句话"), 10)] == [
        "这是第一句话。",
        "这是第二句话",
    ]


def test_a_number_does_not_end_a_sentence() -> None:
    text = "it was 3.14159 or on the 3. of May 2024"
    assert [part.text for part in split(RichText(text), 33)] == ["it was 3.14159 or on the 3. of", "May 2024"]


def test_the_fourth_choice_is_the_end_of_a_word() -> None:
    text = words(2000)
    parts = split(RichText(text))
    assert " ".join(part.text for part in parts) == text
    assert all(units(part.text) > 4080 for part in parts[:-1])


def test_a_pause_that_would_leave_a_message_nearly_empty_is_passed_over() -> None:
    text = "Short.\n\n" + words(900)
    parts = split(RichText(text))
    assert units(parts[0].text) > 4000


@pytest.mark.parametrize("cluster", ["👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "e\u0301\u0323", "☑\ufe0f", "\u1100\u1161\u11a8", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
@pytest.mark.parametrize("limit", [50, 51, 52, 53])
def test_no_character_is_torn_apart(cluster: str, limit: int) -> None:
    parts = split(RichText("a" + cluster * 40), limit)
    assert len(parts) > 1
    for part in parts:
        assert not part.text.removeprefix("a").replace(cluster, "")


def test_a_character_longer_than_the_limit_is_cut_all_the_same() -> None:
    text = "a" + "\u0301" * 100
    parts = split(RichText(text), 30)
    assert "".join(part.text for part in parts) == text
    assert max(units(part.text) for part in parts) <= 30


def test_code_that_is_cut_goes_on_as_code_of_its_language() -> None:
    code = "\n".join(f"    line_{number} = {number}" for number in range(900))
    parts = split(render(f"Before\n\n```python\n{code}\n```\n\nAfter"))
    assert len(parts) > 3
    pieces = [covered(part, entity) for part in parts for entity in part.entities]
    assert {(entity.kind, entity.language) for part in parts for entity in part.entities} == {("pre", "python")}
    assert "\n".join(pieces) == code


def test_code_that_fits_into_the_next_message_is_not_cut() -> None:
    code = "\n".join(f"value{number:03} = {number:03}" for number in range(260))
    intro, block = split(render(f"{words(60)}\n\n```py\n{code}\n```"))
    assert intro.text == words(60)
    assert formats(block) == [("pre", code, "py")]


def test_a_blank_line_in_code_is_no_end_of_a_paragraph() -> None:
    code = "\n\n".join(["x = 1"] * 40)
    first, *_ = split(render(f"A paragraph before it, long enough.\n\n```\n{code}\n```\n\n{words(20)}"), 100)
    assert first.text == "A paragraph before it, long enough."


def test_long_code_is_cut_at_a_blank_line_if_it_has_one() -> None:
    function = "def f():\n    a = 1\n    return a"
    parts = split(render("```py\n" + "\n\n".join([function] * 10) + "\n```"), 80)
    assert all(part.text.startswith("def f():") and part.text.endswith("return a") for part in parts)


def test_a_line_of_code_that_begins_a_message_keeps_its_indentation() -> None:
    code = "if x:\n" + "\n".join(["        pass"] * 20)
    parts = split(render(f"```py\n{code}\n```"), 60)
    assert all(line == "        pass" for part in parts[1:] for line in part.text.split("\n"))


def test_styles_and_links_that_are_cut_go_on_in_the_next_message() -> None:
    rich = render(f"**[{words(20)}](https://example.com)**")
    for part in split(rich, 60):
        assert formats(part) == [("bold", part.text), ("link", part.text, "https://example.com")]


def test_entities_keep_their_place_behind_emoji() -> None:
    parts = split(render("😀" * 20 + " **one** " + "😀" * 20 + " _two_"), 60)
    assert [format for part in parts for format in formats(part)] == [("bold", "one"), ("italic", "two")]


def test_beyond_a_hundred_entities_the_least_telling_go_first() -> None:
    markdown = " ".join(f"*i{n}* **b{n}** [l{n}](https://example.com/{n})" for n in range(50))
    (part,) = split(render(markdown))
    kinds = [entity.kind for entity in part.entities]
    assert (kinds.count("link"), kinds.count("bold"), kinds.count("italic")) == (50, 50, 0)
    assert_sendable(part)


def test_no_link_is_lost_when_there_are_more_than_a_hundred() -> None:
    markdown = " ".join(f"[{n}](https://example.com/{n})" for n in range(250))
    parts = split(render(markdown))
    assert [name for part in parts for _, name, _ in formats(part)] == [str(n) for n in range(250)]
    for part in parts:
        assert_sendable(part)
