"""/stop and /clear where something has come due by itself: it ends what runs, and loses nothing that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from processes import command_pid, ended

from coming_due import come_due, event
from jobs.sandbox.claude import ModelRequest, Reply, call, say
from jobs.sandbox.claude.faults import OVERLOADED
from jobs.sandbox.stage import Stage
from roles import Roles, requests_of

ENDLESS = call("Bash", command="echo $$ > pid; exec sleep 600")
STATES = "SELECT inbox.state FROM trigger_events LEFT JOIN inbox ON inbox.id = inbox_id ORDER BY trigger_events.id"


def hears(words: str) -> Callable[[ModelRequest], bool]:
    """Whether a prompt has these words; the result of what was stopped before it may stand in the same message."""
    return lambda request: words in request.prompt


async def test_stop_ends_what_runs_and_what_has_come_due_behind_it_follows(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on(hears("do three"), "Third.").on(hears("do two"), "Second.").on(hears("do one"), ENDLESS)
    stage.claude.script = roles
    await come_due(stage, *(event(f"do {name}", "owner", title=name.capitalize()) for name in ("one", "two", "three")))
    owner = await stage.person()
    await stage.start()
    pid = await command_pid(stage)
    told = await owner.ask("/stop", "Stopped")
    assert "Stopped: “One”" in told.text
    assert "comes next: “Two”, “Three”. Another /stop" in told.text
    await owner.wait_for_text("Third.")
    await stage.nothing_waits()
    await ended(pid, 10)
    assert owner.texts[1:] == ["Second.", "Third."]
    assert stage.rows(STATES) == [("dropped",), ("done",), ("done",)]


async def test_stop_reaches_a_run_of_its_own_and_names_it(stage: Stage) -> None:
    roles = Roles()
    roles.trigger.on_text("Look at", ENDLESS)
    roles.owner.on_text(".", "Fine.")
    stage.claude.script = roles
    await come_due(stage, event("Look at the weather"))
    owner = await stage.person()
    await stage.start()
    pid = await command_pid(stage)
    await owner.ask("/stop", "⏹ Stopped: “Morning brief”")
    await stage.nothing_waits()
    await ended(pid, 10)
    assert stage.rows(STATES) == [("dropped",)]
    assert len(owner.texts) == 1, "that there was nothing to stop in the conversation itself is no news"
    await owner.ask("hello", "Fine.")
    assert "⏹ Stopped: “Morning brief”" in requests_of(stage, "owner")[-1].prompt


async def test_stop_ends_the_owners_turn_and_every_run_of_its_own_at_once(stage: Stage) -> None:
    roles = Roles()
    busy = asyncio.Event()
    started: list[str] = []

    async def hang(request: ModelRequest) -> Reply:
        started.append(request.prompt)
        if len(started) == 3:
            busy.set()
        await asyncio.Event().wait()
        return say()

    for rules in (roles.owner, roles.trigger):
        rules.on_text(".", hang)
    stage.claude.script = roles
    await come_due(
        stage,
        event("Look at the weather"),
        event("Look at the flats", about="kiva", title="Flats"),
    )
    owner = await stage.person()
    await stage.start()
    await owner.send("count to a million")
    await asyncio.wait_for(busy.wait(), 30)
    await owner.send("/stop")
    await owner.wait_for(lambda seen: len(seen) == 3)
    await stage.nothing_waits()
    named = ("Morning brief", "Flats", "count to a million")
    assert sorted(owner.texts) == sorted(f"⏹ Stopped: “{name}”" for name in named)


async def test_stop_ends_a_run_of_its_own_that_waits_to_be_tried_again(stage: Stage) -> None:
    stage.claude.script = Roles()
    stage.claude.faults.add(OVERLOADED, times=None)
    await come_due(stage, event("Look at the weather"))
    owner = await stage.person()
    await stage.start()
    await owner.wait_for_text("waits, and I make up for it as soon as it can be done: “Morning brief”")
    await owner.ask("/stop", "⏹ Stopped: “Morning brief”")
    await stage.nothing_waits()
    assert stage.rows(STATES) == [("dropped",)]


async def test_clear_takes_nothing_away_that_waits(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("do one", ENDLESS).on_text("do two", "Second.")
    stage.claude.script = roles
    await come_due(stage, event("do one", "owner", title="One"), event("do two", "owner", title="Two"))
    owner = await stage.person()
    await stage.start()
    await command_pid(stage)
    told = await owner.ask("/clear", "fresh conversation")
    assert "Stopped: “One”" in told.text
    await owner.wait_for_text("Second.")
    await stage.nothing_waits()
    assert stage.rows(STATES) == [("dropped",), ("done",)]
    assert "do one" not in "\n".join(requests_of(stage, "owner")[-1].all_texts)


async def test_a_turn_that_hangs_takes_nothing_with_it_that_waits(stage: Stage) -> None:
    stage.extra["QUERY_TIMEOUT_SECONDS"] = "2"
    roles = Roles()

    async def hang(_: ModelRequest) -> Reply:
        await asyncio.Event().wait()
        return say()

    roles.owner.on(hears("do two"), "Second.").on(hears("do one"), hang)
    stage.claude.script = roles
    await come_due(stage, event("do one", "owner", title="One"), event("do two", "owner", title="Two"))
    owner = await stage.person()
    await stage.start()
    await owner.wait_for_text("no sign of life")
    await owner.wait_for_text("Second.")
    await stage.nothing_waits()
    assert stage.rows(STATES) == [("failed",), ("done",)]
