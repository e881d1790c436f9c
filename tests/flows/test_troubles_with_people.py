"""What goes wrong inside is told to the owner; an outsider hears nothing of it, and is answered once it is mended."""

import asyncio
import re

from jobs.sandbox.claude import OUT_OF_CREDIT, ModelRequest, NeverAnswer, Reply, call, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.world.model import User
from roles import Roles, role_of


def texts_to(stage: Stage, user: User) -> list[str]:
    history = stage.world.messages_between(stage.assistant, user)
    return [message.text for message in history if message.sender == stage.assistant.id]


async def test_a_failing_model_is_the_owners_trouble_and_the_person_is_answered_later(stage: Stage) -> None:
    stage.extra["EXTERNAL_POLICY"] = "open"
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    masha = stage.world.add_user("Masha", username="masha")
    stage.claude.faults.add(OUT_OF_CREDIT, times=None)
    stage.world.send_text(masha, stage.assistant, "hello?")
    told = await owner.wait_for_text("I cannot answer Masha right now")
    assert "credit" in told.text
    assert texts_to(stage, masha) == []
    await daemon.stop()
    stage.claude.faults.clear()
    await stage.start()
    await stage.world.wait_for(lambda: texts_to(stage, masha) == ["Fine."])


async def test_a_person_is_answered_though_the_model_hangs_on_their_message_once(stage: Stage) -> None:
    stage.extra |= {"EXTERNAL_POLICY": "open", "QUERY_TIMEOUT_SECONDS": "3"}
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    masha = await stage.person(stage.world.add_user("Masha", username="masha"))
    stage.claude.faults.add(NeverAnswer(), times=1)
    await masha.send("hello?")
    await owner.wait_for_text("I cannot answer Masha right now: ⌛ Claude gave no sign of life. I try again at")
    await masha.wait_for_text("Fine.")
    await stage.nothing_waits()
    assert len(masha.received) == 1


async def test_an_answer_that_keeps_telling_secrets_is_withheld_and_the_owner_told(stage: Stage) -> None:
    def script(request: ModelRequest) -> Reply:
        return say("The door code is 47 11.") if role_of(request) == "person" else say("Fine.")

    stage.extra["EXTERNAL_POLICY"] = "open"
    stage.claude.script = script
    stage.workspace.mkdir(parents=True)
    (stage.workspace / "MEMORY.md").write_text("- door code: 4711 (private)\n")
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    masha = stage.world.add_user("Masha", username="masha")
    stage.world.send_text(masha, stage.assistant, "what is the code?")
    await owner.wait_for_text("My answer to Masha held something private even after corrections")
    assert texts_to(stage, masha) == []
    asked = [r for r in stage.claude.requests.model if role_of(r) == "person"]
    assert len(asked) == 3
    assert "marked in the owner's memory" in asked[-1].prompt
    assert "4711" not in str(asked[0].body)


async def test_nobody_is_answered_while_the_notes_cannot_be_read_and_the_owner_reads_which(stage: Stage) -> None:
    stage.extra["EXTERNAL_POLICY"] = "open"
    (stage.workspace / "memory").mkdir(parents=True)
    (stage.workspace / "memory" / "old.md").write_bytes("- 🔒 door: 4711".encode("utf-16"))
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    masha = stage.world.add_user("Masha", username="masha")
    stage.world.send_text(masha, stage.assistant, "hello?")
    await owner.wait_for_text("My answer to Masha was not sent: I cannot read memory/old.md")
    assert texts_to(stage, masha) == []
    assert len([r for r in stage.claude.requests.model if role_of(r) == "person"]) == 1


async def test_who_is_banned_while_they_are_answered_gets_no_answer_and_the_owner_reads_why(stage: Stage) -> None:
    begun, banned = asyncio.Event(), asyncio.Event()

    async def answer(_: ModelRequest) -> Reply:
        begun.set()
        await banned.wait()
        return say("Hello, Pavel.")

    roles = Roles()
    roles.owner.on_text("ban him", call("mcp__jobs__ban_user", user="@pavel"))
    roles.owner.on_result("is banned", "Done.")
    roles.person.on_text("hello", answer)
    stage.claude.script = roles
    stage.extra["EXTERNAL_POLICY"] = "open"
    pavel = stage.world.add_user("Pavel", username="pavel")
    await stage.start()
    owner = await stage.person()
    stage.world.send_text(pavel, stage.assistant, "hello")
    await begun.wait()
    await owner.ask("ban him", "Done.")
    banned.set()
    await owner.wait_for_text("You banned Pavel while I was answering, so my answer was not sent.")
    await stage.nothing_waits()
    assert texts_to(stage, pavel) == []
    assert stage.rows("SELECT state FROM inbox WHERE chat_id = ?", pavel.id) == [("dropped",)]
    assert len([r for r in stage.claude.requests.model if role_of(r) == "person"]) == 1


async def test_stopping_the_work_on_an_errands_news_names_the_news(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("begin", call("mcp__jobs__create_task", user="@masha", title="Heating", message="Is it on?"))
    roles.owner.on_text("answered in errand", call("Bash", command="ls"))
    roles.owner.on(lambda r: any("waits for the owner" in result.plain for result in r.tool_results), never)
    roles.owner.on_result("Errand", "Begun.")
    roles.person.on_text("it is on", lambda r: call("mcp__jobs__update_task", task_id=errand_in(r), result="on"))
    roles.person.on_result("Recorded", "Thanks.")
    stage.claude.script = roles
    masha = stage.world.add_user("Masha", username="masha")
    await stage.start()
    owner = await stage.person()
    await owner.ask("begin", "Begun.")
    stage.world.send_text(masha, stage.assistant, "it is on")
    await owner.wait_for_text("🔐 May I?")
    await owner.ask("/stop", "Stopped: “Masha (id ")


async def never(_: ModelRequest) -> Reply:
    await asyncio.Event().wait()
    return say()


def errand_in(request: ModelRequest) -> str:
    """The id of the errand that a person's session was told of."""
    return re.findall(r"Errand (\w+):", "\n".join(request.all_texts))[-1]
