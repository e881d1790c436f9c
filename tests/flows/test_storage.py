"""When the disk refuses: the owner is told, and goes on getting each answer once."""

import asyncio
import sqlite3
from contextlib import closing

from jobs.sandbox.claude import ModelRequest, Reply, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import Delay


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
        await owner.wait_for_text("cannot write to my own disk", timeout=30)
        holder.execute("ROLLBACK")
    await owner.wait_for_text("Here it is.", timeout=60)
    await stage.nothing_waits(60)
    assert owner.texts.count("Here it is.") == 1
    assert await daemon.stop() == 0
    assert stage.rows("SELECT state FROM inbox") == [("done",)]


async def test_a_message_that_could_not_be_journalled_is_answered_later(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.ask("one", "Fine.")
    with closing(sqlite3.connect(stage.data_dir / "db.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        await owner.ask("two", "cannot write to my own disk")
        holder.execute("ROLLBACK")
    stage.telegram.drop_connections(stage.assistant.id)  # what makes it compare at once
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2, timeout=60)


async def test_a_first_message_that_could_not_be_journalled_is_answered_after_the_next_one(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    with closing(sqlite3.connect(stage.data_dir / "db.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        await owner.ask("one", "cannot write to my own disk")
        holder.execute("ROLLBACK")
    await owner.ask("two", "Fine.")
    await stage.telegram.calls.wait_for("messages.readHistory", timeout=10)  # "one" is read now, too
    stage.telegram.drop_connections(stage.assistant.id)
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2, timeout=60)
    assert "one" in stage.claude.requests.model[-1].texts


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
        await daemon.wait_for_log("The outbox could not be", count=2, timeout=60)
        holder.execute("ROLLBACK")
    await stage.nothing_waits()
    assert await daemon.stop() == 0
    assert [m.text for m in stage.world.messages_between(stage.owner, stage.assistant)] == [
        "one",
        "Fine.",
        "two",
        "Fine.",
    ]
