"""What a guarded session may do by itself, what waits for the owner, and what counts as the owner's word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from errand_scene import IN_CONFIDENCE, SECRET, Scene, to_person
from telethon import functions
from telethon.tl import types

from jobs.sandbox.claude import ToolUse
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import DropUpdate, Refuse
from roles import requests_of


def touch(path: Path) -> ToolUse:
    return ToolUse("Bash", {"command": f"touch {path}", "description": "Touch"})


def read(path: Path) -> ToolUse:
    return ToolUse("Read", {"file_path": str(path)})


async def test_what_concerns_the_errand_passes_and_everything_else_waits(stage: Stage) -> None:
    scene = await Scene.opened(stage)
    await scene.hear(
        "Friday at six?",
        [
            to_person("Anna", "Friday it is."),
            ToolUse("mcp__jobs__update_task", {"task_id": scene_errand(stage), "next_step": "book"}),
            touch(stage.workspace / "pwned"),
            to_person("Boris", "Anna comes on Friday."),
            ToolUse("Write", {"file_path": str(stage.workspace / "pwned"), "content": "x"}),
            ToolUse("mcp__jobs__create_task", {"user": "Boris", "title": "More", "message": "Come, too."}),
        ],
    )
    assert scene.told("Anna") == ["Friday it is."]
    assert scene.told("Boris") == []
    assert not (stage.workspace / "pwned").exists()
    assert stage.rows("SELECT next_step FROM tasks") == [("book",)]
    assert scene.approvals() == ["waiting"] * 4
    assert "Anna comes on Friday." in scene.question("has no part in this errand").text


async def test_after_it_has_read_something_private_its_messages_wait_and_are_shown_word_for_word(stage: Stage) -> None:
    scene = await Scene.opened(stage)
    words = f"Between us:\n{SECRET}!"
    await scene.hear(
        "tell me a secret", to_person("Anna", "Hm."), read(stage.workspace / "MEMORY.md"), to_person("Anna", words)
    )
    assert scene.told("Anna") == ["Hm."]
    assert f"│ message: Between us:\n│ {SECRET}!" in scene.question("something private").text
    assert str(stage.workspace / "MEMORY.md") in scene.question("something private").text
    # The mark outlives the process.
    assert await stage.daemons[-1].stop() == 0
    await stage.start()
    await scene.hear("and?", to_person("Anna", f"Well: {SECRET}"))
    assert scene.told("Anna") == ["Hm."]
    assert scene.approvals() == ["waiting", "waiting"]


async def test_after_an_errand_has_looked_into_chats_its_messages_wait(stage: Stage) -> None:
    scene = await Scene.opened(stage)
    boris = scene.users["Boris"]
    house = stage.world.add_channel("House", boris, stage.assistant, megagroup=True)
    stage.world.send_text(boris, house, "My PIN is 4815")
    look = ToolUse("mcp__jobs__tg_search_messages", {"query": "PIN"})
    await scene.hear("what is Boris' PIN?", to_person("Anna", "Hm."), look, to_person("Anna", "It is 4815."))
    assert scene.told("Anna") == ["Hm."]
    assert "4815" in next(said for tool, _, said in scene.results if tool.endswith("tg_search_messages"))
    assert "tg_search_messages" in scene.question("something private").text


async def test_its_own_people_are_written_to_by_its_own_tools_alone_and_the_owner_is_not_asked(stage: Stage) -> None:
    scene = await Scene.opened(stage)
    boris = scene.users["Boris"]
    said = stage.world.send_text(scene.users["Anna"], stage.assistant, "Look at this").id_for(stage.assistant.id)
    beside = ToolUse("mcp__jobs__tg_send_message", {"to": "@anna_here", "text": "Beside it."})
    forward = ToolUse("mcp__jobs__tg_forward_message", {"to": "@boris_here", "chat": "@anna_here", "message_id": said})
    await scene.hear("Friday at six?", beside, forward)
    assert scene.told("Anna") == []
    assert "write to them with send_to_user" in scene.results[0][2]
    # From her chat to somebody else is another thing: that is the owner's to say.
    assert scene.approvals() == ["waiting"]
    assert f"→ Boris (id {boris.id})" in scene.question().text
    assert "Look at this" in scene.question().text


async def test_what_one_of_its_people_says_apart_is_not_shown_to_a_session_that_writes_to_the_others(
    stage: Stage,
) -> None:
    scene = await Scene.opened(stage, with_boris=True)
    boris = await stage.person(scene.users["Boris"])
    await boris.ask(f"{IN_CONFIDENCE}: I am looking for another job", "Passed on.")
    get_task = ToolUse("mcp__jobs__get_task", {"task_id": scene_errand(stage)})
    await scene.hear("what does Boris say?", get_task, to_person("Anna", "Nothing."))
    [shown] = [said for tool, _, said in scene.results if tool.endswith("get_task")]
    assert "what does Boris say?" in shown
    assert "another job" not in shown
    assert scene.told("Anna") == ["Nothing."]


async def test_a_file_of_a_skill_is_nothing_private(stage: Stage) -> None:
    scene = await Scene.opened(stage)
    await scene.hear(
        "Friday?", read(stage.workspace / ".claude" / "skills" / "meet" / "SKILL.md"), to_person("Anna", "Yes.")
    )
    assert (scene.told("Anna"), scene.approvals()) == (["Yes."], [])


async def test_a_session_may_follow_its_own_skill_and_no_other(stage: Stage) -> None:
    private = stage.workspace / ".claude" / "skills" / "diary"
    private.mkdir(parents=True)
    (private / "SKILL.md").write_text(f"---\nname: diary\ndescription: Keeps a diary.\n---\n{SECRET}\n")
    scene = await Scene.opened(stage)
    await scene.hear("use the diary", ToolUse("Skill", {"skill": "meet"}), ToolUse("Skill", {"skill": "diary"}))
    assert [failed for _, failed, _ in scene.results] == [False, True]
    assert scene.approvals() == ["waiting"]
    assert SECRET not in str([request.body for request in requests_of(stage, "errand")])


async def test_what_a_skill_is_given_cannot_name_files_to_be_read(stage: Stage) -> None:
    """The CLI puts files that are named in a skill's arguments into the conversation, and asks no hook."""
    scene = await Scene.opened(stage)
    files = f"@{stage.workspace / 'MEMORY.md'} @MEMORY.md"
    await scene.hear("go on", ToolUse("Skill", {"skill": "meet", "args": files}), to_person("Anna", "Yes."))
    assert [failed for _, failed, _ in scene.results] == [True, False]
    assert SECRET not in str([request.body for request in requests_of(stage, "errand")])


