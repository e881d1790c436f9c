"""Who is meant by what an owner wrote."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.core.people import Kind, PersonCard
from jobs.users.diminutives import ENGLISH, FAMILY, RUSSIAN
from jobs.users.names import MAX_PEOPLE, MAX_QUERY, Found, find_people

MARIA = PersonCard(1, "Мария", "Петрова", username="mpetrova_spb", phone="79991234567")
PAVEL = PersonCard(2, "Павел", "Дуров", username="durov")
MICHAEL = PersonCard(3, "Michael", "Smith", phone="12025550143")
CIRCLE = (MARIA, PAVEL, MICHAEL)


def person(
    id_: int, name: str, *, username: str | None = None, kind: Kind = "person", contact: bool = False
) -> PersonCard:
    first, _, last = name.partition(" ")
    return PersonCard(id_, first, last, username=username, kind=kind, is_contact=contact)


def names(found: Found) -> list[str]:
    return [card.name for card in found.people]


def among(query: str, *listed: str) -> Found:
    return find_people(query, [person(number, name) for number, name in enumerate(listed, start=100)])


# Addresses.


@pytest.mark.parametrize(
    "query",
    [
        "@durov", "@DUROV", "durov", "Durov", " @durov\n", "\u200e@durov", "t.me/durov", "https://t.me/Durov",
        "http://www.t.me/durov/", "https://t.me/durov?start=1", "https://telegram.me/durov", "tg://resolve?domain=durov",
        "2",
    ],
)  # fmt: skip
def test_a_username_a_link_and_an_id_name_exactly_one_person(query: str) -> None:
    assert find_people(query, CIRCLE) == Found((PAVEL,), certain=True)


@pytest.mark.parametrize(
    "query",
    [
        "+79991234567", "79991234567", "89991234567", "8 (999) 123-45-67", "+7 999 123 45 67", "7.999.123.45.67",
        "\u202a+7\u00a0999\u00a0123\u201145\u201167\u202c",
    ],
)  # fmt: skip
def test_a_phone_is_compared_by_its_digits_and_eight_is_dialled_for_plus_seven(query: str) -> None:
    assert find_people(query, CIRCLE) == Found((MARIA,), certain=True)


@pytest.mark.parametrize("query", ["+89991234567", "9991234567", "1234567", "+7999123456"])
def test_a_part_of_a_phone_or_another_country_is_nobodys_phone(query: str) -> None:
    assert find_people(query, CIRCLE) == Found()


def test_fewer_than_seven_digits_are_no_phone() -> None:
    cards = [PersonCard(5, "Анна", phone="123456"), PersonCard(6, "Олег", phone="1234567")]
    assert find_people("123456", cards) == Found()
    assert find_people("1234567", cards) == Found((cards[1],), certain=True)


def test_an_address_goes_before_a_name() -> None:
    holder, namesake = person(7, "Кто-то Другой", username="petrova"), MARIA
    assert find_people("@petrova", [namesake, holder]) == Found((holder,), certain=True)


def test_a_bare_word_that_is_a_username_and_a_name_of_another_names_neither_for_certain() -> None:
    holder = person(7, "Кто-то Другой", username="masha")
    assert find_people("masha", [MARIA, holder]) == Found((holder, MARIA), certain=False)
    assert find_people("masha", [PAVEL, holder]) == Found((holder,), certain=True)


def test_whoever_only_resembles_an_address_is_not_certain() -> None:
    assert find_people("@pavel", CIRCLE) == Found((PAVEL,), certain=False)
    assert find_people("pavel", CIRCLE) == Found((PAVEL,), certain=True)


@pytest.mark.parametrize("kind", ["bot", "service", "deleted", "self"])
def test_what_is_no_person_is_found_by_its_address_only(kind: Kind) -> None:
    card = person(9, "Виктория Лис", username="vika_lis", kind=kind)
    for query in ("@vika_lis", "t.me/vika_lis", "vika_lis", "9"):
        assert find_people(query, [card]) == Found((card,), certain=True)
    for query in ("Виктория Лис", "Вика", "Викто", "vika_l", "Виктрия Лис"):
        assert find_people(query, [card]) == Found()


# Full names.


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("Мария Петрова", "Мария Петрова"), ("петрова МАРИЯ", "Мария Петрова"), ("Maria Petrova", "Мария Петрова"),
        ("Mariya Petrova", "Мария Петрова"), ("Мария Петрова", "Mariia Petrova"),
        ("«Мария Петрова»,", "Мария Петрова 🌸"),
        ("Мари́я Петрова", "Мария Петрова"), ("𝓜𝓪𝓻𝓲𝓪 Petrova", "Мария Петрова"),
        ("Мария Петрова", "𝓜𝓪𝓻𝓲𝓪 Petrova"), ("Mihail Harlamov", "Михаил Харламов"), ("Leon Katz", "Леон Кац"),
        ("Sofya Philatova", "Sofia Filatova"), ("Wladimir Yolkin", "Владимир Ёлкин"),
        ("Julia Orlova", "Юлия Орлова"), ("Yulia Orlova", "Юлия Орлова"), ("Iuliia Orlova", "Юлия Орлова"),
        ("Юлия Орлова", "Yuliya Orlova"),
        ("Пётр Соловьёв", "Петр Соловьев"), ("Pyotr Solovyov", "Пётр Соловьёв"), ("Piotr Soloviev", "Пётр Соловьёв"),
        ("Sergey Shchukin", "Сергей Щукин"), ("Sergei Schukin", "Сергей Щукин"),
        ("Dmitry Vasilyev", "Дмитрий Васильев"), ("Dmitrii Vasiliev", "Дмитрий Васильев"),
        ("Ksenia Andreyeva", "Xenia Андреева"), ("Ирина Цой", "Irina Tsoy"),
        ("Jose Garcia", "José García"), ("OBrien Sean", "Sean O’Brien"), ("Анна Мария Белых", "Анна-Мария Белых"),
    ],
)  # fmt: skip
def test_a_full_name_is_found_in_either_order_and_in_any_spelling(query: str, name: str) -> None:
    # The decoy fits each word of the query at the next level: only the exact name keeps it out.
    decoy = f"{name} Младший"
    assert names(among(query, decoy, name)) == [person(0, name).name]
    assert among(query, decoy, name).certain


def test_two_of_one_name_are_both_candidates() -> None:
    found = among("Мария Петрова", "Мария Петрова", "Maria Petrova")
    assert (len(found.people), found.certain) == (2, False)


def test_a_single_word_is_a_full_name_in_the_owners_contacts_only() -> None:
    contact, stranger, other = person(1, "Мама", contact=True), person(1, "Мама"), person(2, "Мама Пети")
    assert find_people("мама", [other, contact]) == Found((contact,), certain=True)
    assert find_people("мама", [other, stranger]) == Found((stranger, other), certain=False)


# Forms of a name.


@pytest.mark.parametrize("name", ["Мария", "Маша", "Машенька", "Maria", "Masha"])
@pytest.mark.parametrize("query", ["Мария", "Маша", "Машенька", "Maria", "Masha", "Маша Иванова", "Ivanova Masha"])
def test_every_form_of_a_name_finds_every_other(query: str, name: str) -> None:
    assert among(query, f"{name} Иванова", "Марина Иванова").people[0].name == f"{name} Иванова"
    assert among(query, f"{name} Иванова", "Даша Белая").certain


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("Лёша", "Алексей"), ("леха", "Алексей"), ("Дима", "Dmitrii"), ("Женя", "Евгения"),
        ("Настя", "Анастасия"), ("Ксюша", "Оксана"), ("Вова", "Владимир"), ("Коля", "Nikolay"), ("Гоша", "Егор"),
        ("Екатерина", "Катя"), ("Екатерина", "Kate"), ("Олена", "Елена"), ("Eugene", "Евгений"),
        ("Mike", "Michael"), ("Майк", "Michael"), ("Michael", "Mike"), ("Bob", "Robert"), ("Боб", "Robert"),
        ("Bill", "William"), ("Liz", "Elizabeth"), ("Tony", "Anthony"), ("Kate", "Catherine"), ("Jim", "Джеймс"),
        ("мама", "Мамуля"), ("Папочка", "Папа"), ("Grandma", "Granny"),
    ],
)  # fmt: skip
def test_a_diminutive_stands_for_its_name_in_russian_and_english(query: str, name: str) -> None:
    found = among(query, f"{name} Орлов", "Тихон Беляев")
    assert (names(found), found.certain) == ([f"{name} Орлов"], True)


def test_a_name_for_both_sexes_has_candidates_of_both() -> None:
    found = among("Саша", "Александр Орлов", "Александра Белая", "Алексей Серов")
    assert (set(names(found)), found.certain) == ({"Александр Орлов", "Александра Белая"}, False)
    assert among("Саша Белая", "Александр Орлов", "Александра Белая").certain


def test_two_nicknames_that_may_but_need_not_be_one_name_are_never_certain() -> None:
    assert among("Слава", "Стас Орлов") == Found((person(100, "Стас Орлов"),), certain=False)
    assert among("Женя", "Eugene Orlov") == Found((person(100, "Eugene Orlov"),), certain=False)
    assert names(among("Слава", "Стас Орлов", "Ярослав Котов")) == ["Ярослав Котов"]


@pytest.mark.parametrize("query", ["Мария Сидорова", "Маша Дуров", "Марина Дурова", "Мария и Павел"])
def test_every_word_of_the_query_has_to_fit_the_same_person(query: str) -> None:
    assert find_people(query, CIRCLE) == Found()


def test_the_best_candidate_comes_first() -> None:
    cards = [person(1, "Мария Орлова"), person(2, "Маша Белая"), person(3, "Мария Серова", contact=True)]
    assert names(find_people("Маша", cards)) == ["Маша Белая", "Мария Серова", "Мария Орлова"]
    assert names(among("Маша", "Маша Алая Белая", "Маша Яркая")) == ["Маша Яркая", "Маша Алая Белая"]


# Case endings.


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("Маше", "Мария Петрова"), ("Машей", "Мария Петрова"), ("Машу", "Мария Петрова"), ("Маши", "Мария Петрова"),
        ("Машеньке", "Мария Петрова"), ("Марии Петровой", "Мария Петрова"), ("Марию", "Maria Petrova"),
        ("Павлу", "Павел Дуров"), ("Павла", "Павел Дуров"), ("Павлом Дуровым", "Павел Дуров"), ("Павле", "Pavel Durov"),
        ("Павла Дурова", "Павел Дуров"), ("Пете", "Пётр Орлов"), ("Льву Толстому", "Лев Толстой"),
        ("Игорем", "Игорь Орлов"), ("Сергею", "Сергей Орлов"), ("Дмитрия", "Дмитрий Орлов"), ("Илье", "Илья Орлов"),
        ("Наташей", "Наталья Белая"), ("Белой", "Наталья Белая"), ("Любовью", "Любовь Орлова"), ("Вали", "Валентин Ли"),
        ("Достоевскому", "Фёдор Достоевский"), ("Фёдора Достоевского", "Fyodor Dostoevsky"), ("Игорьку", "Игорь Орлов"),
        ("Швецу", "Андрей Швец"), ("Кравцу", "Андрей Кравец"), ("Никитой", "Никита Орлов"), ("Анне", "Анна Орлова"),
        ("Анны", "Анна Орлова"), ("Анною", "Анна Орлова"), ("Ванею", "Иван Орлов"), ("Толстую", "Анна Толстая"),
        ("Синего", "Олег Синий"), ("Синему", "Олег Синий"), ("Горьким", "Олег Горький"), ("Синюю", "Анна Синяя"),
    ],
)  # fmt: skip
def test_a_name_in_any_case_is_found(query: str, name: str) -> None:
    found = among(query, name, "Тихон Беляев")
    assert (names(found), found.certain) == ([name], True)


@pytest.mark.parametrize(
    ("query", "candidates"),
    [
        ("Александру", {"Александр Иванов", "Александра Иванова"}),
        ("Александру Иванову", {"Александр Иванов", "Александра Иванова"}),
        ("Александра", {"Александр Иванов", "Александра Иванова"}),
        ("Саше Иванову", {"Александр Иванов", "Александра Иванова"}),
        ("Александром", {"Александр Иванов"}),
        ("Александрой", {"Александра Иванова"}),
        ("Саше Ивановой", {"Александра Иванова"}),
    ],
)
def test_an_ending_that_fits_a_man_and_a_woman_leaves_both(query: str, candidates: set[str]) -> None:
    found = among(query, "Александр Иванов", "Александра Иванова")
    assert (set(names(found)), found.certain) == (candidates, len(candidates) == 1)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("Александра", "Александр Иванов"),
        ("Иванова", "Александр Иванов"),
        ("Саша Иванова", "Александр Иванов"),
        ("Королёва", "Олег Королёв"),
        ("Валентина", "Валентин Орлов"),
    ],
)
def test_a_womans_name_does_not_find_a_man_for_certain(query: str, name: str) -> None:
    found = among(query, name, "Тихон Беляев")
    assert (names(found), found.certain) == ([name], False)


def test_case_endings_are_undone_in_the_query_only() -> None:
    assert among("Павел", "Павлу Орлов") == Found()


# Parts and resemblance.


@pytest.mark.parametrize("query", ["Дур", "Павел Дур", "Паше Дуро", "duro", "Pav Dur"])
def test_the_beginning_of_a_name_is_enough(query: str) -> None:
    assert find_people(query, CIRCLE) == Found((PAVEL,), certain=True)


@pytest.mark.parametrize("query", ["petrova_sp", "trova_spb", "mpetr", "spb"])
def test_a_part_of_a_username_is_enough(query: str) -> None:
    assert find_people(query, CIRCLE) == Found((MARIA,), certain=True)


@pytest.mark.parametrize("query", ["Ду", "pb", "етрова", "трова"])
def test_two_letters_or_the_end_of_a_name_are_no_part_of_it(query: str) -> None:
    cards = [person(1, "Мария Петрова", username="masha_spb"), PAVEL]
    assert not find_people(query, cards).certain


@pytest.mark.parametrize(
    ("query", "card"),
    [
        ("Виктор", person(5, "Виктория Лис")),
        ("Иван", person(5, "Олег Иванченко")),
        ("Мама", person(5, "Ольга Мамаева")),
        ("Иванов", person(5, "Анна Иванова")),
        ("Аня", person(5, "Т", username="tanya_sh")),
        ("Достоевск", person(5, "Анна Достоевская")),
    ],
)
def test_a_part_that_is_more_likely_another_persons_name_is_not_certain(query: str, card: PersonCard) -> None:
    assert find_people(query, [card]) == Found((card,), certain=False)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("Павле Ивнов", "Павел Иванов"), ("Ивнову", "Павел Иванов"), ("Екатирина", "Екатерина Орлова"),
        ("Micheal Smyth", "Michael Smith"), ("Маша Птрова", "Мария Петрова"), ("Питров", "Олег Петров"),
        ("Птровым", "Олег Петров"),
        ("Anastasya Kuznetsva", "Анастасия Кузнецова"),
    ],
)  # fmt: skip
def test_a_typo_gives_a_candidate_and_never_certainty(query: str, name: str) -> None:
    found = among(query, name, "Тихон Беляев")
    assert (names(found), found.certain) == ([name], False)


@pytest.mark.parametrize("query", ["Сергей", "Птрв", "Оля", "Michelle Jones", "Марфа Петрова"])
def test_too_little_resemblance_is_nobody(query: str) -> None:
    assert find_people(query, CIRCLE) == Found()


@pytest.mark.parametrize("query", ["kuznetsof", "@serg_kuznetsof", "sergkuznetsof"])
def test_a_typo_in_a_username_gives_a_candidate(query: str) -> None:
    card = person(5, "Т", username="serg_kuznetsov")
    assert find_people(query, [card, *CIRCLE]) == Found((card,), certain=False)


def test_words_of_three_letters_resemble_nothing() -> None:
    assert among("Ким", "Клим Орлов") == Found()


def test_a_hit_at_one_level_keeps_the_lower_ones_out() -> None:
    levels = ["Павел Орлов", "Павел Орлов Младший", "Павел Орловский", "Павел Орлв"]
    for level in range(4):
        assert names(among("Павел Орлов", *levels[level:])) == [levels[level]]


# Answers.


def test_one_person_listed_twice_is_one_person() -> None:
    again = PersonCard(MARIA.id, "Maria", "Petrova")
    assert find_people("Мария Петрова", [MARIA, again, PAVEL]) == Found((MARIA,), certain=True)
    assert find_people("1", [MARIA, again]) == Found((MARIA,), certain=True)


def test_no_more_than_ten_candidates_are_named() -> None:
    found = among("Анна", *(f"Анна {letter}орина" for letter in "бвгджзклмнпр"))
    assert (len(found.people), found.certain) == (MAX_PEOPLE, False)


@pytest.mark.parametrize(
    "query",
    [
        "", "   ", "\n", "@", "🌸", "🌸😀👨‍👩‍👧", "!?.,", "'", "\x00", "Мария\x00", "\x1b[31mМария", "\ud800",
        "\u200b\u200e", "+", "+()", "Мария" + " " * MAX_QUERY, "Мария " * 100, "м" * 10_000, "Мария " * 20, "٣",
    ],
)  # fmt: skip
def test_what_names_nobody_finds_nobody(query: str) -> None:
    cards = [*CIRCLE, PersonCard(6), PersonCard(7, "🌸", "'"), PersonCard(8, username=""), PersonCard(9, phone="")]
    assert find_people(query, cards) == Found()


def test_a_query_of_the_greatest_length_is_still_read() -> None:
    assert find_people("Мария".ljust(MAX_QUERY), CIRCLE) == Found((MARIA,), certain=True)


CARDS = st.builds(
    PersonCard,
    id=st.integers(1, 5),
    first_name=st.text(max_size=70) | st.sampled_from(["Мария", "Маша", "Павел"]),
    last_name=st.text(max_size=70),
    username=st.none() | st.text(max_size=32),
    phone=st.none() | st.text(max_size=15),
)


@given(query=st.text() | st.text("аеиойуюяМшвлП @+0789'\u0301\u200e", max_size=40), people=st.lists(CARDS, max_size=6))
@example(query="ﷺ" * MAX_QUERY, people=[PersonCard(1, "ﷺ" * 64)])
@example(query="1" * MAX_QUERY, people=[PersonCard(1, phone="1" * MAX_QUERY)])
def test_no_text_makes_it_fail_and_certainty_is_one_person(query: str, people: list[PersonCard]) -> None:
    found = find_people(query, people)
    ids = [card.id for card in found.people]
    assert len(ids) == len(set(ids)) <= MAX_PEOPLE
    assert set(found.people) <= set(people)
    assert len(ids) == 1 or not found.certain


@pytest.mark.parametrize("line", (RUSSIAN + ENGLISH + FAMILY).replace("\n\n", "\n").strip().split("\n"))
def test_any_form_in_the_table_finds_its_name_and_is_found_by_it(line: str) -> None:
    full, *forms = line.replace(":", " ").split()
    assert [form for form in forms if not among(form, full).certain or not among(full, form).certain] == []


def test_the_table_knows_the_common_names() -> None:
    russian, english = ([line for line in table.split("\n") if line] for table in (RUSSIAN, ENGLISH))
    assert len(russian) >= 90
    assert len(english) >= 40
    for line in russian + english:
        full, _, short = line.partition(":")
        assert full.split(), line
        assert short.split(), line
