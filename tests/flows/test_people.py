"""Other people write, or are to be written to: who is let in, and how they are talked with."""

from __future__ import annotations

from scheduling import theirs

from jobs.sandbox.claude import Reply, Text, call, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.world.state import SERVICE_USER
from roles import Roles, requests_of

ASK_ANNA = call("mcp__jobs__create_task", user="@anna", title="The heating", description="Does the heating work?")


async def test_of_two_people_with_one_name_the_owner_is_asked_which_and_nobody_is_guessed(stage: Stage) -> None:
    petrova = stage.world.add_user("Masha", "Petrova", username="masha_p", contact_of=[stage.assistant])
    ivanova = stage.world.add_user("Masha", "Ivanova", username="masha_i", contact_of=[stage.assistant])
    roles = Roles()
    roles.owner.on_text("Write to Masha", call("mcp__jobs__send_to_user", user="Маша", message="Hello!"))
    roles.owner.on_result("may be:", lambda r: say("Which one? " + r.tool_results[0].plain))
    roles.owner.on_text("Ivanova", call("mcp__jobs__send_to_user", user=str(ivanova.id), message="Hello!"))
    roles.owner.on_result("On its way", "Done so.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    asked = await owner.ask("Write to Masha", "Which one?")
    assert f"Masha Petrova @masha_p (id {petrova.id})" in asked.text
    assert f"Masha Ivanova @masha_i (id {ivanova.id})" in asked.text
    assert not stage.telegram.calls.of("messages.sendMessage", user_id=stage.assistant.id)[1:]
    await owner.ask("Ivanova", "Done so.")
    await stage.nothing_waits()
    assert [m.text for m in stage.world.messages_between(ivanova, stage.assistant)] == ["Hello!"]
    assert stage.world.messages_between(petrova, stage.assistant) == []


async def test_a_stranger_is_answered_once_the_owner_says_yes_and_asked_about_once(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on(lambda _: True, "Fine.")
    roles.person.on(lambda _: True, lambda r: say(f"You said: {theirs(r)}"))
    stage.claude.script = roles
    first = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    stranger = stage.world.add_user("Pavel", username="pavel")
    pavel = await stage.person(stranger)
    await pavel.send("is the flat free?")
    asked = await owner.wait_for_text("Pavel (@pavel) has written to me:\n│ is the flat free?")
    await pavel.send("hello?")
    await stage.stored([(2,)], "SELECT count(*) FROM inbox WHERE chat_id = ?", stranger.id)
    await first.kill()
    await stage.start()
    await owner.send("yes", reply_to=asked.id)
    await owner.wait_for_text("I talk with Pavel.")
    await pavel.wait_for_text("You said: ['is the flat free?', 'hello?']")
    await pavel.ask("thanks", "You said: ['thanks']")
    await stage.nothing_waits()
    assert len(pavel.received) == 2
    assert sum("has written to me" in text for text in owner.texts) == 1


async def test_a_stranger_is_left_alone_once_the_owner_says_no(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    pavel = await stage.person(stage.world.add_user("Pavel", username="pavel"))
    await pavel.send("buy my coins")
    await owner.wait_for_text("buy my coins")
    await owner.ask("no", "I do not answer Pavel.")
    await pavel.send("cheap!")
    await stage.nothing_waits()
    assert pavel.received == []
    assert not requests_of(stage, "person")
    assert sum("has written to me" in text for text in owner.texts) == 1


async def test_an_errand_with_somebody_lets_in_what_they_have_written_before(stage: Stage) -> None:
    roles = Roles()
    roles.owner.on_text("Ask Anna", ASK_ANNA).on_result("Errand", "I see to it.").on(lambda _: True, "Fine.")
    roles.person.on(lambda _: True, lambda r: say(f"You said: {theirs(r)}"))
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    anna = await stage.person(stage.world.add_user("Anna", username="anna"))
    await anna.send("the heating is cold")
    await owner.wait_for_text("the heating is cold")
    await owner.ask("Ask Anna about the heating", "I see to it.")
    await anna.wait_for_text("You said: ['the heating is cold']")
    assert "Does the heating work?" in str(requests_of(stage, "person")[0].all_texts)


async def test_help_and_clear_work_for_other_people_and_the_owners_commands_are_text(stage: Stage) -> None:
    stage.extra |= {"EXTERNAL_POLICY": "open"}
    roles = Roles()
    roles.person.on(lambda _: True, lambda r: say(f"You said: {theirs(r)}"))
    stage.claude.script = roles
    daemon = await stage.start()
    anna = await stage.person(stage.world.add_user("Anna", username="anna"))
    await anna.ask("/help", "who writes on behalf of my owner")
    assert not stage.claude.requests.model
    await anna.ask("my code is swordfish", "swordfish")
    await daemon.wait_for_log("answered 1 messages")
    await anna.ask("/clear", "Let us begin afresh.")
    for command in ("/stop", "/usage", "/tasks"):
        await anna.ask(command, f"You said: ['{command}']")
    assert all(b"swordfish" not in request.body for request in requests_of(stage, "person")[1:])


async def test_a_person_is_spoken_to_in_the_language_they_write(stage: Stage) -> None:
    stage.extra |= {"EXTERNAL_POLICY": "open"}
    await stage.start()
    ivan = await stage.person(stage.world.add_user("Ivan", username="ivan"))
    await ivan.ask("Привет", "Fine.")
    await ivan.ask("/help", "пишу от имени своего владельца")
    await ivan.ask("/clear", "Начнём сначала.")


async def test_a_burst_is_one_turn_and_gets_one_finished_message_with_typing_shown(stage: Stage) -> None:
    stage.extra |= {"EXTERNAL_POLICY": "open"}
    roles = Roles()
    slow = Text("One. Two. Three.", chunks=["One. ", "Two. ", "Three."], delay=0.4)
    roles.person.on(lambda _: True, Reply([slow]))
    stage.claude.script = roles
    await stage.start()
    anna = await stage.person(stage.world.add_user("Anna", username="anna"))
    for part in ("hi", "it is me", "Anna"):
        await anna.send(part)
    await anna.wait_for_text("One. Two. Three.")
    await stage.nothing_waits()
    [request] = requests_of(stage, "person")
    assert theirs(request) == ["hi", "it is me", "Anna"]
    [seen] = anna.received
    assert (seen.text, seen.edits) == ("One. Two. Three.", 0)
    assert anna.typing.is_set()


async def test_bots_deleted_accounts_and_telegrams_own_are_never_answered(stage: Stage) -> None:
    stage.extra |= {"EXTERNAL_POLICY": "open"}
    robot = stage.world.add_user("Robot", username="robot")
    robot.bot = True
    gone = stage.world.add_user("Gone", username="gone")
    gone.deleted = True
    service = stage.world.users[SERVICE_USER]
    await stage.start()
    owner = await stage.person()
    for sender in (robot, gone, service):
        stage.world.send_text(sender, stage.assistant, "Your login code: 12345")
    await owner.ask("hi", "Fine.")
    await stage.nothing_waits()
    assert [request.prompt.count("12345") for request in stage.claude.requests.model] == [0]
    for sender in (robot, gone, service):
        assert len(stage.world.messages_between(sender, stage.assistant)) == 1
    states = stage.rows("SELECT state FROM inbox WHERE chat_id IN (?, ?, ?)", robot.id, gone.id, service.id)
    assert states == [("dropped",)] * 3
    assert owner.texts == ["Fine."]


async def test_who_writes_while_a_first_message_to_them_waits_gets_it_and_their_answer_at_once(stage: Stage) -> None:
    stage.extra |= {"FIRST_CONTACTS_PER_DAY": "0", "EXTERNAL_POLICY": "open"}
    roles = Roles()
    roles.owner.on_text(
        "begin", call("mcp__jobs__create_task", user="@anna", title="Report", message="When is it due?")
    )
    roles.owner.on_result("Errand", "Begun.")
    roles.person.on_text("I write first", "Hello Anna.")
    stage.claude.script = roles
    anna = stage.world.add_user("Anna", username="anna")
    await stage.start()
    owner = await stage.person()
    await owner.ask("begin", "waits until")
    stage.world.send_text(anna, stage.assistant, "I write first")
    await stage.world.wait_for(lambda: len(stage.world.messages_between(anna, stage.assistant)) == 3)
    said = [m.text for m in stage.world.messages_between(anna, stage.assistant)]
    assert said == ["I write first", "When is it due?", "Hello Anna."]


async def test_a_long_summary_for_the_owner_arrives_whole(stage: Stage) -> None:
    stage.extra["EXTERNAL_POLICY"] = "open"
    summary = "🙂" * 2500
    roles = Roles()
    roles.owner.on(lambda _: True, "Fine.")
    roles.person.on_text("tell", call("mcp__jobs__send_summary_to_owner", summary=summary))
    roles.person.on(lambda request: bool(request.tool_results), "Thanks.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    stage.world.send_text(stage.world.add_user("Anna", username="anna"), stage.assistant, "tell her")
    await owner.wait_for(lambda seen: sum(one.text.count("🙂") for one in seen) == 2500)
    await stage.nothing_waits()
