"""What happens when something goes wrong: nothing is lost, nothing is said twice, and the owner is told."""

import asyncio
import json
import socket

import pytest

from jobs.sandbox.claude import (
    FORBIDDEN,
    OUT_OF_CREDIT,
    OVERLOADED,
    UNAUTHORIZED,
    DropMidStream,
    NeverAnswer,
    Rules,
    call,
    rate_limited,
    say,
)
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import DropUpdate, LoseAnswer, Refuse

SEND = "mcp__jobs__tg_send_message"


async def test_what_was_sent_before_the_first_start_is_answered(stage: Stage) -> None:
    owner = await stage.person()
    await owner.send("are you there yet?")
    await stage.start()
    await owner.wait_for_text("Fine.")


async def test_what_was_sent_while_it_was_down_is_answered_once(stage: Stage) -> None:
    owner = await stage.person()
    daemon = await stage.start()
    await owner.ask("one", "Fine.")
    await stage.nothing_waits()
    await daemon.kill()
    await owner.send("two")
    await stage.start()
    await owner.wait_for(lambda seen: len(seen) == 2)
    assert [m.text for m in stage.world.messages_between(stage.owner, stage.assistant)] == [
        "one",
        "Fine.",
        "two",
        "Fine.",
    ]


async def test_a_message_whose_update_was_lost_is_answered_after_a_reconnect(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    await owner.ask("one", "Fine.")
    lost = stage.telegram.faults.add(DropUpdate(), "UpdateNewMessage", user_id=stage.assistant.id)
    await owner.send("two")
    await lost.struck()
    stage.telegram.drop_connections(stage.assistant.id)
    await owner.wait_for(lambda seen: len(seen) == 2)


async def test_telegram_being_away_for_a_while_loses_nothing(stage: Stage) -> None:
    release = asyncio.Event()

    async def slow(_: object) -> object:
        await release.wait()
        return say("Late, but here.")

    stage.claude.script = slow  # pyright: ignore[reportAttributeAccessIssue]
    await stage.start()
    owner = await stage.person()
    await owner.send("hello?")
    await stage.claude.requests.wait_for(lambda r: r.path.startswith("/v1/messages"), count=1)
    await stage.telegram.pause()
    release.set()
    await stage.telegram.resume()
    await owner.wait_for_text("Late, but here.")
    await stage.world.wait_for(lambda: len(stage.world.messages_between(stage.owner, stage.assistant)) == 2)


async def test_an_answer_whose_acknowledgement_was_lost_is_there_once(stage: Stage) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    lost = stage.telegram.faults.add(LoseAnswer(), "messages.sendMessage", user_id=stage.assistant.id)
    await owner.send("hi")
    await lost.struck()
    # The text is on the screen while it is being written; killed then, one answer would serve both messages.
    await stage.stored([("done",)], "SELECT state FROM inbox")
    await daemon.kill()
    await stage.start()
    await owner.ask("again", "Fine.")
    await owner.wait_for(lambda seen: len(seen) == 2)
    texts = [m.text for m in stage.world.messages_between(stage.owner, stage.assistant)]
    assert texts == ["hi", "Fine.", "again", "Fine."]


async def test_flood_wait_is_waited_out(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    flood = stage.telegram.faults.add(Refuse(420, "FLOOD_WAIT_2"), "messages.sendMessage", user_id=stage.assistant.id)
    await owner.ask("hi", "Fine.")
    assert flood.hits == 1


async def test_a_message_that_cannot_be_delivered_is_reported_with_its_text(stage: Stage) -> None:
    friend = stage.world.add_user("Frida", username="frida")
    rules = Rules().on_text("tell frida", call(SEND, to="@frida", text="see you at six"))
    rules.on_result("Handed over", "I wrote to Frida.")
    stage.claude.script = rules
    await stage.start()
    owner = await stage.person()
    stage.telegram.faults.add(
        Refuse(403, "USER_PRIVACY_RESTRICTED"),
        "messages.sendMessage",
        predicate=lambda request: getattr(request, "message", "") == "see you at six",
        times=None,
    )
    await owner.ask("tell frida", "I wrote to Frida.")
    report = await owner.wait_for_text("could not be delivered")
    assert "My message to Frida could not be" in report.text
    assert "do not accept messages" in report.text
    assert "see you at six" in report.text
    assert stage.world.messages_between(friend, stage.assistant) == []


async def test_a_tool_call_reaches_the_other_person_once(stage: Stage) -> None:
    friend = stage.world.add_user("Frida", username="frida")
    rules = Rules().on_text("tell frida", call(SEND, to="@frida", text="see you at **six**"))
    rules.on_result("Handed over for delivery to Frida", "I wrote to Frida.")
    stage.claude.script = rules
    await stage.start()
    owner = await stage.person()
    await owner.ask("tell frida", "I wrote to Frida.")
    await stage.world.wait_for(lambda: bool(stage.world.messages_between(friend, stage.assistant)))
    [message] = stage.world.messages_between(friend, stage.assistant)
    assert message.text == "see you at six"


async def test_a_claude_process_that_dies_is_replaced_and_its_tool_is_not_run_twice(stage: Stage) -> None:
    friend = stage.world.add_user("Frida", username="frida")
    calls = 0

    async def script(request):
        nonlocal calls
        if any("Handed over" in r.plain for r in request.tool_results):
            calls += 1
            if calls == 1:
                daemon.kill_claude()  # the effect stands, the model has not answered
                await asyncio.Event().wait()
            return say("I wrote to Frida.")
        return call(SEND, to="@frida", text="see you at six")

    stage.claude.script = script
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("tell frida", "I wrote to Frida.")
    await stage.world.wait_for(lambda: bool(stage.world.messages_between(friend, stage.assistant)))
    assert len(stage.world.messages_between(friend, stage.assistant)) == 1
    assert len(owner.received) == 1


async def test_a_claude_process_that_keeps_dying_is_said_so(stage: Stage) -> None:
    async def script(_):
        daemon.kill_claude()
        await asyncio.Event().wait()

    stage.claude.script = script
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "keeps ending")
    stage.claude.script = lambda _: say("Better now.")
    await owner.ask("again", "Better now.")


async def test_a_conversation_whose_transcript_is_gone_begins_afresh_and_says_so(stage: Stage) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("one", "Fine.")
    await daemon.wait_for_log("answered 1 messages")
    await daemon.stop()
    [transcript] = (stage.data_dir / ".claude" / "projects").glob("*/*.jsonl")
    transcript.unlink()
    await stage.start()
    await owner.ask("two", "could not reopen our earlier conversation")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)
    assert "one" not in stage.claude.requests.model[-1].texts


