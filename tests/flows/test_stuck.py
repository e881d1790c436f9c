"""What hangs must not keep the owner's word waiting, nor outlive the program."""

import asyncio

from processes import command_pid, ended

from jobs.sandbox.claude import Rules, call, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import Delay

WORK = call("Bash", command="echo $$ > pid; exec sleep 600")


async def test_stop_ends_the_work_at_once_though_telegram_keeps_every_edit_waiting(stage: Stage) -> None:
    stage.claude.script = Rules().on_text("work", WORK)
    await stage.start()
    owner = await stage.person()
    release = asyncio.Event()
    stuck = stage.telegram.faults.add(Delay(release), "messages.sendMessage", user_id=stage.assistant.id, times=None)
    await owner.send("work")
    pid = await command_pid(stage)
    await stuck.struck()
    await owner.send("/stop")
    await ended(pid, timeout=20)
    release.set()
    await owner.wait_for_text("Stopped")


async def test_stop_is_heard_while_a_claude_process_hangs_at_its_start(stage: Stage) -> None:
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    await stage.nothing_waits()
    launcher = stage.data_dir / "claude"
    working = launcher.read_text()
    launcher.write_text('#!/bin/sh\necho $$ > "$JOBS_CLAUDE_PID_FILE"\necho $$ > pid\nexec sleep 600\n')
    daemon.kill_claude()
    await owner.send("work")
    pid = await command_pid(stage)
    await owner.send("/stop")
    await owner.wait_for_text("Stopped: “work”", timeout=45)  # the SDK itself would wait for 60
    await ended(pid, timeout=30)
    launcher.write_text(working)
    await owner.send("still there?")
    await owner.wait_for(lambda seen: [s.text for s in seen].count("Fine.") == 2)
    assert "work" not in stage.claude.requests.model[-1].prompt


async def test_stop_is_heard_behind_a_reply_whose_original_telegram_does_not_show(stage: Stage) -> None:
    stage.claude.script = Rules().on_text("work", WORK).on(lambda _: True, "Fine.")
    await stage.start()
    owner = await stage.person()
    answer = await owner.ask("hi", "Fine.")
    await owner.send("work")
    pid = await command_pid(stage)
    release = asyncio.Event()
    stuck = stage.telegram.faults.add(Delay(release), "messages.getMessages", user_id=stage.assistant.id, times=None)
    await owner.send("what do you mean?", reply_to=answer.id)
    await stuck.struck()
    await owner.send("/stop")
    await ended(pid, timeout=30)
    release.set()


async def test_a_photo_that_never_arrives_does_not_end_the_conversation(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    release = asyncio.Event()
    stage.telegram.faults.add(Delay(release), "upload.getFile", user_id=stage.assistant.id, times=None)
    await owner.send_file(PNG, "dot.png", caption="what is this?")
    await owner.wait_for_text("Fine.")
    release.set()
    assert "[The picture could not be loaded from Telegram.]" in stage.claude.requests.model[-1].texts


async def test_stop_is_heard_while_the_photos_of_an_album_do_not_arrive(stage: Stage) -> None:
    await stage.start()
    owner = await stage.person()
    release = asyncio.Event()
    stuck = stage.telegram.faults.add(Delay(release), "upload.getFile", user_id=stage.assistant.id, times=None)
    await owner.send_file([PNG] * 3, ["0.png", "1.png", "2.png"], caption=["what is this?", "", ""])
    await stuck.struck()
    await owner.send("/stop")
    await owner.wait_for_text("Stopped: “what is this?”", timeout=15)  # each photo may take 20
    release.set()
    await owner.ask("hi", "Fine.")
    assert "what is this?" not in stage.claude.requests.model[-1].all_texts


async def test_the_commands_of_a_killed_run_do_not_go_on_beside_the_next(stage: Stage) -> None:
    stage.claude.script = Rules().on_text("work", WORK)
    first = await stage.start()
    owner = await stage.person()
    await owner.send("work")
    pid = await command_pid(stage)
    await first.kill()
    stage.claude.script = lambda _: say("Fine.")
    await stage.start()
    await ended(pid, timeout=30)
    await owner.wait_for_text("Fine.")


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)