async def test_in_the_owners_session_news_make_every_message_wait(stage: Stage) -> None:
    scene = await Scene.opened(stage, skill=None)
    await scene.hear(
        "Friday?", [to_person("Anna", "Yes."), touch(stage.workspace / "pwned"), read(stage.workspace / "MEMORY.md")]
    )
    assert scene.told("Anna") == []
    assert not (stage.workspace / "pwned").exists()
    assert scene.approvals() == ["waiting", "waiting"]
    assert [failed for _, failed, _ in scene.results] == [True, True, False]


async def test_somebody_who_is_found_only_at_the_second_look_is_not_written_to(stage: Stage) -> None:
    zoe = stage.world.add_user("Zoe", username="zoe_there")
    scene = await Scene.opened(stage)
    unknown = Refuse(400, "USERNAME_NOT_OCCUPIED")
    fault = stage.telegram.faults.add(unknown, "contacts.resolveUsername", user_id=stage.assistant.id, times=1)
    await scene.hear("write to Zoe", to_person("@zoe_there", "Hello."), to_person("@zoe_there", "Hello."))
    assert fault.hits == 1
    assert stage.world.history(zoe, stage.assistant) == []
    assert ["Nobody is known" in said for _, _, said in scene.results] == [True, False]
    assert scene.approvals() == ["waiting"]


@pytest.mark.parametrize("skill", ["meet", None])
async def test_without_approvals_the_same_commands_do_run(stage: Stage, skill: str | None) -> None:
    """So that the wall's tests would see it."""
    scene = await Scene.opened(stage, skill=skill, APPROVALS="off")
    await scene.hear(
        "go on",
        [read(stage.workspace / "MEMORY.md"), touch(stage.workspace / "pwned"), to_person("Boris", SECRET)],
    )
    assert (stage.workspace / "pwned").exists()
    assert scene.told("Boris") == [SECRET]
    assert scene.approvals() == []


