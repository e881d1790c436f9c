"""Who a session means: Telegram knows whose a username is now, and nobody is guessed."""

from dataclasses import replace

import pytest
from people_desk import MASHA, OWNER, PAVEL, PeopleDesk

from jobs.core.errors import ToolRetry
from jobs.core.people import PersonCard

EVA = PersonCard(12, "Eva", "", "masha")


async def test_a_username_that_changed_hands_is_its_new_owners(desk: PeopleDesk) -> None:
    await desk.meet(MASHA)
    assert (await desk.repository.one("@masha", "owner")).id == MASHA.id
    desk.book.cards = (EVA,)
    assert (await desk.repository.one("@masha", "owner")).id == EVA.id


async def test_a_name_that_fits_two_names_both_and_takes_neither(desk: PeopleDesk) -> None:
    await desk.meet(MASHA, replace(PAVEL, first_name="Masha"))
    with pytest.raises(ToolRetry, match=r"Masha Petrova @masha \(id 10\).*Masha @pavel \(id 11\)|.*ask the owner"):
        await desk.repository.one("Masha", "owner")


async def test_somebody_of_the_errand_is_meant_before_others_of_that_name(desk: PeopleDesk) -> None:
    other = replace(PAVEL, first_name="Masha")
    await desk.meet(MASHA, other)
    await desk.errand("lumo", MASHA)
    assert (await desk.repository.one("Маша", "task:lumo")).id == MASHA.id


@pytest.mark.parametrize("kind", ["bot", "service", "deleted", "self"])
async def test_who_is_no_person_has_no_errands(desk: PeopleDesk, kind: str) -> None:
    desk.book.cards = (replace(MASHA, kind=kind),)  # type: ignore[arg-type]
    with pytest.raises(ToolRetry, match="no person to talk with"):
        await desk.repository.one("@masha", "owner")


async def test_the_owner_is_nobodys_counterpart(desk: PeopleDesk) -> None:
    desk.book.cards = (PersonCard(OWNER, "Olga", "", "olga"),)
    with pytest.raises(ToolRetry, match="Nobody is known"):
        await desk.repository.one("@olga", "owner")
