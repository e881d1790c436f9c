"""Values are found in any case, spacing and disguise, and not where they are not."""

import pytest

from jobs.users.values import is_said, values_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("4711", "the code is 4711."),
        ("4711", "4 7 1 1"),
        ("4711", "4\u200b711"),
        ("4711", "٤٧١١"),
        ("500", "500 €"),
        ("79161234567", "call 8 (916) 123-45-67"),
        ("79161234567", "+7 916 123 45 67"),
        ("unterdenlinden5", "Unter den LINDEN, 5"),
        ("annaexamplecom", "write to anna@example.com"),
    ],
)
def test_a_value_is_found_in_any_case_and_spacing(value: str, text: str) -> None:
    assert is_said(value, text)


@pytest.mark.parametrize(
    "text",
    [
        "48‚21", "4–8–2–1", "4·8·2·1", "4|8|2|1", "4;8;2;1", "4=8=2=1", "4•8•2•1", "4/8/2/1", "48・21", "4:8:2:1",
        "4️⃣8️⃣2️⃣1️⃣", "4\u20e38\u20e32\u20e31\u20e3", "4\u03368\u03362\u03361", "48\u316421", "48ː21", "4ǀ8ǀ2ǀ1", "48&#50;1",
        "4821", "48" + "." * 300 + "21", "𝟜𝟠𝟚𝟙", "❹❽❷❶",
    ],
)  # fmt: skip
def test_no_sign_between_its_digits_hides_a_number(text: str) -> None:
    assert is_said("4821", f"It is {text}, they say")


@pytest.mark.parametrize("text", ["АС47К", "ас-47-к", "ΑC47Κ", "A͟C͟4͟7͟K", "Á C 4 7 K"])
def test_letters_that_look_alike_do_not_hide_a_code(text: str) -> None:
    assert all(is_said(value, text) for value in values_of("AC47K"))
    assert all(is_said(value, "AC47K") for value in values_of(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("500", "1500 €"),
        ("4711", "47 and 11"),
        ("4711", "147112"),
        ("500", "at 5, room 001"),
        ("500", "at 5:00"),
        ("1500", "в 15:00"),
        ("4821", "at 4 we have 8, and 21 people"),
        ("4821", "48 of them on Friday, 21 on Monday"),
        ("301234567", "30 rooms, 12 halls, 345 seats, 67 doors"),
        ("90", "1990"),
        ("12", "1–2 days"),
        ("no", "Not now, Norbert."),
        ("no", "n. or o."),
    ],
)
def test_another_value_is_not_taken_for_it(value: str, text: str) -> None:
    assert not is_said(value, text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("90 €", "We pay 90 €."),
        ("90 €", "ninety, that is, 90"),
        ("our limit is 90 €", "We pay 90, no more."),
        ("90 euro at most, as agreed with Pavel", "€90"),
        ("$90 a day", "90 dollars"),
        ("no", "The answer is: No!"),
        ("A7", "Row a7, please"),
        ("5", "5 people"),
        ("codes 4821, 7733", "7733"),
        ("4821 / 7733", "4821"),
        ("phone +49 (170) 1234567", "1234567"),
        ("the key XK-47-B hangs there", "xk 47 b"),
        ("48–21", "4821"),
    ],
)
def test_what_somebody_has_named_is_recognised_however_short_it_is(phrase: str, text: str) -> None:
    assert any(is_said(value, text) for value in values_of(phrase))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("90 €", "in 1990"),
        ("May 12, 2026", "in 2026"),
        ("8 916 123-45-67", "call 916, or 123"),
        ("1 200 €", "200 people"),
    ],
)
def test_a_part_of_what_was_named_may_be_said_where_it_says_nothing(phrase: str, text: str) -> None:
    assert not any(is_said(value, text) for value in values_of(phrase))


def test_a_phrase_is_compared_whole_and_by_the_values_in_it() -> None:
    assert set(values_of("the gate code 4711-B")) >= {"4711", "thegatecode4711b"}
    assert "anna@example.com".replace("@", "").replace(".", "") in set(values_of("or write to anna@example.com"))