async def test_an_unreadable_transcript_loses_no_message(stage: Stage) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("one", "Fine.")
    await daemon.wait_for_log("answered 1 messages")
    await daemon.stop()
    [transcript] = (stage.data_dir / ".claude" / "projects").glob("*/*.jsonl")
    transcript.write_bytes(b"\x00garbage\n" * 20)
    await stage.start()
    await owner.send("two")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (UNAUTHORIZED, "refused my key"),
        (FORBIDDEN, "does not let this key use the model"),
        (OUT_OF_CREDIT, "out of credit"),
        (rate_limited(3600), "reached Claude's limit"),
        (OVERLOADED, "overloaded"),
    ],
)
async def test_an_error_of_the_model_reaches_the_owner_in_one_sentence_and_the_message_waits(
    stage: Stage, fault: object, sentence: str
) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    stage.claude.faults.add(fault, times=None)  # pyright: ignore
    await owner.ask("hi", sentence)
    assert len(owner.received) == 1
    await daemon.kill()
    stage.claude.faults.clear()
    await stage.start()
    await owner.wait_for_text("Fine.")
    assert "hi" in stage.claude.requests.model[-1].texts


async def test_a_failure_is_told_though_an_earlier_attempt_was_cut_short_by_a_kill(stage: Stage) -> None:
    stage.claude.faults.add(NeverAnswer(), times=None)
    first = await stage.start()
    owner = await stage.person()
    await owner.send("hi")
    await stage.claude.requests.wait_for(lambda r: r.path.startswith("/v1/messages"), count=1)
    await first.kill()
    stage.claude.faults.clear()
    stage.claude.faults.add(UNAUTHORIZED, times=None)
    second = await stage.start()
    await owner.wait_for_text("key")
    await second.stop()
    await stage.start()  # with the key as wrong as before: it is worth a second word
    await owner.wait_for(lambda seen: len(seen) == 2)


async def test_an_api_that_cannot_be_reached_is_said_so_and_the_message_waits(stage: Stage) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else can
        stage.extra["ANTHROPIC_BASE_URL"] = f"http://127.0.0.1:{closed.getsockname()[1]}"
        daemon = await stage.start()
        owner = await stage.person()
        await owner.ask("hi", "cannot reach Claude")
        await daemon.kill()
    del stage.extra["ANTHROPIC_BASE_URL"]
    await stage.start()
    await owner.wait_for_text("Fine.")


