"""A message that is deleted before the model has it is not answered; one that the model has, is."""

from __future__ import annotations

import asyncio
from typing import Any

from jobs.sandbox.claude import UNAUTHORIZED, Rules, call, say
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import Delay, DropUpdate
from jobs.sandbox.telegram.world.model import StoredFile
from sent_files import photo

STATES = "SELECT json_extract(payload, '$.text'), state FROM inbox WHERE chat_id > 0 ORDER BY id"


async def delete(person: Person, message_id: int) -> None:
    """For both sides."""
    client: Any = person.client
    await client.delete_messages(None, [message_id])


def asked(stage: Stage, text: str) -> bool:
    return any(text in each for request in stage.claude.requests.model for each in request.all_texts)


async def behind_a_file(stage: Stage) -> tuple[Person, int, asyncio.Event]:
    """The owner, what they have written behind a picture that does not arrive, and what lets it arrive."""
    await stage.start()
    owner = await stage.person()
    release = asyncio.Event()
    stuck = stage.telegram.faults.add(Delay(release), "upload.getFile", user_id=stage.assistant.id, times=None)
    await owner.send_file(photo(10, 10), "a.jpg", caption="look")
    await stuck.struck()
    message_id = await owner.send("burn this")
    await stage.stored([("look", "new"), ("burn this", "new")], STATES)
    return owner, message_id, release


async def test_what_waits_behind_a_file_and_is_deleted_is_not_answered(stage: Stage) -> None:
    owner, message_id, release = await behind_a_file(stage)
    await delete(owner, message_id)
    await stage.stored([("look", "new"), ("burn this", "dropped")], STATES)
    release.set()
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    assert not asked(stage, "burn this")
    assert owner.texts == ["Fine."]


async def test_what_was_withdrawn_stays_so_after_a_kill(stage: Stage) -> None:
    owner, message_id, release = await behind_a_file(stage)
    await delete(owner, message_id)
    await stage.stored([("look", "new"), ("burn this", "dropped")], STATES)
    await stage.daemons[-1].kill()
    stage.telegram.faults.clear()
    release.set()
    await stage.start()
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    assert not asked(stage, "burn this")
    assert stage.rows(STATES) == [("look", "done"), ("burn this", "dropped")]


async def test_what_is_deleted_while_it_is_off_is_not_answered(stage: Stage) -> None:
    owner, message_id, release = await behind_a_file(stage)
    await stage.daemons[-1].kill()
    stage.telegram.faults.clear()
    release.set()
    await delete(owner, message_id)
    await stage.start()
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    assert not asked(stage, "burn this")
    assert stage.rows(STATES) == [("look", "done"), ("burn this", "dropped")]


async def test_a_deletion_of_which_telegram_does_not_tell_is_found_by_the_comparison_at_the_start(stage: Stage) -> None:
    owner, message_id, release = await behind_a_file(stage)
    lost = stage.telegram.faults.add(DropUpdate(), "UpdateDeleteMessages", user_id=stage.assistant.id)
    await delete(owner, message_id)
    await lost.struck()
    await stage.daemons[-1].kill()
    stage.telegram.faults.clear()
    release.set()
    await stage.start()
    await owner.wait_for_text("Fine.")
    await stage.nothing_waits()
    assert not asked(stage, "burn this")


async def test_a_message_whose_own_file_is_on_its_way_is_withdrawn_and_nothing_is_said_of_the_file(
    stage: Stage,
) -> None:
    await stage.start()
    owner = await stage.person()
    release = asyncio.Event()
    stuck = stage.telegram.faults.add(Delay(release), "messages.getMessages", user_id=stage.assistant.id, times=None)
    message = stage.world.send_file(stage.owner, stage.assistant, StoredFile(0, b"x", 0, "text/plain"), "look")
    await stuck.struck()
    stage.world.delete(message)
    await stage.stored([("look", "dropped")], STATES)
    release.set()
    await owner.ask("and now?", "Fine.")
    await stage.nothing_waits()
    assert owner.texts == ["Fine."]
    assert not asked(stage, "look")


async def test_what_was_postponed_after_a_failure_and_is_deleted_is_not_tried_again(stage: Stage) -> None:
    stage.claude.faults.add(UNAUTHORIZED, times=None)
    daemon = await stage.start()
    owner = await stage.person()
    message_id = await owner.send("burn this")
    await stage.stored([("burn this", "parked")], STATES)
    await delete(owner, message_id)
    await stage.stored([("burn this", "dropped")], STATES)
    stage.claude.faults.clear()
    await owner.ask("and now?", "Fine.")
    await stage.nothing_waits()
    assert stage.rows(STATES) == [("burn this", "dropped"), ("and now?", "done")]
    assert await daemon.stop() == 0


async def test_what_the_model_has_is_answered_though_it_is_deleted(stage: Stage) -> None:
    rules = Rules()
    rules.on_text("begin", call("Bash", command="while [ ! -e go ]; do sleep 0.05; done; echo waited"))
    rules.on_result("waited", say("It is done."))
    stage.claude.script = rules
    await stage.start()
    owner = await stage.person()
    message_id = await owner.send("begin")
    await owner.wait_for_text("running:")
    await delete(owner, message_id)
    await owner.send("also this")  # was heard of later than the deletion
    await stage.stored([("begin", "submitted"), ("also this", "submitted")], STATES)
    (stage.workspace / "go").touch()
    await owner.wait_for_text("It is done.")
    await stage.nothing_waits()
    assert stage.rows(STATES) == [("begin", "done"), ("also this", "done")]


async def a_stranger_that_waits(stage: Stage) -> int:
    """The id, for the assistant, of what somebody has written who is not let in yet."""
    mallory = stage.world.add_user("Mallory", username="mallory")
    message = stage.world.send_text(mallory, stage.assistant, "let me in")
    await stage.stored([("let me in", "parked")], STATES.replace("> 0", "= ?"), mallory.id)
    return message.ids[stage.assistant.id]


async def test_what_a_person_deletes_before_they_are_let_in_is_not_answered_and_the_rest_is(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    await stage.nothing_waits()
    mallory = stage.world.add_user("Mallory", username="mallory")
    first = stage.world.send_text(mallory, stage.assistant, "burn this")
    question = await owner.wait_for_text("Mallory (@mallory) has written to me")
    stage.world.send_text(mallory, stage.assistant, "and hello")
    theirs = STATES.replace("> 0", "= ?")
    await stage.stored([("burn this", "parked"), ("and hello", "parked")], theirs, mallory.id)
    stage.world.delete(first)
    await stage.stored([("burn this", "dropped"), ("and hello", "parked")], theirs, mallory.id)
    await owner.send("yes", reply_to=question.id)
    await stage.stored([("burn this", "dropped"), ("and hello", "done")], theirs, mallory.id)
    assert not asked(stage, "burn this<")


async def test_a_deletion_in_a_channel_withdraws_nothing_of_a_private_chat_with_the_same_id(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    waiting = await a_stranger_that_waits(stage)
    channel = stage.world.add_channel("News", stage.owner, username="news")
    stage.world.join(stage.assistant, channel)
    posts = [stage.world.send_text(stage.owner, channel, f"post {number}") for number in range(waiting + 1)]
    same = next(post for post in posts if post.ids[channel.peer] == waiting)
    stage.world.delete(same)
    await owner.send("are you there?")  # was heard of later than the deletion
    await owner.wait_for(lambda seen: [one.text for one in seen].count("Fine.") == 2)
    assert [state for text, state in stage.rows(STATES) if text == "let me in"] == ["parked"]
