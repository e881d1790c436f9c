"""An errand with a skill has a session of its own, for days and across restarts."""

import asyncio
from datetime import UTC, datetime, timedelta

from test_troubles_with_people import errand_in

from jobs.sandbox.claude import ModelRequest, Reply, Rules, call, say
from jobs.sandbox.stage import Stage
from roles import Roles, requests_of


def with_skill(stage: Stage) -> None:
    """The workspace has a skill named chase."""
    folder = stage.workspace / ".claude" / "skills" / "chase"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text("---\nname: chase\ndescription: Chases somebody.\n---\nAsk until answered.\n")


def script() -> Roles:
    roles = Roles()
    begin = call("mcp__jobs__create_task", user="@masha", title="Report", context={"skill": "chase"}, message="When?")
    roles.owner.on_text("begin", begin)
    roles.owner.on_result("Errand", "Begun.")
    roles.owner.on_text(".", "Fine.")
    roles.errand.on_text("A new errand is yours", "I shall ask on Tuesday.")
    roles.errand.on_text("answered in errand", "Heard.")
    roles.person.on_text("Friday", lambda r: call("mcp__jobs__update_task", task_id=errand_in(r), result="Friday"))
    roles.person.on_result("Recorded", "Thanks.")
    return roles


async def test_it_goes_on_in_its_conversation_though_the_file_that_names_it_is_gone(stage: Stage) -> None:
    with_skill(stage)
    stage.claude.script = script()
    masha = stage.world.add_user("Masha", username="masha")
    first = await stage.start()
    owner = await stage.person()
    await owner.ask("begin", "Begun.")
    await first.wait_for_log("Session task:")
    await stage.nothing_waits()
    await first.stop()
    [file] = (stage.data_dir / "sessions").glob("task_*.session")
    [(session_id,)] = stage.rows("SELECT session_id FROM tasks")
    assert file.read_text().strip() == session_id
    file.unlink()
    second = await stage.start()
    stage.world.send_text(masha, stage.assistant, "By Friday.")
    await second.wait_for_log("Session task:")
    last = requests_of(stage, "errand")[-1]
    assert "I shall ask on Tuesday." in last.all_texts
    assert "Friday" in last.prompt


async def test_what_it_writes_as_text_reaches_nobody_and_stands_in_the_history(stage: Stage) -> None:
    with_skill(stage)
    stage.claude.script = script()
    masha = stage.world.add_user("Masha", username="masha")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("begin", "Begun.")
    await daemon.wait_for_log("Session task:")
    await stage.nothing_waits()
    await daemon.stop()
    said = [m.text for user in (stage.owner, masha) for m in stage.world.messages_between(stage.assistant, user)]
    assert not [text for text in said if "Tuesday" in text]
    changes = [change for (change,) in stage.rows("SELECT change FROM task_history")]
    assert "I shall ask on Tuesday." in changes


def made(request: ModelRequest) -> bool:
    """Whether the errand with Pavel has begun, as far as a conversation tells."""
    return any("with Pavel. The message" in text for text in request.all_texts)


async def test_an_allowed_call_that_was_made_before_a_kill_is_neither_asked_for_nor_made_again(stage: Stage) -> None:
    with_skill(stage)
    roles, answered = script(), asyncio.Event()

    async def hang(_: ModelRequest) -> Reply:
        await answered.wait()
        return say("Done.")

    def other(_: ModelRequest) -> Reply:
        return call("mcp__jobs__create_task", user="@pavel", title="More", message="Hello Pavel")

    roles.errand = Rules().on_text("A new errand is yours|interrupted", other)
    roles.errand.on(made, hang).on_text("allows your call", other).on(lambda _: True, "Waiting.")
    stage.claude.script = roles
    stage.world.add_user("Masha", username="masha")
    pavel = stage.world.add_user("Pavel", username="pavel")
    first = await stage.start()
    owner = await stage.person()
    await owner.ask("begin", "Begun.")
    question = await owner.wait_for_text("🔐 May I?")
    await owner.send("yes", reply_to=question.id)
    await stage.world.wait_for(lambda: len(stage.world.messages_between(stage.assistant, pavel)) == 1)
    await stage.claude.requests.wait_for(lambda r: r.request is not None and made(r.request))
    await first.kill()
    answered.set()
    await stage.start()
    await stage.nothing_waits()
    assert len(stage.world.messages_between(stage.assistant, pavel)) == 1
    assert sum("🔐 May I?" in text for text in owner.texts) == 1
    assert stage.rows("SELECT count(*) FROM tasks") == [(2,)]


async def test_what_it_has_planned_wakes_it_at_its_time_in_its_own_conversation(stage: Stage) -> None:
    with_skill(stage)
    roles = Roles()
    begin = call("mcp__jobs__create_task", user="@masha", title="Report", context={"skill": "chase"}, message="When?")
    roles.owner.on_text("begin", begin).on_result("Errand", "Begun.")
    planned: list[datetime] = []

    def plan(_: ModelRequest) -> Reply:
        planned.append(datetime.now(UTC) + timedelta(seconds=3))
        time = planned[0].isoformat(timespec="milliseconds")
        return call("mcp__jobs__schedule_task", title="Nudge", prompt="Ask her once more", time=time)

    roles.errand.on_text("A new errand is yours", plan).on_result("“Nudge”, once", "I shall ask again.")
    roles.errand.on_text("Ask her once more", call("mcp__jobs__send_to_user", user="@masha", message="And now?"))
    roles.errand.on_result("", "Asked.")
    stage.claude.script = roles
    masha = stage.world.add_user("Masha", username="masha")
    await stage.start()
    owner = await stage.person()
    await owner.ask("begin", "Begun.")
    await stage.world.wait_for(
        lambda: "And now?" in [m.text for m in stage.world.messages_between(stage.assistant, masha)]
    )
    await stage.nothing_waits()
    [(state, session_key, received)] = stage.rows(
        "SELECT inbox.state, session_key, received_at FROM inbox JOIN trigger_events ON inbox_id = inbox.id"
    )
    [(errand,)] = stage.rows("SELECT id FROM tasks")
    assert (state, session_key) == ("done", f"task:{errand}")
    assert planned[0] <= datetime.fromisoformat(received) < planned[0] + timedelta(seconds=5)
    [woken] = [r for r in requests_of(stage, "errand") if "Ask her once more" in r.prompt and not r.tool_results]
    assert "I shall ask again." in woken.all_texts
    assert len([m for m in stage.world.messages_between(stage.assistant, masha) if m.text == "And now?"]) == 1
    assert not any("once more" in text for r in requests_of(stage, "owner") for text in r.all_texts)
