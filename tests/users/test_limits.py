"""How much one person may write: what is beyond it waits, and is told of once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from people_desk import MASHA, OWNER, PeopleDesk

from jobs.core.journal import InboxRow
from jobs.core.messages import InboundMessage, person_session
from jobs.core.people import PersonCard
from jobs.core.ports import Admitted, Refused, Waiting
from jobs.tools.approvals import Approvals
from jobs.users.admission import Door, Rules, Strangers

MASHAS = person_session(MASHA.id)


class Cards:
    """Telegram says who an id is."""

    async def card(self, user_id: int) -> PersonCard:
        assert user_id == MASHA.id
        return MASHA


class Entrance:
    """The door, with Masha in front of it."""

    def __init__(self, desk: PeopleDesk, *, per_hour: int = 2, dollars: float = 1.0) -> None:
        self.desk = desk
        zone = ZoneInfo("Europe/Berlin")
        rules = Rules("open", per_hour, dollars, OWNER, zone, "en")
        strangers = Strangers(desk.repository, OWNER, "en")
        approvals = Approvals(
            desk.journal, desk.clock, owner_chat=OWNER, language="en", zone=zone, settle_stranger=strangers.settle
        )
        self.door = Door(rules, desk.repository, approvals, Cards())
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
        verdict = await self.door.judge(row)
        if isinstance(verdict, Waiting):
            async with self.desk.journal.database.transaction() as tx:
                await self.desk.journal.inbox.postpone(tx, [row.id], verdict.until)
        return verdict


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
