"""What was said to people and by them is found again, however much they have written since."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from people_desk import MASHA, OWNER, PAVEL, PeopleDesk

from jobs.core.messages import InboundMessage, errand_session
from jobs.core.people import PersonCard
from jobs.core.rich_text import RichText
from jobs.tools.roles import Role
from jobs.tools.spec import Services, ToolContext, ToolSpec
from jobs.users.errand_tools import Surroundings, get_task
from jobs.users.people_tools import get_correspondence, list_disclosures
from jobs.users.repository import UsersRepository


class Talk:
    """What Masha and others write, what they are told, and what the tools show of it."""

    def __init__(self, desk: PeopleDesk) -> None:
        self._desk = desk
        self._number = 0
        self._services = Services()
        self._services.provide(UsersRepository, desk.repository)
        self._services.provide(Surroundings, Surroundings(OWNER, ZoneInfo("UTC"), "en", Path("skills")))

    async def hears(self, *texts: str, who: PersonCard = MASHA) -> None:
        """Somebody writes."""
        for text in texts:
            self._number += 1
            self._desk.clock.moves(seconds=1)
            message = InboundMessage(
                chat_id=who.id, message_id=self._number, sender_id=who.id, sent_at=self._desk.clock.now(), text=text
            )
            assert await self._desk.journal.receive(message, None)

    async def says(self, *texts: str, who: PersonCard = MASHA, task_id: str | None = None) -> None:
        """The assistant says something, all at once."""
        self._desk.clock.moves(seconds=1)
        async with self._desk.journal.database.transaction() as tx:
            for text in texts:
                await self._desk.journal.outbox.add(tx, who.id, RichText(text), "tool", task_id=task_id)

    async def shown(self, tool: ToolSpec, role: Role = Role.OWNER, key: str = "owner", **arguments: Any) -> str:
        """The result of a tool."""
        return await tool.handler(ToolContext(role, key, "call", self._services), tool.params(**arguments))

    async def pages(self, tool: ToolSpec, **arguments: Any) -> list[str]:
        """Every page of it, the latest first."""
        found = [await self.shown(tool, **arguments)]
        while more := re.search(r"skip=(\d+)", found[-1]):
            found.append(await self.shown(tool, **arguments, skip=int(more[1])))
        return found


@pytest.fixture
def talk(desk: PeopleDesk) -> Talk:
    return Talk(desk)


def quoted(text: str) -> list[str]:
    return re.findall(r"<quoted \w+>(.*?)</quoted", text, re.DOTALL)


SPAM = [f"spam {number}" for number in range(205)]


async def test_what_somebody_was_told_is_listed_however_much_they_write(desk: PeopleDesk, talk: Talk) -> None:
    await desk.errand("kiva", MASHA)
    await talk.says("The price is 777.", "And it is final.", task_id="kiva")
    await talk.hears(*SPAM)
    told = await talk.shown(list_disclosures, user="Masha")
    assert quoted(told) == ["The price is 777.", "And it is final."]
    assert "errand kiva" in told
    assert "left out" not in told


async def test_of_a_long_list_of_disclosures_every_one_can_be_read(desk: PeopleDesk, talk: Talk) -> None:
    await desk.meet(MASHA)
    everything = [f"fact {number} {'.' * (number % 300)}" for number in range(450)]
    await talk.says(*everything)
    pages = await talk.pages(list_disclosures, user="Masha")
    assert len(pages) > 2
    assert all(len(page) < 13_000 for page in pages)
    assert [text for page in reversed(pages) for text in quoted(page)] == everything
    assert "earlier messages are left out: to read on, skip=" in pages[0]
    assert "left out: to read on" not in pages[-1]


async def test_the_correspondence_is_read_page_by_page(desk: PeopleDesk, talk: Talk) -> None:
    await desk.meet(MASHA)
    await talk.says("The price is 777.", "And it is final.")
    await talk.hears(*SPAM)
    pages = await talk.pages(get_correspondence, user="Masha")
    assert pages[0].startswith("(167 earlier messages are left out: to read on, skip=40)\n")
    assert "(40 later messages are left out" in pages[1]
    assert [text for page in reversed(pages) for text in quoted(page)] == [
        "The price is 777.",
        "And it is final.",
        *SPAM,
    ]


async def test_what_was_said_in_an_errand_is_read_to_its_beginning(desk: PeopleDesk, talk: Talk) -> None:
    await talk.hears("before it began")
    desk.clock.moves(minutes=1)
    await desk.errand("kiva", MASHA)
    await talk.says("The price is 777.", task_id="kiva")
    await talk.says("Of another errand.", task_id="lumo")
    await talk.hears(*SPAM)
    pages = await talk.pages(get_task, task_id="kiva")
    assert "(166 earlier messages are left out: to read on, skip=40)" in pages[0]
    assert [text for page in reversed(pages) for text in quoted(page)] == ["The price is 777.", *SPAM]


async def test_the_session_of_several_peoples_errand_reads_on_in_what_it_has_sent_alone(
    desk: PeopleDesk, talk: Talk
) -> None:
    await desk.errand("kiva", MASHA, PAVEL)
    sent = [f"word {number}" for number in range(60)]
    await talk.says(*sent, task_id="kiva")
    await talk.says("beside it", who=PAVEL)
    await talk.hears("in confidence", who=PAVEL)
    key = errand_session("kiva")
    latest = await talk.shown(get_task, Role.TASK, key, task_id="kiva")
    first = await talk.shown(get_task, Role.TASK, key, task_id="kiva", skip=40)
    assert quoted(first) + quoted(latest) == sent


async def test_an_errands_history_says_what_it_leaves_out(desk: PeopleDesk, talk: Talk) -> None:
    await desk.errand("kiva", MASHA)
    for number in range(40):
        await desk.change("kiva", next_step=f"{number} {'.' * 500}")
    history = (await talk.shown(get_task, task_id="kiva")).split("History:\n")[1]
    assert re.match(r"\(\d+ earlier changes are left out\)\n", history)
