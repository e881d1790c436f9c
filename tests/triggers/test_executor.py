"""An event fires once, together with its source's own step, or not at all."""

import pytest
from trigger_desk import TriggerDesk

from jobs.core.database import Transaction


@pytest.mark.parametrize(
    ("session", "target"), [("owner", "owner"), ("isolated", "trigger:lumo"), ("errand", "task:kiva")]
)
async def test_an_event_is_handed_to_its_session_once(desk: TriggerDesk, session: str, target: str) -> None:
    event = desk.event(session=session, task_id="kiva")  # type: ignore[arg-type]
    assert [await desk.executor.execute(event) for _ in range(3)] == [True, False, False]
    [row] = await desk.waiting(target)
    assert row.message.event is not None
    assert (row.message.event.kind, row.message.event.title) == ("trigger", "Brief")
    assert "Look at the weather" in row.message.event.facts
    assert desk.journal.received.is_set()


async def test_without_a_session_the_words_go_to_the_owner_as_they_are(desk: TriggerDesk) -> None:
    await desk.executor.execute(desk.event(session=None, prompt="*Drink* water"))
    assert await desk.told() == ["*Drink* water"]
    assert desk.journal.queued.is_set()
    assert "*Drink* water" in await desk.outcomes.unheard()


async def test_what_the_owner_must_know_at_once_goes_with_it(desk: TriggerDesk) -> None:
    await desk.executor.execute(desk.event(notice="It comes late."))
    await desk.executor.execute(desk.event("two", None, prompt="Drink water", notice="It comes late."))
    assert sorted(await desk.told()) == ["Drink water\n\nIt comes late.", "It comes late."]


async def test_the_sources_step_is_done_in_the_same_transaction(desk: TriggerDesk) -> None:
    async def step(tx: Transaction) -> bool:
        await tx.execute("INSERT INTO chats VALUES (7, 7)")
        return True

    async def broken(tx: Transaction) -> bool:
        await step(tx)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await desk.executor.execute(desk.event(step=broken))
    async with desk.database.transaction() as tx:
        assert await tx.one("SELECT 1 FROM chats") is None
    assert await desk.waiting("trigger:lumo") == []
    assert await desk.executor.execute(desk.event(step=step))
    async with desk.database.transaction() as tx:
        assert await tx.one("SELECT 1 FROM chats") is not None


async def test_an_event_that_has_become_void_does_not_fire(desk: TriggerDesk) -> None:
    async def void(_: Transaction) -> bool:
        return False

    assert not await desk.executor.execute(desk.event(step=void))
    assert await desk.waiting("trigger:lumo") == []
    assert await desk.executor.execute(desk.event()), "nothing of it is left behind"
