"""What is marked as private does not go out, in whatever case and spacing; everything else does."""

from pathlib import Path

import pytest
from people_desk import MASHA, OWNER, PAVEL, PeopleDesk

from jobs.app import compose
from jobs.users.disclosure import Disclosure
from jobs.users.private_memory import PrivateMemory


@pytest.fixture
def disclosure(desk: PeopleDesk, tmp_path: Path) -> Disclosure:
    repository = desk.repository
    return Disclosure(
        desk.journal.database,
        repository.people,
        repository.errands,
        memory=PrivateMemory(tmp_path),
        compose=compose,
        owner_id=OWNER,
    )


async def test_what_another_persons_errand_hides_is_not_told(desk: PeopleDesk, disclosure: Disclosure) -> None:
    await desk.errand("lumo", PAVEL, must_not_say=["budget 90 000"])
    await desk.errand("kiva", MASHA)
    objection = await disclosure.objection(MASHA.id, "His budget is 90000, by the way.")
    assert objection is not None
    assert objection.reason == "private"
    assert "another person's errand" in objection.why
    assert "90" not in objection.why


async def test_what_her_own_errand_hides_is_not_told_to_her_after_it_is_settled(
    desk: PeopleDesk, disclosure: Disclosure
) -> None:
    await desk.errand("kiva", MASHA, must_not_say=["Lisbon"])
    await desk.change("kiva", status="done")
    assert await disclosure.objection(MASHA.id, "She flies to LISBON.") is not None


async def test_another_persons_phone_is_not_told_and_ones_own_is(desk: PeopleDesk, disclosure: Disclosure) -> None:
    await desk.meet(MASHA, PAVEL)
    assert await disclosure.objection(PAVEL.id, "Masha: 8 916 123-45-67") is not None
    assert await disclosure.objection(MASHA.id, "Is +7 916 123 45 67 still yours?") is None


async def test_what_the_owners_memory_marks_is_not_told(
    desk: PeopleDesk, disclosure: Disclosure, tmp_path: Path
) -> None:
    (tmp_path / "MEMORY.md").write_text("- door code: 4711 (private)\n- likes: tea\n")
    assert await disclosure.objection(MASHA.id, "The code? 47 11") is not None
    assert await disclosure.objection(MASHA.id, "She likes tea.") is None


async def test_nothing_is_told_while_the_memory_cannot_be_read(
    desk: PeopleDesk, disclosure: Disclosure, tmp_path: Path
) -> None:
    (tmp_path / "MEMORY.md").mkdir()
    objection = await disclosure.objection(MASHA.id, "Good morning!")
    assert objection is not None
    assert (objection.reason, objection.what) == ("unchecked", "MEMORY.md")
    assert "MEMORY.md cannot be read" in objection.why
    assert await disclosure.objection(OWNER, "Good morning!") is None


async def test_what_the_errand_allows_may_be_told_to_its_person_alone(
    desk: PeopleDesk, disclosure: Disclosure, tmp_path: Path
) -> None:
    (tmp_path / "MEMORY.md").write_text("- door code: 4711 (private)\n")
    await desk.errand("kiva", MASHA, may_say=["the door code 4711"])
    assert await disclosure.objection(MASHA.id, "The code is 4711.") is None
    assert await disclosure.objection(PAVEL.id, "The code is 4711.") is not None


async def test_what_an_open_errand_forbids_no_errand_allows(desk: PeopleDesk, disclosure: Disclosure) -> None:
    await desk.errand("kiva", MASHA, must_not_say=["4711"], may_say=["4711"])
    await desk.errand("lumo", MASHA, may_say=["the code is 4711"])
    objection = await disclosure.objection(MASHA.id, "It is 4711.", may_say=["4711"])
    assert objection is not None
    assert "must_not_say of errand kiva" in objection.why
    assert "may_say" not in objection.why


