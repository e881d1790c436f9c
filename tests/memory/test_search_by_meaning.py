"""Vectors: made in the background, of one model at a time, again when they have to be; and what happens without."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from memory_desk import Desk, paths, until

from jobs.core.settings import Settings
from jobs.core.words import memory as words
from jobs.memory.embeddings import make_embedder
from jobs.memory.embeddings_local import LocalEmbedder
from jobs.memory.search import MemoryIndex
from jobs.sandbox.claude import DropBeforeHeaders, NeverAnswer, Refuse, rate_limited
from jobs.sandbox.openai import API_KEY, OpenAIServer


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server


def settings(openai: OpenAIServer, desk: Desk, **more: str) -> Settings:
    values = {"OPENAI_API_KEY": API_KEY, "OPENAI_BASE_URL": openai.base_url, **more}
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        openai_api_key=values["OPENAI_API_KEY"] or None,
        openai_base_url=values["OPENAI_BASE_URL"],
        embeddings=values.get("EMBEDDINGS", "auto"),
        data_dir=desk.data,
    )


def remote(openai: OpenAIServer, desk: Desk, **more: str) -> MemoryIndex:
    return desk.index(make_embedder(settings(openai, desk, **more)))


def passages(openai: OpenAIServer) -> list[str]:
    """What was embedded of notes, in order."""
    return [text for request in openai.requests if not request.refused for text in request.texts if "#" in text]


async def test_a_note_is_found_by_its_meaning_in_the_other_language(desk: Desk, local: LocalEmbedder) -> None:
    desk.write("memory/a.md", "Взяли напрокат лодку на озере.")
    desk.write("memory/b.md", "Сантехник приедет в среду.")
    async with desk.index(local).running() as index:
        await index.embedded()
        assert paths(await index.search("renting a boat"))[0] == "memory/a.md"
        assert paths(await index.search("someone will fix the pipes"))[0] == "memory/b.md"


async def test_a_new_line_embeds_one_chunk(desk: Desk, openai: OpenAIServer) -> None:
    sections = "\n".join(f"## Part {number}\n" + f"fact {number}\n" * 100 for number in range(10))
    path = desk.write("memory/long.md", "# All\n" + sections)
    async with remote(openai, desk).running() as index:
        await index.embedded()
        before = len(passages(openai))
        assert before >= 10
        path.write_text(path.read_text().replace("## Part 5\n", "## Part 5\na new line\n"))
        await index.embedded()
        changed = passages(openai)[before:]
        assert 1 <= len(changed) <= 2
        assert all("Part 5" in text for text in changed)
        path.write_text(path.read_text() + "appended\n")
        await index.embedded()
        assert len(passages(openai)) == before + len(changed) + 1


async def test_a_restart_and_a_moved_note_embed_nothing(desk: Desk, openai: OpenAIServer) -> None:
    path = desk.write("memory/a.md", "# One\na fact")
    async with remote(openai, desk).running() as index:
        await index.embedded()
        path.rename(desk.workspace / "memory" / "b.md")
        await index.embedded()
    async with remote(openai, desk).running() as index:
        await index.embedded()
        assert paths(await index.search("fact")) == ["memory/b.md"]
    assert len(passages(openai)) == 1


async def test_another_model_makes_every_vector_anew_and_nothing_mixes(
    desk: Desk, openai: OpenAIServer, local: LocalEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for number in range(25):
        desk.write(f"memory/{number}.md", f"# Giraffe {number}\nis called number{number}")
    async with desk.index(local).running() as index:
        await index.embedded()
    async with remote(openai, desk).running() as index:
        [hit, *_] = await index.search("number17")  # by words, while vectors are made
        assert hit.path == "memory/17.md"
        await index.embedded()
        openai.synonyms["zhira"] = "giraf"
        assert await index.search("zhiraffe")
    assert "Embedded 25 of 25 chunks" in caplog.text
    assert len(passages(openai)) == 25


@pytest.mark.parametrize(
    "fault", [Refuse(401, "invalid_request_error", "no"), rate_limited(1), Refuse(500, "x", "y"), DropBeforeHeaders()]
)
async def test_a_query_that_cannot_be_embedded_is_searched_for_by_words(
    desk: Desk, openai: OpenAIServer, fault: Refuse | DropBeforeHeaders
) -> None:
    desk.write("memory/a.md", "# One\na giraffe")
    async with remote(openai, desk).running() as index:
        await index.embedded()
        openai.fail(fault, times=None)
        assert paths(await index.search("giraffe")) == ["memory/a.md"]
        openai.fail(None, times=None)


async def test_a_query_whose_vector_does_not_come_is_searched_for_by_words(
    desk: Desk, openai: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.memory.search.WAIT_FOR_MEANING", 0.2)
    desk.write("memory/a.md", "# One\na giraffe")
    openai.fail(NeverAnswer(), times=None)
    assert paths(await remote(openai, desk).search("giraffe")) == ["memory/a.md"]


async def test_notes_that_cannot_be_embedded_are_tried_again_and_lasting_trouble_is_said(
    desk: Desk, openai: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.memory.embedding.PAUSES", (0.05, 0.1))
    desk.write("memory/a.md", "# One\na giraffe")
    openai.fail(Refuse(401, "invalid_request_error", "Incorrect API key"), times=1)
    async with remote(openai, desk).running() as index:
        await index.refresh()
        await openai.wait_for(lambda request: request.refused)
        await until(lambda: bool(desk.told))
        assert "401" in index.trouble
        await openai.wait_for(lambda request: not request.refused)
        await index.embedded()
        assert not index.trouble
    assert desk.told == [words.BY_WORDS_ALONE]


async def test_vectors_of_another_size_are_refused(desk: Desk, openai: OpenAIServer) -> None:
    openai.dimension = 768
    desk.write("memory/a.md", "# One\na giraffe")
    async with remote(openai, desk).running() as index:
        await index.refresh()
        await until(lambda: "another size" in index.trouble)
        assert paths(await index.search("giraffe")) == ["memory/a.md"]


@pytest.mark.parametrize(
    ("embeddings", "key", "kind"),
    [
        ("auto", API_KEY, "OpenAIEmbedder"), ("auto", "", "LocalEmbedder"), ("local", API_KEY, "LocalEmbedder"),
        ("openai", API_KEY, "OpenAIEmbedder"), ("none", API_KEY, "NoneType"),
    ],
)  # fmt: skip
async def test_the_setting_chooses(desk: Desk, openai: OpenAIServer, embeddings: str, key: str, kind: str) -> None:
    embedder = make_embedder(settings(openai, desk, EMBEDDINGS=embeddings, OPENAI_API_KEY=key))
    assert type(embedder).__name__ == kind


async def test_an_edit_is_noticed_and_embedded_without_a_search(desk: Desk, openai: OpenAIServer) -> None:
    async with remote(openai, desk).running():
        desk.write("MEMORY.md", "# One\nfirst")
        await openai.wait_for(lambda request: "first" in request.texts[0])
        temporary = desk.write("memory/.a.md.tmp", "# Two\nsecond")
        temporary.replace(desk.workspace / "memory" / "a.md")
        await openai.wait_for(lambda request: "second" in request.texts[0])
        desk.write("memory/deep/er/b.md", "# Three\nthird")
        await openai.wait_for(lambda request: "third" in request.texts[0])


async def test_what_was_loaded_is_given_back_when_idle(desk: Desk, local: LocalEmbedder) -> None:
    desk.write("MEMORY.md", "a giraffe")
    async with desk.index(local, idle_seconds=0.1).running() as index:
        await index.embedded()
        assert await index.search("animal with a long neck")
        await until(lambda: local._loaded is None)
        async with asyncio.timeout(60):
            while not await index.search("animal with a long neck"):  # to load may take longer than a search waits
                pass


def test_nothing_heavy_is_loaded_before_there_are_notes(tmp_path: Path) -> None:
    code = (
        "import sys, jobs.catalog, jobs.app, jobs.memory.search\n"
        "heavy = {'apsw', 'numpy', 'onnxruntime', 'sentencepiece', 'snowballstemmer'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


async def test_a_note_that_is_refused_keeps_no_other_from_its_vector(desk: Desk, openai: OpenAIServer) -> None:
    openai.refused_words = {"poison"}
    openai.synonyms["zhira"] = "giraf"
    for number in range(5):
        desk.write(f"memory/{number}.md", f"note {number} of a {'poison' if number == 2 else 'giraffe'}")
    async with remote(openai, desk).running() as index:
        await index.embedded()
        assert len(await index.search("zhiraffe")) == 4
        assert paths(await index.search("poison")) == ["memory/2.md"]
        asked = len(openai.requests)
        desk.write("memory/5.md", "a walrus")
        await index.embedded()
        assert openai.requests[-1].texts == ("a walrus",)
        assert len(openai.requests) == asked + 1, "what was refused is not tried with each of the next"


@pytest.mark.parametrize("after", ["nan", "inf", "-inf", "soon"])
async def test_a_server_that_names_no_time_to_wait_is_asked_again(
    desk: Desk, openai: OpenAIServer, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    monkeypatch.setattr("jobs.memory.embedding.PAUSES", (0.05, 0.1))
    desk.write("memory/a.md", "a giraffe")
    openai.fail(Refuse(429, "rate_limit_error", "slow down", retry_after=after), times=1)  # type: ignore[arg-type]
    async with remote(openai, desk).running() as index:
        await index.embedded()
    assert [request.refused for request in openai.requests] == [True, False]
