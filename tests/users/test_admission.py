"""Who is let in, and how much one person may write: what is beyond it waits, and is told of once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from people_desk import MASHA, OWNER, PeopleDesk

from jobs.core.errors import RetryLater
from jobs.core.journal import InboxRow
from jobs.core.messages import InboundMessage, person_session
from jobs.core.people import PersonCard
from jobs.core.ports import Admitted, Refused, Waiting
from jobs.tools.approvals import Approvals
from jobs.users.admission import Door, Rules
from jobs.users.models import Policy
from jobs.users.strangers import Strangers

MASHAS = person_session(MASHA.id)


class Cards:
    """Telegram says who an id is, and something may happen meanwhile."""

    def __init__(self) -> None:
        self.meanwhile: Coroutine[None, None, None] | None = None
        self.happening: asyncio.Task[None] | None = None
        self.silent = False
        self.asked = 0
        self.pause = 30
        self.masha = MASHA

    async def card(self, user_id: int) -> PersonCard:
        assert user_id == MASHA.id
        self.asked += 1
        if self.silent:
            raise RetryLater("wait", after=self.pause)
        if self.meanwhile is not None:
            self.happening = asyncio.create_task(self.meanwhile)
        return self.masha


class Entrance:
    """The door, with Masha in front of it."""

    def __init__(self, desk: PeopleDesk, policy: Policy = "open") -> None:
        self.desk = desk
        self.cards = Cards()
        zone = ZoneInfo("Europe/Berlin")
        rules = Rules(policy, 2, 1.0, OWNER, zone, "en")
        self.strangers = Strangers(desk.repository, policy, OWNER, "en")
        approvals = Approvals(
            desk.journal, desk.clock, owner_chat=OWNER, language="en", zone=zone, settle_stranger=self.strangers.settle
        )
        self.door = Door(rules, desk.repository, approvals, self.cards)
        self.written = 0

    async def writes(self) -> InboxRow:
        self.written += 1
        message = InboundMessage(
            chat_id=MASHA.id, message_id=self.written, sender_id=MASHA.id, sent_at=self.desk.clock.now(), text="hi"
        )
        await self.desk.journal.receive(message, MASHAS)
        async with self.desk.journal.database.transaction() as tx:
            return (await self.desk.journal.inbox.open_rows(tx, MASHAS))[-1]

    async def judged(self, row: InboxRow) -> Admitted | Waiting | Refused:
        return await self.door.judge(row)

    async def owner_says_yes(self) -> None:
        async with self.desk.journal.database.transaction() as tx:
            await self.strangers.settle(tx, MASHA.id, True)


@pytest.fixture
def entrance(desk: PeopleDesk) -> Entrance:
    return Entrance(desk)


async def test_messages_beyond_the_limit_wait_until_the_first_of_the_hour_is_an_hour_old(
    entrance: Entrance, desk: PeopleDesk
) -> None:
    begun = desk.clock.now()
    for _ in range(2):
        assert isinstance(await entrance.judged(await entrance.writes()), Admitted)
        desk.clock.moves(minutes=10)
    third = await entrance.writes()
    assert await entrance.judged(third) == Waiting(begun + timedelta(hours=1))
    desk.clock.moves(minutes=40)
    assert isinstance(await entrance.judged(third), Admitted)


async def test_many_waiting_messages_are_told_of_once_an_hour_at_most(entrance: Entrance, desk: PeopleDesk) -> None:
    rows = []
    for _ in range(6):
        rows.append(await entrance.writes())
        await entrance.judged(rows[-1])
        desk.clock.moves(minutes=1)
    assert len(await desk.told(MASHA.id)) == 1
    assert len(await desk.told(OWNER)) == 1
    desk.clock.moves(minutes=54)  # the first of them is an hour old, the second is not
    assert [type(await entrance.judged(row)) for row in rows[2:]] == [Admitted, Waiting, Waiting, Waiting]
    assert len(await desk.told(MASHA.id)) == 1
    assert len(await desk.told(OWNER)) == 1
    desk.clock.moves(hours=3)
    for row in [*rows[3:], await entrance.writes()]:
        await entrance.judged(row)
    assert len(await desk.told(MASHA.id)) == 2
    assert len(await desk.told(OWNER)) == 2


async def test_a_message_that_waits_keeps_the_later_ones_of_the_same_person_waiting(
    entrance: Entrance, desk: PeopleDesk
) -> None:
    entrance.cards.silent = True
    first = await entrance.writes()
    until = await entrance.judged(first)
    assert isinstance(until, Waiting)
    entrance.cards.silent = False
    desk.clock.moves(seconds=1)
    second = await entrance.writes()
    assert await entrance.judged(second) == until
    desk.clock.moves(seconds=30)
    assert isinstance(await entrance.judged(first), Admitted)
    assert isinstance(await entrance.judged(second), Admitted)


async def test_what_waits_behind_an_earlier_message_is_in_the_queue_as_soon_as_that_is_let_in(desk: PeopleDesk) -> None:
    entrance = Entrance(desk, "ask")
    first = await entrance.writes()
    assert await entrance.judged(first) == Waiting(None)
    second = await entrance.writes()
    await entrance.owner_says_yes()
    assert isinstance(await entrance.judged(second), Waiting)
    desk.journal.received.clear()
    assert isinstance(await entrance.judged(first), Admitted)
    assert desk.journal.received.is_set()
    async with desk.journal.database.transaction() as tx:
        assert await desk.journal.inbox.ready(tx, [second.id]) == {second.id}


async def test_what_the_owner_says_while_a_message_is_judged_holds_for_that_message(desk: PeopleDesk) -> None:
    entrance = Entrance(desk, "ask")
    assert await entrance.judged(await entrance.writes()) == Waiting(None)
    desk.clock.moves(days=2)  # so long that Telegram is asked again who it is
    second = await entrance.writes()
    entrance.cards.meanwhile = entrance.owner_says_yes()
    verdict = await entrance.judged(second)
    assert entrance.cards.happening is not None
    await entrance.cards.happening
    async with desk.journal.database.transaction() as tx:
        in_the_queue = await desk.journal.inbox.ready(tx, [second.id])
    assert isinstance(verdict, Admitted) or in_the_queue


async def test_who_becomes_a_contact_is_let_in_a_minute_later_and_a_flood_of_messages_asks_nothing_of_telegram(
    desk: PeopleDesk,
) -> None:
    entrance = Entrance(desk, "contacts")
    for _ in range(20):
        assert isinstance(await entrance.judged(await entrance.writes()), Refused)
        desk.clock.moves(seconds=2)
    assert entrance.cards.asked == 1
    entrance.cards.masha = replace(MASHA, is_contact=True)
    desk.clock.moves(seconds=30)
    assert isinstance(await entrance.judged(await entrance.writes()), Admitted)
    assert entrance.cards.asked == 2


async def test_whoever_has_an_errand_is_let_in_without_telegram_being_asked_who_they_are(desk: PeopleDesk) -> None:
    entrance = Entrance(desk, "contacts")
    entrance.cards.silent = True
    await desk.errand("lumo", MASHA)
    desk.clock.moves(hours=1)
    assert isinstance(await entrance.judged(await entrance.writes()), Admitted)


async def test_who_writes_every_day_is_looked_up_every_day(desk: PeopleDesk) -> None:
    entrance = Entrance(desk)
    for _ in range(6):
        await entrance.judged(await entrance.writes())
        desk.clock.moves(hours=10)
    assert entrance.cards.asked == 2


async def test_telegram_is_not_asked_again_before_it_wants_to_be(entrance: Entrance, desk: PeopleDesk) -> None:
    entrance.cards.silent, entrance.cards.pause = True, 3600
    begun = desk.clock.now()
    rows = [await entrance.writes() for _ in range(3)]
    for row in rows:
        assert await entrance.judged(row) == Waiting(begun + timedelta(hours=1))
        desk.clock.moves(minutes=10)
    assert entrance.cards.asked == 1


async def test_whoever_is_known_is_let_in_though_telegram_does_not_say_who_they_are(
    entrance: Entrance, desk: PeopleDesk
) -> None:
    await desk.meet(MASHA)
    desk.clock.moves(days=3)
    entrance.cards.silent = True
    assert isinstance(await entrance.judged(await entrance.writes()), Admitted)


async def test_nobody_is_refused_as_no_contact_while_telegram_does_not_say_who_they_are(desk: PeopleDesk) -> None:
    entrance = Entrance(desk, "contacts")
    assert isinstance(await entrance.judged(await entrance.writes()), Refused)
    desk.clock.moves(minutes=2)
    entrance.cards.silent = True
    assert isinstance(await entrance.judged(await entrance.writes()), Waiting)