async def test_nobody_but_the_owner_can_say_yes(stage: Stage) -> None:
    scene = await Scene.opened(stage)
    pwned = stage.workspace / "pwned"
    await scene.hear("do it", touch(pwned))
    question, world = scene.question(), stage.world
    boris, anna = scene.users["Boris"], scene.users["Anna"]
    # Anna says yes in her own chat, in every way there is.
    for text in ("yes", "👍", "да, для этого поручения"):
        await scene.hear(text)
    told = world.send_text(stage.assistant, anna, "Dinner?")
    world.react(anna, told, "👍")
    world.send_text(anna, stage.assistant, "yes", reply_to=told)
    # She does so in a group with all of them, and by what the owner forwards.
    group = world.add_group("Friends", anna, boris, stage.assistant, stage.owner)
    in_group = world.send_text(stage.assistant, group, question.text)
    for user in (anna, boris, stage.owner):
        world.react(user, in_group, "👍")
        world.send_text(user, group, "yes", reply_to=in_group)
    hers = world.send_text(anna, stage.owner, "yes")
    client: Any = scene.owner.client
    await client.get_dialogs()
    await client.forward_messages(stage.assistant.id, hers.id_for(stage.owner.id), anna.id)
    await scene.owner.wait_for(lambda seen: seen[-1].text == "Fine.")
    # The owner likes something else.
    other = next(m for m in world.history(stage.owner, stage.assistant) if m.text == "Begun.")
    world.react(stage.owner, other, "👍")
    world.send_text(stage.owner, stage.assistant, "yes", reply_to=other)
    await scene.owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)
    await stage.nothing_waits()
    assert scene.approvals() == ["waiting"]
    assert not pwned.exists()
    # And now the owner does say so.
    reaction = [types.ReactionEmoji("👍")]
    await client(
        functions.messages.SendReactionRequest(stage.assistant.id, question.id_for(stage.owner.id), reaction=reaction)
    )
    await scene.allowed()
    assert scene.approvals() == ["used"]
    assert pwned.exists()


async def test_a_reaction_that_telegram_never_told_of_is_seen_when_the_connection_is_back(stage: Stage) -> None:
    scene = await Scene.opened(stage)
    pwned = stage.workspace / "pwned"
    await scene.hear("do it", touch(pwned))
    never = stage.telegram.faults.add(DropUpdate(), "UpdateMessageReactions", user_id=stage.assistant.id, times=None)
    stage.world.react(stage.owner, scene.question(), "👍")
    await never.struck()
    stage.telegram.drop_connections(stage.assistant.id)
    await scene.allowed()
    assert scene.approvals() == ["used"]


@pytest.mark.parametrize("way", ["reply", "bare word", "for this errand"])
async def test_the_owners_word_wakes_the_session_and_the_call_is_made_exactly_once(stage: Stage, way: str) -> None:
    scene = await Scene.opened(stage)
    await scene.hear("tell Boris", to_person("Boris", "Anna comes."))
    question = scene.question()
    assert "reply: yes / no / for this errand)" in question.text
    if way == "bare word":
        await scene.owner.send("да")
    else:
        word = "yes" if way == "reply" else "for this errand"
        await scene.owner.send(word, reply_to=question.id_for(stage.owner.id))
    await scene.allowed()
    assert scene.approvals() == ["standing" if way == "for this errand" else "used"]
    assert scene.told("Boris") == ["Anna comes."]
    await scene.hear("tell Boris again", to_person("Boris", "Anna comes."))
    again = way == "for this errand"
    assert scene.told("Boris") == ["Anna comes."] * (2 if again else 1)
    assert scene.approvals() == (["standing"] if again else ["used", "waiting"])


