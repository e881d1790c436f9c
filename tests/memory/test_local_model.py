"""The real model on this machine: what it makes of texts, of any text, and when it cannot be loaded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.memory import model_file
from jobs.memory.embeddings import EmbeddingsFailed
from jobs.memory.embeddings_local import LocalEmbedder, Model, place

_CACHE: dict[Path, Model] = {}


@pytest.fixture
def model(model_folder: Path) -> Model:
    if model_folder not in _CACHE:
        _CACHE[model_folder] = Model(model_folder)
    return _CACHE[model_folder]


async def test_a_question_is_nearest_to_its_answer_in_either_language(local: LocalEmbedder) -> None:
    notes = [
        "Приём у стоматолога во вторник в девять.",
        "The landlord still owes us the deposit.",
        "Купили ребёнку велосипед на день рождения.",
        "The boiler pressure must stay below two bar.",
    ]
    passages = np.array(await local.embed(notes, "passage"))
    questions = {
        "when do I see the dentist": 0, "когда мне к зубному": 0, "хозяин квартиры и залог": 1, "who owes me money": 1,
        "present for the child": 2, "давление в котле": 3,
    }  # fmt: skip
    for question, answer in questions.items():
        [vector] = await local.embed([question], "query")
        assert int(np.argmax(passages @ vector)) == answer, question


async def test_vectors_have_length_one_and_are_the_same_each_time(local: LocalEmbedder) -> None:
    one, again, other = await local.embed(["a fact", "a fact", "another"], "passage")
    assert one.shape == (384,)
    assert abs(float(np.linalg.norm(one)) - 1) < 1e-5
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=200))
def test_any_text_has_a_vector(model: Model, text: str) -> None:
    assert len(model.tokens(text)) <= 512
    assert np.isfinite(model.embed(text, "passage")).all()


@pytest.mark.parametrize("text", ["\ufdfa" * 1_000_000, "\0" * 10_000, "\ud800\udfff", "", "x" * 1_000_000, "é" * 9000])
async def test_hostile_texts_are_bounded(local: LocalEmbedder, text: str) -> None:
    [vector] = await local.embed([text], "passage")
    assert np.isfinite(vector).all()


def test_the_model_is_made_once_and_again_when_its_files_are_not_what_was_written(model_folder: Path) -> None:
    Model(model_folder)
    graph = model_folder / "e5-small.onnx"
    made = graph.stat().st_mtime_ns
    Model(model_folder)
    assert graph.stat().st_mtime_ns == made
    graph.write_bytes(graph.read_bytes()[:-1000])
    Model(model_folder)
    assert graph.stat().st_mtime_ns != made
    assert json.loads((model_folder / "e5-small.json").read_text())["source"] == model_file.SHA256
    assert {path.suffix for path in model_folder.iterdir()} == {".onnx", ".spm", ".npy", ".json"}


def test_a_pack_that_is_another_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pack.bin"
    path.write_bytes(b"E5S1 something else")
    with pytest.raises(EmbeddingsFailed, match="SHA-256") as raised:
        model_file.verify(path)
    assert raised.value.lasting


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    embedder = LocalEmbedder(tmp_path / "models")
    with pytest.raises(EmbeddingsFailed, match="cannot be kept"):
        await embedder.embed(["a"], "query")
    (tmp_path / "models").unlink()
    assert len(await embedder.embed(["a"], "query")) == 1  # it was not for ever
    await embedder.close()


def test_a_model_that_was_made_with_the_installation_is_used(model: Model, model_folder: Path, tmp_path: Path) -> None:
    assert place(tmp_path / "own", built=model_folder) == model_folder
    assert place(tmp_path / "own", built=tmp_path / "nowhere") == tmp_path / "own"


async def test_what_is_released_is_loaded_again(local: LocalEmbedder) -> None:
    [before] = await local.embed(["a"], "query")
    await local.release()
    [after] = await local.embed(["a"], "query")
    assert np.array_equal(before, after)