async def test_an_overloaded_model_is_tried_again_by_itself(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    stage.claude.faults.add(OVERLOADED, times=None)
    await owner.ask("hi", "overloaded")
    stage.claude.faults.clear()
    await owner.wait_for_text("Fine.")
    assert len(owner.received) == 2


async def test_a_stream_that_breaks_is_answered_all_the_same(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    stage.claude.faults.add(DropMidStream(), times=1)
    await owner.ask("hi", "Fine.")
    assert len(owner.received) == 1


async def test_a_model_that_gives_no_sign_of_life_is_interrupted_and_said_so(stage: Stage) -> None:
    stage.extra["QUERY_TIMEOUT_SECONDS"] = "3"
    await stage.start()
    owner = await stage.person()
    stage.claude.faults.add(NeverAnswer(), times=None)
    await owner.ask("hi", "no sign of life for 3 s")
    stage.claude.faults.clear()
    await owner.ask("go on", "Fine.")


async def test_a_busy_tool_is_a_sign_of_life(stage: Stage) -> None:
    stage.extra["QUERY_TIMEOUT_SECONDS"] = "3"
    rules = Rules().on_text("work", call("Bash", command="while [ ! -e go ]; do sleep 0.05; done; echo worked"))
    rules.on_result("worked", "Worked hard.")
    stage.claude.script = rules
    await stage.start()
    owner = await stage.person()
    await owner.send("work")
    await owner.wait_for_text("running:")
    waiting = asyncio.create_task(owner.wait_for_text("no sign of life", timeout=8))
    with pytest.raises(TimeoutError):
        await waiting
    (stage.workspace / "go").touch()
    await owner.wait_for_text("Worked hard.")


async def test_the_errors_speak_russian_to_a_russian_owner(stage: Stage) -> None:
    stage.extra["LANGUAGE"] = "ru"
    await stage.start()
    owner = await stage.person()
    stage.claude.faults.add(UNAUTHORIZED, times=None)
    await owner.ask("привет", "не принял мой ключ")


async def test_a_second_daemon_on_the_same_folder_is_refused(stage: Stage) -> None:
    first = await stage.start()
    second = await stage.start(wait=False)
    assert await second.wait() == 2
    assert "running already" in second.log
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    assert await first.stop() == 0


async def test_a_second_daemon_on_the_same_sign_in_is_refused(stage: Stage) -> None:
    first = await stage.start()
    stage.extra |= {
        "DATA_DIR": str(stage.root / "other"),
        "TG_SESSION_PATH": str(stage.data_dir / "telethon.session"),
        "LANGUAGE": "ru",
    }
    second = await stage.start(wait=False)
    assert await second.wait() == 2
    assert "другой Jobs" in second.log
    assert "Traceback" not in second.log
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    assert await first.stop() == 0
    third = await stage.start()
    assert await third.stop() == 0


async def test_a_revoked_sign_in_ends_the_program_with_a_sentence(stage: Stage) -> None:
    daemon = await stage.start()
    stage.world.sign_out_everywhere(stage.assistant)
    stage.telegram.drop_connections(stage.assistant.id)
    assert await daemon.wait() != 0
    assert "run jobs setup" in daemon.log
    assert "Traceback" not in daemon.log


async def test_no_secret_is_logged_or_shown_to_the_model(stage: Stage) -> None:
    stage.extra["LOG_LEVEL"] = "DEBUG"
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    for secret in (stage.environment()["ANTHROPIC_API_KEY"], stage.environment()["TG_API_HASH"]):
        assert secret not in daemon.log
        assert secret not in json.dumps([r.body.decode() for r in stage.claude.requests.model])


async def test_a_shell_command_works_as_written_and_does_not_find_the_key(stage: Stage) -> None:
    command = "cat <<'END'\nit's \"quoted\" $HOME\nEND\nenv | grep -c -e ANTHROPIC_API_KEY -e OAUTH; false || echo last"
    stage.claude.script = Rules().on_text("go", call("Bash", command=command)).on_result("last", "Done.")
    await stage.start()
    owner = await stage.person()
    await owner.ask("go", "Done.")
    [result] = stage.claude.requests.model[-1].tool_results
    assert result.plain.splitlines()[:3] == ['it\'s "quoted" $HOME', "0", "last"]