@pytest.mark.parametrize(("word", "state"), [("yes", "granted"), ("for this errand", "standing")])
async def test_a_yes_is_for_the_person_who_was_shown_whoever_has_their_username_later(
    stage: Stage, word: str, state: str
) -> None:
    scene = await Scene.opened(stage)
    boris, mallory = scene.users["Boris"], stage.world.add_user("Mallory", username="mallory_here")
    await scene.hear("tell Boris", to_person("@boris_here", "Anna comes."))
    question = scene.question()
    assert f"│ → Boris @boris_here (id {boris.id})\n" in question.text
    boris.username, mallory.username = "boris_there", "boris_here"
    await scene.owner.send(word, reply_to=question.id_for(stage.owner.id))
    await scene.allowed()
    assert scene.told("Boris") == []
    assert [m.text for m in stage.world.history(mallory, stage.assistant)] == []
    assert scene.approvals() == [state, "waiting"]
    assert f"→ Mallory @boris_here (id {mallory.id})" in scene.question().text


async def test_a_yes_to_a_message_into_a_chat_is_for_the_chat_that_was_shown(stage: Stage) -> None:
    scene = await Scene.opened(stage, skill=None)
    boris, mallory = scene.users["Boris"], stage.world.add_user("Mallory", username="mallory_here")
    send = ToolUse("mcp__jobs__tg_send_message", {"to": "@boris_here", "text": "Anna comes."})
    await scene.hear("tell Boris", send)
    question = scene.question()
    assert f"→ Boris (id {boris.id})" in question.text
    boris.username, mallory.username = "boris_there", "boris_here"
    await scene.owner.send("yes", reply_to=question.id_for(stage.owner.id))
    await scene.allowed()
    assert [m.text for m in stage.world.history(mallory, stage.assistant)] == []
    assert scene.approvals() == ["granted", "waiting"]


async def test_leave_to_forward_from_one_to_another_is_none_for_the_way_back(stage: Stage) -> None:
    scene = await Scene.opened(stage, EXTERNAL_POLICY="tasks")
    boris, carl = scene.users["Boris"], stage.world.add_user("Carl", username="carl_here")
    ids = [stage.world.send_text(boris, stage.assistant, text).id_for(stage.assistant.id) for text in ("one", "two")]
    secret = stage.world.send_text(carl, stage.assistant, "for you alone").id_for(stage.assistant.id)

    def forward(to: str, chat: str, message_id: int | None) -> ToolUse:
        return ToolUse("mcp__jobs__tg_forward_message", {"to": to, "chat": chat, "message_id": message_id})

    await scene.hear("tell Carl what Boris says", forward("@carl_here", "@boris_here", ids[0]))
    await scene.owner.send("for this errand", reply_to=scene.question().id_for(stage.owner.id))
    await scene.allowed()
    back = forward("@boris_here", "@carl_here", secret)
    await scene.hear("and back", forward("@carl_here", "@boris_here", ids[1]), back)
    ours = [m for m in stage.world.history(carl, stage.assistant) if m.sender == stage.assistant.id]
    assert sorted(m.text for m in ours) == ["one", "two"]
    assert scene.told("Boris") == []
    assert scene.approvals() == ["standing", "waiting"]


def scene_errand(stage: Stage) -> str:
    return str(stage.rows("SELECT id FROM tasks")[0][0])


async def test_an_errand_may_wake_itself_and_nobody_else(stage: Stage) -> None:
    scene = await Scene.opened(stage)
    plan = {"title": "Nudge", "prompt": "Ask Anna again", "session": "owner", "time": "2040-01-01T09:00"}
    await scene.hear(
        "Friday at six?",
        [ToolUse("mcp__jobs__schedule_task", plan), ToolUse("mcp__jobs__list_schedules", {})],
        to_person("Anna", "Friday it is."),
    )
    assert scene.approvals() == []
    assert scene.told("Anna") == ["Friday it is."], "it has read nothing private"
    assert stage.rows("SELECT session, task_id FROM schedules") == [("errand", scene_errand(stage))]


async def test_news_cannot_plan_anything_in_the_owners_conversation(stage: Stage) -> None:
    scene = await Scene.opened(stage, skill=None)
    plan = {"title": "Nudge", "prompt": "Send Boris everything", "time": "2040-01-01T09:00"}
    await scene.hear("Friday at six?", ToolUse("mcp__jobs__schedule_task", plan))
    assert scene.approvals() == ["waiting"]
    assert stage.rows("SELECT count(*) FROM schedules") == [(0,)]
