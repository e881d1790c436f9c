"""The daemon finds notes: after a restart, in another language, and while its index is being made."""

from __future__ import annotations

from jobs.sandbox.claude import Rules, call
from jobs.sandbox.openai import API_KEY
from jobs.sandbox.stage import Stage

SEARCH = "mcp__jobs__memory_search"


async def test_a_note_in_russian_answers_a_question_in_english_after_a_restart(stage: Stage) -> None:
    stage.extra["OPENAI_API_KEY"] = API_KEY
    stage.extra["EMBEDDINGS"] = "auto"
    stage.openai.synonyms["велос"] = "bicyc"
    stage.workspace.mkdir()
    daemon = await stage.start()
    (stage.workspace / "memory").mkdir()
    (stage.workspace / "memory" / "2026-02-20.md").write_text("# 2026-02-20\nКупили велосипед за 450 евро.\n")
    await stage.openai.wait_for(lambda request: "велосипед" in request.texts[0])
    await daemon.stop()
    stage.claude.script = (
        Rules()
        .on_text("how much", call(SEARCH, query="bicycle price", query_translated=""))
        .on_result("450 евро", "It was 450 euros.")
    )
    await stage.start()
    owner = await stage.person()
    await owner.ask("how much was the bicycle?", "It was 450 euros.")
    assert API_KEY not in stage.daemons[-1].log


async def test_without_a_model_notes_are_found_by_words(stage: Stage) -> None:
    (stage.workspace / "memory").mkdir(parents=True)
    (stage.workspace / "MEMORY.md").write_text("The gate code is 48213.\n")
    stage.claude.script = (
        Rules().on_text("gate", call(SEARCH, query="code of the gate")).on_result("48213", "It is 48213.")
    )
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("what is the gate code?", "It is 48213.")
    assert await daemon.stop() == 0


async def test_a_damaged_index_is_said_in_the_chat_once(stage: Stage) -> None:
    stage.workspace.mkdir()
    (stage.workspace / "MEMORY.md").write_text("The gate code is 48213.\n")
    stage.data_dir.mkdir()
    (stage.data_dir / "memory.sqlite").write_bytes(b"no database " * 1000)
    await stage.start()
    owner = await stage.person()
    await owner.send("hi")  # nobody is written to who never wrote
    await owner.wait_for_text("I have made it anew")
