"""What a session changes of an errand, and what its history says of that."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from people_desk import MASHA, OWNER, PAVEL, PeopleDesk

from jobs.core.messages import person_session
from jobs.tools.execution import ToolRunner
from jobs.tools.roles import Role
from jobs.tools.spec import Services, ToolContext, ToolSpec
from jobs.users.errand_tools import Surroundings, update_task
from jobs.users.external_tools import update_my_task
from jobs.users.models import ConversationTask
from jobs.users.repository import UsersRepository


async def changed(desk: PeopleDesk, tool: ToolSpec, session_key: str, **arguments: object) -> ConversationTask:
    """The errand `lumo` after a call."""
    services = Services()
    services.provide(UsersRepository, desk.repository)
    services.provide(Surroundings, Surroundings(OWNER, ZoneInfo("Europe/Berlin"), "en", Path("/skills")))
    role = Role.OWNER if session_key == "owner" else Role.EXTERNAL
    context = ToolContext(role, session_key, f"call {arguments}", services)
    await ToolRunner(desk.journal).run(tool, context, {"task_id": "lumo", **arguments})
    return await desk.repository.errand("lumo")


async def history(desk: PeopleDesk) -> list[str]:
    async with desk.journal.database.transaction() as tx:
        return [change.change for change in await desk.repository.errands.history(tx, "lumo")]


async def test_a_date_is_a_deadline_at_the_end_of_that_day_where_the_owner_lives(desk: PeopleDesk) -> None:
    await desk.errand("lumo", MASHA)
    errand = await changed(desk, update_task, "owner", deadline="2026-07-01")
    assert errand.deadline == datetime(2026, 7, 1, 21, 59, 59, tzinfo=UTC)
    errand = await changed(desk, update_task, "owner", deadline="2026-07-01T18:00")
    assert errand.deadline == datetime(2026, 7, 1, 16, 0, tzinfo=UTC)


async def test_a_deadline_of_today_has_not_passed(desk: PeopleDesk) -> None:
    await desk.errand("lumo", MASHA)
    errand = await changed(desk, update_task, "owner", deadline=f"{desk.clock.now():%Y-%m-%d}")
    assert errand.deadline is not None
    assert not errand.is_overdue(desk.clock.now())


@pytest.mark.parametrize("nothing", ["", "none", "None"])
async def test_a_deadline_can_be_removed(desk: PeopleDesk, nothing: str) -> None:
    await desk.errand("lumo", MASHA)
    await changed(desk, update_task, "owner", deadline="2026-07-01")
    assert (await changed(desk, update_task, "owner", next_step="ask")).deadline is not None
    errand = await changed(desk, update_task, "owner", deadline=nothing)
    assert errand.deadline is None
    assert (await history(desk))[-1] == "deadline: (none)"


async def test_what_a_person_answers_stands_in_the_history_once(desk: PeopleDesk) -> None:
    await desk.errand("lumo", MASHA)
    said = {"status": "done", "result": "on Friday", "note": "after six"}
    errand = await changed(desk, update_my_task, person_session(MASHA.id), **said)
    assert (errand.status, errand.result) == ("done", "on Friday")
    assert sorted(await history(desk))[1:] == ["note: after six", "result: on Friday", "status: done"]


async def test_what_one_of_several_answers_stands_in_the_history_as_well(desk: PeopleDesk) -> None:
    await desk.errand("lumo", MASHA, PAVEL)
    await changed(desk, update_my_task, person_session(MASHA.id), status="done", result="on Friday")
    assert (await history(desk))[1:] == ["result: on Friday"]
