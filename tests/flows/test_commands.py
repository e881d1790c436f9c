"""/stop, /clear, /help and /usage, and a /word that is none of them."""

import asyncio
from datetime import UTC, datetime, timedelta

from jobs.sandbox.claude import Reply, Rules, Text, call, plan_windows, say
from jobs.sandbox.stage import Stage

ENDLESS = call("Bash", command="echo started > started; sleep 600")


async def test_stop_interrupts_and_keeps_the_conversation(stage: Stage) -> None:
    stage.claude.script = Rules().on_text("count to a million", ENDLESS).on(lambda _: True, "Fine.")
    await stage.start()
    owner = await stage.person()
    await owner.ask("my cat is Tom", "Fine.")
    await owner.send("count to a million")
    await owner.wait_for_text("running:")
    stopped = await owner.ask("/stop", "Stopped", timeout=60)  # the command itself takes 600
    assert "count to a million" in stopped.text
    assert "running:" not in stopped.text
    await owner.send("still there?")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)
    assert "my cat is Tom" in stage.claude.requests.model[-1].all_texts


async def test_what_was_stopped_has_its_price_in_the_books(stage: Stage) -> None:
    stage.claude.script = Rules().on_text("work", ENDLESS)
    daemon = await stage.start()
    owner = await stage.person()
    await owner.send("work")
    await owner.wait_for_text("running:")
    await owner.send("/stop")
    await owner.wait_for_text("Stopped")
    await daemon.stop()
    [(outcome, tokens)] = stage.rows("SELECT outcome, input_tokens + cache_write_tokens FROM usage_events")
    assert outcome == "dropped"
    assert tokens > 0


async def test_stop_drops_what_waited_behind(stage: Stage) -> None:
    stage.claude.script = Rules().on_text("count to a million", ENDLESS).on(lambda _: True, "Fine.")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.send("count to a million")
    await owner.wait_for_text("running:")
    await owner.send("then sing")
    await stage.telegram.calls.wait_for("messages.readHistory", count=2)
    stopped = await owner.ask("/stop", "Stopped")
    assert "“count to a million”, “then sing”" in stopped.text
    await owner.ask("hello again", "Fine.")
    await daemon.wait_for_log("answered 1 messages")
    assert all("then sing" not in r.texts for r in stage.claude.requests.model)
    await daemon.stop()
    assert stage.rows("SELECT state FROM inbox ORDER BY id") == [("dropped",), ("dropped",), ("done",), ("done",)]


async def test_stop_with_nothing_to_stop_says_so(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.ask("/stop", "nothing to stop")
    assert not stage.claude.requests.model


async def test_stop_while_the_answer_is_written_keeps_what_stands(stage: Stage) -> None:
    gate = asyncio.Event()
    text = Text("A long story. And more.", chunks=["A long story.", " And more."], gate=gate)
    stage.claude.script = lambda _: Reply([text])
    await stage.start()
    owner = await stage.person()
    await owner.send("tell me a story")
    await owner.wait_for_text("A long story.")
    seen = await owner.ask("/stop", "Stopped")
    assert seen.text.startswith("A long story.")
    assert len(owner.received) == 1
    gate.set()


async def test_stop_in_the_midst_of_a_code_block_is_told_below_the_block(stage: Stage) -> None:
    gate = asyncio.Event()
    chunks = ["Here:\n\n```python\nprint(1)\n", "print(2)\n```"]
    stage.claude.script = lambda _: Reply([Text(chunks=chunks, gate=gate)])
    await stage.start()
    owner = await stage.person()
    await owner.send("code please")
    await owner.wait_for_text("print(1)")
    seen = await owner.ask("/stop", "Stopped")
    assert seen.text == "Here:\n\nprint(1)\n\n⏹ Stopped: “code please”"
    [block] = seen.entities
    assert (block.offset, block.length, block.language) == (len("Here:\n\n"), len("print(1)"), "python")
    gate.set()


async def test_clear_begins_a_fresh_conversation(stage: Stage) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("the password is swordfish", "Fine.")
    await daemon.wait_for_log("answered 1 messages")
    await owner.ask("/clear", "fresh conversation")
    await owner.send("hello")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)
    assert b"swordfish" not in stage.claude.requests.model[-1].body


async def test_help_and_usage_cost_nothing(stage: Stage) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    told = await owner.ask("/help", "/usage")
    assert all(word in told.text for word in ("remind", "every weekday", "channel", "group", "follow"))
    await owner.ask("hi", "Fine.")
    await daemon.wait_for_log("answered 1 messages")
    usage = await owner.ask("/usage", "7 days")
    assert "1 turns" in usage.text
    assert "$" in usage.text
    assert len(stage.claude.requests.model) == 1


async def test_an_unknown_command_is_text(stage: Stage) -> None:
    stage.claude.script = lambda _: say("I got it.")
    await stage.start()
    owner = await stage.person()
    await owner.ask("/stopwatch please", "I got it.")
    await owner.send("/context")
    await owner.wait_for(lambda seen: len(seen) == 2)
    assert "/context" in stage.claude.requests.model[-1].texts


async def test_usage_tells_how_much_of_a_subscription_is_left(stage: Stage) -> None:
    stage.extra |= {"ANTHROPIC_API_KEY": "", "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-sandbox-sandbox"}
    stage.claude.headers = plan_windows(
        five_hour=0.25,
        seven_day=0.6,
        five_hour_resets=datetime.now(UTC) + timedelta(hours=2),
        seven_day_resets=datetime.now(UTC) + timedelta(days=3),
    )
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    await daemon.wait_for_log("answered 1 messages")
    usage = await owner.ask("/usage", "Plan")
    assert "5 hours: 25 % used" in usage.text
    assert "7 days: 60 % used" in usage.text
