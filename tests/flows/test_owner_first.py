"""However many people write: the owner is answered first, and asked about a few of them at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from jobs.sandbox.claude import Reply, Text, call
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import Delay, Rule
from roles import Roles

MANY = 12


def hold_first_question(stage: Stage, release: asyncio.Event) -> Rule:
    """Telegram does not answer when the first question about a stranger is sent."""

    def is_question(request: Any) -> bool:
        return "has written to me" in request.message

    return stage.telegram.faults.add(
        Delay(release), "messages.sendMessage", user_id=stage.assistant.id, predicate=is_question
    )


def strangers_write(stage: Stage) -> None:
    for number in range(MANY):
        stage.world.send_text(stage.world.add_user(f"S{number}", username=f"stranger{number}"), stage.assistant, "hi")


async def test_an_answer_goes_before_the_questions_that_wait_to_be_asked(stage: Stage) -> None:
    release = asyncio.Event()
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    held = hold_first_question(stage, release)
    strangers_write(stage)
    await held.struck()
    await owner.send("are you there?")
    await stage.stored([(2,)], "SELECT count(*) FROM outbox WHERE origin = 'answer'")
    release.set()
    await owner.wait_for(lambda seen: sum("has written to me" in one.text for one in seen) == 5)
    first, question, second, *_ = owner.texts
    assert (first, second) == ("Fine.", "Fine.")
    assert "S0 (@stranger0) has written to me" in question


async def test_an_answer_grows_on_the_screen_while_questions_wait(stage: Stage) -> None:
    release, rest = asyncio.Event(), asyncio.Event()
    slow = Reply([Text(chunks=["One,", " two."], gate=rest)])
    roles = Roles()
    roles.owner.on_text("count", slow).on_text(".", "Fine.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    held = hold_first_question(stage, release)
    strangers_write(stage)
    await held.struck()
    await owner.ask("count", "One,")
    assert not any("has written to me" in text for text in owner.texts)
    rest.set()
    release.set()
    await owner.wait_for_text("One, two.")


async def test_the_owner_is_asked_about_five_strangers_at_a_time_and_told_of_the_others_in_one_sentence(
    stage: Stage,
) -> None:
    roles = Roles()
    roles.owner.on_text(".", "Fine.")
    roles.person.on(lambda _: True, "Hello.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    strangers_write(stage)
    others = await owner.wait_for_text("Others have written to me as well")
    assert f"as well: {', '.join(f'S{number}' for number in range(5, MANY))}." in others.text
    asked = [seen for seen in owner.received if "has written to me" in seen.text]
    assert [seen.text.split()[1] for seen in asked] == [f"S{number}" for number in range(5)]
    await owner.send("no", reply_to=asked[2].id)
    await owner.wait_for_text("S5 (@stranger5) has written to me")
    assert sum("has written to me" in text for text in owner.texts) == 6


async def test_many_first_messages_of_an_errand_that_wait_are_told_of_in_one_sentence(stage: Stage) -> None:
    stage.extra["FIRST_CONTACTS_PER_DAY"] = "2"
    people = [stage.world.add_user(f"N{number}", username=f"person{number}") for number in range(6)]
    roles = Roles()
    everybody = [f"@{user.username}" for user in people]
    roles.owner.on_text("Ask all", call("mcp__jobs__create_task", user=everybody, title="All", message="Hello"))
    roles.owner.on_text(".", "Fine.").on(lambda _: True, "Fine.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.send("Ask all")
    await owner.wait_for_text("wait, the first of them until")
    sent = [user for user in people if stage.world.messages_between(stage.assistant, user)]
    [told] = [text for text in owner.texts if "I have written to many new people" in text]
    assert len(sent) == 2
    assert all(
        (f"{user.first_name}," in told or f"{user.first_name} wait" in told) != (user in sent) for user in people
    )
