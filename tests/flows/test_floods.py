"""Too much at once, and a Telegram that says "not now": the owner is answered all the same."""

from jobs.sandbox.claude import Rules, call, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import LoseAnswer, Refuse


async def test_a_hundred_messages_during_one_turn_are_answered_and_done(stage: Stage) -> None:
    rules = Rules().on_text("begin", call("Bash", command="while [ ! -e go ]; do sleep 0.05; done; echo waited"))
    rules.on_result("waited", "That is all.").on(lambda r: "m99" in r.texts, say("And the rest."))
    stage.claude.script = rules
    daemon = await stage.start()
    owner = await stage.person()
    await owner.send("begin")
    await owner.wait_for_text("running:")
    for number in range(100):
        stage.world.send_text(stage.owner, stage.assistant, f"m{number}")
    await stage.telegram.calls.wait_for("messages.readHistory", count=101)
    (stage.workspace / "go").touch()
    await owner.wait_for_text("And the rest.")
    await daemon.wait_for_log("answered", count=2)
    assert await daemon.stop() == 0
    assert stage.rows("SELECT state, count(*) FROM inbox GROUP BY state") == [("done", 101)]


async def test_a_telegram_that_refuses_every_call_at_the_start_is_waited_for(stage: Stage) -> None:
    owner = await stage.person()
    await owner.send("are you up?")
    flood = stage.telegram.faults.add(Refuse(420, "FLOOD_WAIT_1"), user_id=stage.assistant.id, times=3)
    await stage.start()
    await owner.wait_for_text("Fine.")
    assert flood.hits == 3
    await owner.send("and now?")  # comes as an update
    await owner.wait_for(lambda seen: len(seen) == 2)


async def test_a_chat_that_cannot_be_read_does_not_keep_the_owner_waiting(stage: Stage) -> None:
    stranger = stage.world.add_user("Mallory", username="mallory")
    stage.world.send_text(stranger, stage.assistant, "hello")
    owner = await stage.person()
    await owner.send("are you up?")
    stage.telegram.faults.add(
        Refuse(400, "PEER_ID_INVALID"),
        "messages.getHistory",
        user_id=stage.assistant.id,
        predicate=lambda request: getattr(getattr(request, "peer", None), "user_id", None) == stranger.id,
        times=None,
    )
    await stage.start()
    await owner.wait_for_text("Fine.")


async def test_a_message_that_telegram_makes_wait_does_not_hold_the_start_up(stage: Stage) -> None:
    lost = stage.telegram.faults.add(LoseAnswer(disconnect=True), "messages.sendMessage", user_id=stage.assistant.id)
    first = await stage.start()
    owner = await stage.person()
    await owner.send("are you up?")
    await lost.struck()
    flood = stage.telegram.faults.add(
        Refuse(420, "FLOOD_WAIT_600"), "messages.sendMessage", user_id=stage.assistant.id, times=None
    )
    await flood.struck()  # its answer was lost, and it is not let through again
    await first.kill()
    await stage.start()
    await owner.send("think already")
    await stage.claude.requests.wait_for(lambda r: r.request is not None and "think already" in r.request.prompt)
