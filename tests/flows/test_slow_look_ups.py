"""Telegram takes its time to say who somebody is: nobody else waits for that."""

from __future__ import annotations

import asyncio

from scheduling import theirs

from jobs.sandbox.claude import call, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import Delay
from roles import Roles


async def test_people_are_answered_while_strangers_are_looked_up_and_each_in_the_order_they_wrote(
    stage: Stage,
) -> None:
    stage.extra["EXTERNAL_POLICY"] = "open"
    roles = Roles()
    roles.owner.on_text("begin", call("mcp__jobs__create_task", user="@masha", title="Report", message="When?"))
    roles.owner.on(lambda _: True, "Fine.")
    roles.person.on(lambda _: True, lambda r: say(f"You said: {theirs(r)}"))
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    masha = await stage.person(stage.world.add_user("Masha", username="masha"))
    await owner.send("begin")
    await masha.wait_for_text("When?")
    release = asyncio.Event()
    slow = stage.telegram.faults.add(Delay(release), "users.getUsers", user_id=stage.assistant.id, times=None)
    strangers = [stage.world.add_user(f"S{number}", username=f"stranger{number}") for number in range(12)]
    for text in ("one", "two", "three"):
        for stranger in strangers:
            stage.world.send_text(stranger, stage.assistant, text)
    await slow.struck()
    await masha.ask("on Friday", "You said: ['on Friday']")
    assert slow.hits <= 8
    release.set()
    await stage.world.wait_for(lambda: all(answered(stage, stranger.id) for stranger in strangers))
    for stranger in strangers:
        said = "".join(
            m.text for m in stage.world.messages_between(stage.assistant, stranger) if m.sender != stranger.id
        )
        assert said.index("'one'") < said.index("'two'") < said.index("'three'")


def answered(stage: Stage, user_id: int) -> bool:
    user = stage.world.users[user_id]
    return any("'three'" in m.text for m in stage.world.messages_between(stage.assistant, user) if m.sender != user_id)