async def test_a_new_errand_may_allow_what_an_earlier_one_forbade(desk: PeopleDesk, disclosure: Disclosure) -> None:
    await desk.errand("kiva", MASHA, must_not_say=["4711"])
    await desk.change("kiva", status="done")
    await desk.errand("lumo", MASHA, may_say=["the code is 4711"])
    assert await disclosure.objection(MASHA.id, "It is 4711.") is None


@pytest.mark.parametrize(
    ("status", "hours", "allowed"), [("done", 1, True), ("done", 25, False), ("cancelled", 1, False)]
)
async def test_a_permission_ends_with_its_errand(
    desk: PeopleDesk, disclosure: Disclosure, status: str, hours: int, allowed: bool
) -> None:
    await desk.errand("lumo", PAVEL, must_not_say=["4711"])
    await desk.errand("kiva", MASHA, may_say=["4711"])
    await desk.change("kiva", status=status)
    desk.clock.moves(hours=hours)
    assert (await disclosure.objection(MASHA.id, "It is 4711.") is None) is allowed


async def test_the_first_message_of_an_errand_may_say_what_it_allows(disclosure: Disclosure, tmp_path: Path) -> None:
    (tmp_path / "MEMORY.md").write_text("- door code: 4711 (private)\n")
    assert await disclosure.objection(MASHA.id, "It is 4711.", may_say=["4711"]) is None
    assert await disclosure.objection(MASHA.id, "It is 4711.", may_say=["4711"], must_not_say=["4711"]) is not None


async def test_a_short_word_is_forbidden_in_its_errand_alone(desk: PeopleDesk, disclosure: Disclosure) -> None:
    await desk.errand("kiva", MASHA, must_not_say=["90 €", "no"])
    await desk.meet(PAVEL)
    for text in ("Say 90?", "Well, no."):
        assert await disclosure.objection(MASHA.id, text) is not None
        assert await disclosure.objection(PAVEL.id, text) is None
    await desk.change("kiva", status="cancelled")
    assert await disclosure.objection(MASHA.id, "Well, no.") is None


async def test_the_owner_may_be_told_everything(desk: PeopleDesk, disclosure: Disclosure, tmp_path: Path) -> None:
    (tmp_path / "MEMORY.md").write_text("- door code: 4711 (private)\n")
    assert await disclosure.objection(OWNER, "Your code is 4711.") is None


async def test_the_first_message_of_an_errand_is_held_to_its_own_limits(disclosure: Disclosure) -> None:
    assert await disclosure.objection(MASHA.id, "We can pay 500.", must_not_say=["500"]) is not None


@pytest.mark.parametrize(
    "text",
    [
        "48~~21~~", "48||21||", "48`21`", "48[2](http://x.org)1", "**48**_21_", "48&#50;1", "`48&#50;1`", "48<b>21</b>",
        "48<!-- x -->21", "> 48\n> 21", "| 4 | 8 |\n|---|---|\n| 2 | 1 |", "- 4\n- 8\n\n---\n\n- 2\n- 1",
    ],
)  # fmt: skip
async def test_a_value_is_not_told_in_pieces_that_are_read_as_one(disclosure: Disclosure, text: str) -> None:
    assert await disclosure.objection(MASHA.id, f"The code is {text}.", must_not_say=["4821"]) is not None


async def test_each_text_of_an_answer_is_read_as_it_is_shown(disclosure: Disclosure) -> None:
    assert await disclosure.objection(MASHA.id, "```\nopen", "48~~21~~", must_not_say=["4821"]) is not None


async def test_nothing_at_all_is_told_to_somebody_who_is_banned(desk: PeopleDesk, disclosure: Disclosure) -> None:
    await desk.meet(MASHA)
    assert await disclosure.objection(MASHA.id, "Good morning!") is None
    async with desk.journal.database.transaction() as tx:
        await desk.repository.people.set_banned(tx, MASHA.id, True)
    objection = await disclosure.objection(MASHA.id, "Good morning!")
    assert objection is not None
    assert objection.reason == "banned"
