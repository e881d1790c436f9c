"""What the owner has scheduled is said or done at its time."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

from jobs.sandbox.claude import ModelRequest, Reply, call, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import LoseAnswer
from roles import Roles, requests_of


def soon(seconds: float = 2.0) -> str:
    """A moment a little ahead, as the model writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def scheduling(**arguments: str) -> Roles:
    """A script in which the owner's "plan it" schedules something two seconds ahead."""
    roles = Roles()

    def plan(_: ModelRequest) -> Reply:
        return call("mcp__jobs__schedule_task", time=soon(), **arguments)

    roles.owner.on_text("plan it", plan).on_result(
        r"^Schedule \w+ “", lambda r: say(f"Noted. {r.tool_results[0].plain}")
    )
    return roles


async def test_a_reminder_reaches_the_owner_word_for_word_on_the_second_and_without_the_model(stage: Stage) -> None:
    text = "Call *mum* back, she said “it’s urgent”"
    stage.claude.script = scheduling(title="Mum", prompt=text, kind="reminder")
    await stage.start()
    owner = await stage.person()
    await owner.ask("plan it", "Noted.")
    asked = len(stage.claude.requests.model)
    await owner.wait_for(lambda seen: len(seen) == 2)
    assert owner.texts[1] == text
    assert len(stage.claude.requests.model) == asked
    await stage.nothing_waits()
    [(planned, sent_at)] = stage.rows(
        "SELECT schedules.once_at, outbox.sent_at FROM schedules, outbox WHERE outbox.text = ?", text
    )
    assert timedelta() <= datetime.fromisoformat(sent_at) - datetime.fromisoformat(planned) < timedelta(seconds=1)
    assert stage.rows("SELECT state, next_run, runs FROM schedules") == [("done", None, 1)]


async def test_what_is_scheduled_for_the_owners_conversation_runs_in_it(stage: Stage) -> None:
    roles = scheduling(title="Report", prompt="Say how it stands")
    roles.owner.on_text("Say how it stands", "It stands well.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.ask("plan it", "Noted.")
    await owner.wait_for_text("It stands well.")
    [request] = [r for r in requests_of(stage, "owner") if "Say how it stands" in r.prompt and not r.tool_results]
    assert "news from the program, not a message of the owner" in request.prompt
    assert any("plan it" in text for text in request.all_texts)
    await stage.nothing_waits()


async def test_a_schedule_of_its_own_is_run_now_and_later_asked_about(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text(
        "every morning",
        call("mcp__jobs__schedule_task", title="Brief", prompt="Sum it up", cron="0 9 * * *", session="isolated"),
    )
    roles.owner.on_text("run it", lambda _: call("mcp__jobs__run_schedule_now", id=only_id(stage)))
    roles.owner.on_result(r"^Schedule \w+ “Brief”, cron", "Every morning at nine.").on_result("runs now", "It runs.")
    roles.owner.on_text("more, please", "More of it.")
    roles.trigger.on_text("Sum it up", "All is well.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.ask("every morning", "Every morning at nine.")
    await owner.ask("run it", "It runs.")
    await owner.wait_for_text("All is well.")
    await stage.nothing_waits()
    await owner.ask("more, please", "More of it.")
    asked = requests_of(stage, "owner")[-1]
    assert "“Brief”" in asked.prompt
    assert "All is well." in asked.prompt
    await owner.send("run it once more")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("All is well.") == 2)


def only_id(stage: Stage) -> str:
    [(schedule_id,)] = stage.rows("SELECT id FROM schedules")
    return schedule_id


async def test_what_came_due_while_it_was_off_comes_late_or_is_told_of(stage: Stage) -> None:
    roles = Roles()
    reminder = call(
        "mcp__jobs__schedule_task", title="Pills", prompt="Take them", kind="reminder", time="2040-01-01T09:00"
    )
    # Far from now at any time of the day: what was missed an hour ago would run late instead.
    cron = f"0 {(datetime.now(UTC) + timedelta(hours=12)).hour} * * *"
    daily = call("mcp__jobs__schedule_task", title="Brief", prompt="Sum it up", cron=cron, timezone="UTC")
    roles.owner.on_text("pills", reminder).on_text("brief", daily).on_result("“Pills”", "One.").on_result(
        "“Brief”", "Two."
    )
    stage.claude.script = roles
    first = await stage.start()
    owner = await stage.person()
    await owner.ask("pills", "One.")
    await owner.ask("brief", "Two.")
    await stage.nothing_waits()
    await first.stop()
    due = datetime.now(UTC) - timedelta(days=2, hours=12)
    time_passes(stage, "Pills", due)
    time_passes(stage, "Brief", due)
    await stage.start()
    late = await owner.wait_for_text("Take them")
    assert "I was off then" in late.text
    summary = await owner.wait_for_text("missed while I was off")
    assert "“Brief”" in summary.text
    await stage.nothing_waits()
    assert len(owner.texts) == 4
    [(next_run,)] = stage.rows("SELECT next_run FROM schedules WHERE title = 'Brief'")
    assert datetime.fromisoformat(next_run) > datetime.now(UTC)


def time_passes(stage: Stage, title: str, due: datetime) -> None:
    """A schedule of a daemon that is off was due at a moment in the past."""
    with closing(sqlite3.connect(stage.data_dir / "db.sqlite")) as connection, connection:
        moment = due.isoformat(timespec="milliseconds")
        connection.execute("UPDATE schedules SET next_run = ? WHERE title = ?", (moment, title))


async def test_a_reminder_that_a_kill_cuts_off_is_said_once(stage: Stage) -> None:
    stage.claude.script = scheduling(title="Mum", prompt="Call mum", kind="reminder")
    first = await stage.start()
    owner = await stage.person()
    await owner.ask("plan it", "Noted.")
    await stage.nothing_waits()
    lost = stage.telegram.faults.add(LoseAnswer(), "messages.sendMessage", user_id=stage.assistant.id)
    await lost.struck()
    await first.kill()
    await stage.start()
    await owner.wait_for_text("Call mum")
    await stage.nothing_waits()
    assert owner.texts.count("Call mum") == 1
    assert stage.rows("SELECT count(*) FROM trigger_events") == [(1,)]
