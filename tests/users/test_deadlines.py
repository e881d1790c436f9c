"""An errand whose time has passed is told of once."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from people_desk import MASHA, OWNER, PAVEL, PeopleDesk

from jobs.users.deadlines import tell_of_overdue


async def look(desk: PeopleDesk) -> list[str]:
    await tell_of_overdue(desk.repository, OWNER, ZoneInfo("Europe/Berlin"), "en")
    return await desk.told(OWNER)


async def set_deadline(desk: PeopleDesk, task_id: str, **span: float) -> None:
    moment = desk.clock.now() + timedelta(**span)
    async with desk.journal.database.transaction() as tx:
        await desk.repository.errands.change(
            tx, task_id, "owner", {"deadline": moment.isoformat(timespec="milliseconds")}
        )


async def test_the_owner_is_told_once_and_the_errands_own_session_hears_of_it(desk: PeopleDesk) -> None:
    await desk.errand("lumo", MASHA, skill="schedule-meeting")
    await desk.errand("kiva", PAVEL)
    for task_id in ("lumo", "kiva"):
        await set_deadline(desk, task_id, hours=1)
    assert await look(desk) == []
    desk.clock.moves(hours=2)
    told = [await look(desk), await look(desk)]
    assert told[0] == told[1]
    assert [text.split(",")[0] for text in told[0]] == ["⏰ lumo", "⏰ kiva"]
    assert "14:00" in told[0][0]
    async with desk.journal.database.transaction() as tx:
        [row] = await desk.journal.inbox.open_rows(tx, "task:lumo")
        assert await desk.journal.inbox.open_rows(tx, "task:kiva") == []
    assert row.message.event is not None
    assert "has passed" in row.message.event.facts


async def test_a_new_deadline_is_watched_anew_and_a_settled_errand_is_not(desk: PeopleDesk) -> None:
    await desk.errand("lumo", MASHA)
    await set_deadline(desk, "lumo", hours=1)
    desk.clock.moves(hours=2)
    assert len(await look(desk)) == 1
    await set_deadline(desk, "lumo", hours=1)
    desk.clock.moves(hours=2)
    assert len(await look(desk)) == 2
    await set_deadline(desk, "lumo", hours=1)
    async with desk.journal.database.transaction() as tx:
        await desk.repository.errands.change(tx, "lumo", "owner", {"status": "done"})
    desk.clock.moves(hours=2)
    assert len(await look(desk)) == 2
