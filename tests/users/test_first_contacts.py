"""Strangers are written to at a pace; everybody else at once."""

from zoneinfo import ZoneInfo

import pytest
from people_desk import MASHA, OWNER, PAVEL, PeopleDesk

from jobs.core.errors import RetryLater, Undeliverable
from jobs.core.journal import OutboxRow
from jobs.core.messages import InboundMessage
from jobs.core.rich_text import RichText
from jobs.users.first_contacts import FirstContacts

GROUP = -1001


def pace(desk: PeopleDesk, per_day: int) -> FirstContacts:
    return FirstContacts(desk.repository, per_day=per_day, owner_chat=OWNER, zone=ZoneInfo("UTC"), language="en")


async def message_to(desk: PeopleDesk, chat_id: int) -> OutboxRow:
    async with desk.journal.database.transaction() as tx:
        row_id = await desk.journal.outbox.add(tx, chat_id, RichText("hello"), "tool")
        return next(row for row in await desk.journal.outbox.pending(tx) if row.id == row_id)


async def test_more_strangers_than_a_day_allows_wait_and_the_owner_is_told_once(desk: PeopleDesk) -> None:
    await desk.meet(MASHA, PAVEL)
    contacts = pace(desk, 1)
    await contacts.check(await message_to(desk, MASHA.id))
    desk.clock.moves(hours=4)
    row = await message_to(desk, PAVEL.id)
    for _ in range(2):
        with pytest.raises(RetryLater) as raised:
            await contacts.check(row)
        assert raised.value.after == 20 * 3600
    [told] = await desk.told(OWNER)
    assert "My message to Pavel waits until 2026-03-03 12:00" in told
    desk.clock.moves(hours=20, seconds=1)
    await contacts.check(row)


@pytest.mark.parametrize("chat_id", [OWNER, GROUP])
async def test_the_owner_and_groups_are_no_strangers(desk: PeopleDesk, chat_id: int) -> None:
    await pace(desk, 0).check(await message_to(desk, chat_id))


async def test_who_has_written_before_is_no_stranger(desk: PeopleDesk) -> None:
    await desk.journal.receive(
        InboundMessage(chat_id=MASHA.id, message_id=1, sender_id=MASHA.id, sent_at=desk.clock.now(), text="hi"), None
    )
    await pace(desk, 0).check(await message_to(desk, MASHA.id))


async def test_who_has_been_written_to_before_is_no_stranger(desk: PeopleDesk) -> None:
    row = await message_to(desk, MASHA.id)
    async with desk.journal.database.transaction() as tx:
        await desk.journal.outbox.sent(tx, row.id)
    await pace(desk, 0).check(await message_to(desk, MASHA.id))


async def test_after_a_complaint_of_telegram_no_stranger_is_written_to_for_a_day(desk: PeopleDesk) -> None:
    refused = await message_to(desk, MASHA.id)
    async with desk.journal.database.transaction() as tx:
        await desk.journal.outbox.failed(tx, refused.id, "PEER_FLOOD")
    contacts, row = pace(desk, 10), await message_to(desk, PAVEL.id)
    with pytest.raises(RetryLater):
        await contacts.check(row)
    desk.clock.moves(hours=24, seconds=1)
    await contacts.check(row)


async def test_the_day_after_a_complaint_begins_with_the_complaint_however_long_its_message_had_waited(
    desk: PeopleDesk,
) -> None:
    refused = await message_to(desk, MASHA.id)
    desk.clock.moves(hours=72)
    async with desk.journal.database.transaction() as tx:
        await desk.journal.outbox.failed(tx, refused.id, "PEER_FLOOD")
    desk.clock.moves(hours=1)
    with pytest.raises(RetryLater) as raised:
        await pace(desk, 10).check(await message_to(desk, PAVEL.id))
    assert raised.value.after == 23 * 3600


async def test_somebody_whom_only_telegram_knows_counts_as_well(desk: PeopleDesk) -> None:
    contacts = pace(desk, 1)
    await contacts.check(await message_to(desk, 555))
    with pytest.raises(RetryLater):
        await contacts.check(await message_to(desk, 556))


async def test_nothing_goes_to_somebody_who_is_banned_however_well_they_are_known(desk: PeopleDesk) -> None:
    await desk.meet(MASHA)
    await desk.journal.receive(
        InboundMessage(chat_id=MASHA.id, message_id=1, sender_id=MASHA.id, sent_at=desk.clock.now(), text="hi"), None
    )
    row = await message_to(desk, MASHA.id)
    async with desk.journal.database.transaction() as tx:
        await desk.repository.people.set_banned(tx, MASHA.id, True)
    with pytest.raises(Undeliverable) as raised:
        await pace(desk, 10).check(row)
    assert raised.value.reason == "banned"
