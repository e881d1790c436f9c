"""What came of a run is kept, and told to the owner's session once."""

import re

from trigger_desk import TriggerDesk


async def test_what_a_run_has_told_the_owner_is_news_to_their_session_until_a_turn_has_ended(desk: TriggerDesk) -> None:
    await desk.executor.execute(desk.event())
    assert await desk.outcomes.unheard() == ""
    await desk.end("trigger:lumo", "It will rain.")
    told = await desk.outcomes.unheard()
    assert "“Brief”" in told
    assert "It will rain." in told
    assert await desk.outcomes.unheard() == "", "what the model has in this turn is not said twice"
    desk.outcomes.forget()
    assert "It will rain." in await desk.outcomes.unheard()
    await desk.executor.execute(desk.event("two", "owner"))
    await desk.end("owner", "")
    desk.outcomes.forget()
    assert await desk.outcomes.unheard() == ""


async def test_silence_and_what_the_owners_session_has_said_itself_are_no_news(desk: TriggerDesk) -> None:
    await desk.executor.execute(desk.event())
    await desk.end("trigger:lumo", "")
    await desk.executor.execute(desk.event("two", "owner"))
    await desk.end("owner", "Mine.")
    assert await desk.outcomes.unheard() == ""


async def test_of_many_the_latest_are_told_and_the_others_counted(desk: TriggerDesk) -> None:
    for number in range(25):
        await desk.executor.execute(desk.event(f"{number}", None, prompt=f"word {number}."))
    told = await desk.outcomes.unheard()
    assert "There were 5 more before." in told
    assert "word 4." not in told
    assert "word 5." in told
    assert "word 24." in told
    desk.outcomes.forget()
    assert "word 24." in await desk.outcomes.unheard()


async def test_a_run_fares_as_its_row_does(desk: TriggerDesk) -> None:
    await desk.executor.execute(desk.event())

    async def state() -> str:
        async with desk.database.transaction() as tx:
            latest = await desk.executor.fired.latest_of(tx, "trigger:lumo")
        assert latest is not None
        return latest.state

    assert await state() == "waiting"
    [row] = await desk.waiting("trigger:lumo")
    async with desk.database.transaction() as tx:
        await desk.journal.inbox.settle(tx, [row.id], "failed")
    assert await state() == "failed"


async def test_what_something_is_called_stands_inside_the_fence(desk: TriggerDesk) -> None:
    await desk.executor.execute(desk.event(session=None, prompt="It rains."))
    note = await desk.outcomes.unheard()
    assert re.search(r"<told (\w+)>“Brief”: It rains\.</told \1>", note)
    assert note.count("Brief") == 1
