"""When the disk refuses: the owner is told, and goes on getting each answer once."""

import asyncio
import resource
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager

from processes import command_pid, ended

from coming_due import come_due, event
from jobs.sandbox.claude import ModelRequest, Reply, Rules, call, say
from jobs.sandbox.daemon import Daemon
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import Delay
from roles import Roles, requests_of


@contextmanager
def full_disk(daemon: Daemon) -> Generator[None]:
    """The daemon itself can write no byte to any file; what it has started before still can."""
    before = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, before)


async def test_a_database_that_refuses_is_said_and_the_answer_comes_once_it_does_not(stage: Stage) -> None:
    release = asyncio.Event()

    async def script(_: ModelRequest) -> Reply:
        await release.wait()
        return say("Here it is.")

    stage.claude.script = script
    daemon = await stage.start()
    owner = await stage.person()
    await owner.send("hello")
    await stage.claude.requests.wait_for()
    with closing(sqlite3.connect(stage.data_dir / "db.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        release.set()
        await owner.wait_for_text("cannot write to my own disk")
        holder.execute("ROLLBACK")
    await owner.wait_for_text("Here it is.")
    await stage.nothing_waits(60)
    assert owner.texts.count("Here it is.") == 1
    assert await daemon.stop() == 0
    assert stage.rows("SELECT state FROM inbox") == [("done",)]


async def test_a_message_that_could_not_be_journalled_is_answered_as_soon_as_it_can_be(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.ask("one", "Fine.")
    with closing(sqlite3.connect(stage.data_dir / "db.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        await owner.ask("two", "cannot write to my own disk")
        holder.execute("ROLLBACK")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)


async def test_a_first_message_that_could_not_be_journalled_is_answered_with_the_next_one(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    with closing(sqlite3.connect(stage.data_dir / "db.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        await owner.ask("one", "cannot write to my own disk")
        await owner.send("two")
        holder.execute("ROLLBACK")
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    assert stage.rows("SELECT json_extract(payload, '$.text') FROM inbox ORDER BY id") == [("one",), ("two",)]


async def test_what_comes_while_the_disk_is_full_is_journalled_in_its_order_once_there_is_room(stage: Stage) -> None:
    stage.extra["EXTERNAL_POLICY"] = "closed"
    stranger = stage.world.add_user("Mallory", username="mallory")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("one", "Fine.")
    await stage.nothing_waits()
    with full_disk(daemon):
        await owner.ask("two", "cannot write to my own disk")
        stage.world.send_text(stranger, stage.assistant, "hello")
        await owner.send("three")
    await owner.send("four")
    await daemon.wait_for_log("were waiting in Telegram")
    await stage.nothing_waits()
    journalled = stage.rows("SELECT json_extract(payload, '$.text') FROM inbox WHERE state = 'done' ORDER BY id")
    assert [text for (text,) in journalled] == ["one", "two", "three", "four"]
    assert stage.rows("SELECT json_extract(payload, '$.text') FROM inbox WHERE state = 'dropped'") == [("hello",)]
    assert sum("cannot write" in text for text in owner.texts) == 1


async def test_stop_is_obeyed_while_the_disk_is_full_and_answered_when_there_is_room(stage: Stage) -> None:
    stage.claude.script = (
        Rules().on_text("work", call("Bash", command="echo $$ > pid; exec sleep 600")).on(lambda _: True, "Fine.")
    )
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    await owner.send("work")
    pid = await command_pid(stage)
    await owner.wait_for_text("running:")
    with full_disk(daemon):
        await owner.send("/stop")
        await ended(pid, timeout=30)
        await owner.wait_for_text("I have stopped")
    await owner.wait_for_text("Stopped: “work”")
    await stage.nothing_waits()
    assert await daemon.stop() == 0
    assert stage.rows("SELECT state FROM inbox ORDER BY id") == [("done",), ("dropped",), ("done",)]
    assert sum("work" in request.prompt for request in stage.claude.requests.model) == 1


async def test_stop_reaches_a_run_of_its_own_while_the_disk_is_full(stage: Stage) -> None:
    roles = Roles()
    roles.trigger.on_text("Look at", call("Bash", command="echo $$ > pid; exec sleep 600"))
    roles.owner.on_text("hi", "Fine.")
    stage.claude.script = roles
    await come_due(stage, event("Look at the weather"))
    owner = await stage.person()
    daemon = await stage.start()
    await owner.ask("hi", "Fine.")
    pid = await command_pid(stage)
    with full_disk(daemon):
        await owner.send("/stop")
        await ended(pid, timeout=30)
        await owner.wait_for_text("I have stopped")
    await owner.wait_for_text("Stopped: “Morning brief”")
    await stage.nothing_waits()
    assert await daemon.stop() == 0
    assert stage.rows("SELECT state FROM inbox WHERE chat_id = 0") == [("dropped",)]
    assert sum("Stopped" in text for text in owner.texts) == 1
    assert not any("nothing to stop" in text for text in owner.texts)
    assert len(requests_of(stage, "trigger")) == 1


async def test_the_alarm_in_saved_messages_does_not_pass_for_the_owners_word(stage: Stage) -> None:
    def texts() -> list[str]:
        return [message.text for message in stage.world.history(stage.owner, stage.owner)]

    daemon = await stage.start(account=stage.owner)
    owner = await stage.person(stage.owner, stage.owner)
    await owner.send("one")
    await stage.world.wait_for(lambda: "Fine." in texts())
    await stage.nothing_waits()
    with closing(sqlite3.connect(stage.data_dir / "db.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        await owner.send("two")
        await stage.world.wait_for(lambda: "cannot write" in texts()[-1])
        holder.execute("ROLLBACK")
    await stage.world.wait_for(lambda: texts().count("Fine.") == 2)
    await stage.nothing_waits()
    await daemon.kill()
    await stage.start(account=stage.owner)
    await owner.send("three")
    await stage.world.wait_for(lambda: texts().count("Fine.") == 3)
    await stage.nothing_waits()
    journalled = stage.rows("SELECT json_extract(payload, '$.text') FROM inbox WHERE state = 'done' ORDER BY id")
    assert [text for (text,) in journalled if text != "Fine."] == ["one", "two", "three"]
    assert not any("cannot write" in request.all_texts for request in stage.claude.requests.model)


async def test_a_database_that_is_held_for_long_delays_an_answer_and_does_not_end_the_program(stage: Stage) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("one", "Fine.")
    release = asyncio.Event()
    held_up = stage.telegram.faults.add(
        Delay(release, handled=True), "messages.sendMessage", user_id=stage.assistant.id
    )
    await owner.send("two")
    await held_up.struck()
    with closing(sqlite3.connect(stage.data_dir / "db.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        release.set()
        # Which of them it is: a slow answer was shown as a draft, and is still to be written down.
        parts = ("The outbox could not be", "could not write its journal")
        refused = [asyncio.create_task(daemon.wait_for_log(part, count=2)) for part in parts]
        done, pending = await asyncio.wait(refused, return_when=asyncio.FIRST_COMPLETED)
        for waiting in pending:
            waiting.cancel()
        await done.pop()
        holder.execute("ROLLBACK")
    await stage.nothing_waits()
    assert await daemon.stop() == 0
    assert [m.text for m in stage.world.messages_between(stage.owner, stage.assistant)] == [
        "one",
        "Fine.",
        "two",
        "Fine.",
    ]
