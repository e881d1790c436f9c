"""Embeddings on this machine: multilingual-e5-small in 8 bits, without a key, a network or a download."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import numpy as np
import regex

from jobs.memory import model_file
from jobs.memory.analysis import normal
from jobs.memory.centre_sentences import SENTENCES
from jobs.memory.embeddings import EmbeddingsFailed, Kind
from jobs.memory.model_file import Floats, Pack
from jobs.memory.model_graph import VERSION, onnx_model, sentencepiece_model

log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")

MODEL = f"multilingual-e5-small/{VERSION}/384"
_LONGEST = 4_000
"""Characters, after normalizing: more than 512 tokens of any text that is written by people."""
_GRAPH, _PIECES, _CENTRES = "e5-small.onnx", "e5-small.spm", "e5-small.npy"
_MANIFEST = "e5-small.json"
BUILT = Path(sys.prefix, "models")
"""Where `python -m jobs.memory.embeddings_local` makes the model for everybody who uses this installation."""
_SPACES = regex.compile(r"\s+")
_LETTER, _CYRILLIC = regex.compile(r"\p{L}"), regex.compile(r"\p{Cyrillic}")
_KINDS: tuple[Kind, Kind] = ("query", "passage")
_LANGUAGES = ("en", "ru")


class _Session(Protocol):
    def run(self, output_names: Sequence[str] | None, input_feed: dict[str, Floats]) -> Sequence[Floats]: ...


class _Cutter(Protocol):
    def encode(self, text: str) -> list[int]: ...


class Model:
    """The loaded model. Belongs to one thread. Raises EmbeddingsFailed when it cannot be loaded."""

    def __init__(self, folder: Path) -> None:
        source = model_file.find()
        model_file.verify(source)
        self._pack = Pack(source)
        self._places = self._pack.floats("emb.pos").reshape(-1, self._pack.hidden)
        self._kind = self._pack.floats("emb.type")[: self._pack.hidden]
        try:
            if made := not _is_made(folder):
                _make(folder, self._pack)
            self._session, self._cutter = _session(folder / _GRAPH), _cutter(folder / _PIECES)
            if made:
                self._finish(folder)
            self._centres: Floats = np.load(folder / _CENTRES, allow_pickle=False)
        except OSError as error:
            raise EmbeddingsFailed(f"the model cannot be kept in {folder}: {error.strerror or error}") from error
        except (ImportError, RuntimeError, ValueError) as error:
            raise EmbeddingsFailed(f"the model cannot be loaded: {error}", lasting=True) from error

    def embed(self, text: str, kind: Kind) -> Floats:
        """The vector of any text, of length 1, without what all texts of its language have in common.

        With it, notes in the language of the query come before all others.
        """
        letters = len(_LETTER.findall(text)) or 1
        russian = len(_CYRILLIC.findall(text)) / letters
        english_centre, russian_centre = self._centres[_KINDS.index(kind)]
        vector = self.raw(text, kind) - (1 - russian) * english_centre - russian * russian_centre
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def raw(self, text: str, kind: Kind) -> Floats:
        """The vector as the model has it, of length 1."""
        ids = self.tokens(f"{kind}: {text}")
        pieces = self._pack.rows("emb.word", ids) + self._places[: len(ids)] + self._kind
        (vector,) = self._session.run(None, {"pieces": pieces})
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def _finish(self, folder: Path) -> None:
        centres = [
            [np.mean([self.raw(text, kind) for text in SENTENCES[kind, language]], axis=0) for language in _LANGUAGES]
            for kind in _KINDS
        ]
        buffer = io.BytesIO()
        np.save(buffer, np.array(centres, np.float32))
        _write(folder / _CENTRES, buffer.getvalue())
        _write(folder / _MANIFEST, json.dumps(_described(folder)).encode())
        log.info("The model for search is ready")

    def tokens(self, text: str) -> list[int]:
        """The ids of a text's pieces, 512 at most."""
        clean = normal(text, _LONGEST).encode("utf-8", "ignore").decode()
        clean = _SPACES.sub(" ", clean.translate(self._pack.replacements)[:_LONGEST]).replace("\0", " ")
        pieces = self._cutter.encode(clean)[: self._pack.longest - 2]
        return [self._pack.begin, *pieces, self._pack.end]


class LocalEmbedder:
    """Implements `memory.embeddings.Embedder`, in a thread of its own; loads at the first call."""

    model = MODEL
    at_once = 1

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: Model | None = None
        self._failure: EmbeddingsFailed | None = None
        self._thread = ThreadPoolExecutor(1, "embeddings")

    async def embed(self, texts: Sequence[str], kind: Kind) -> Sequence[Floats]:
        """See the port."""
        # One at a time: a query waits for one passage at most.
        return [await self._in_thread(self._embed, text, kind) for text in texts]

    async def release(self) -> None:
        """See the port."""
        if self._loaded is not None:
            await self._in_thread(self._release)

    async def close(self) -> None:
        """See the port."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._loaded = None

    async def _in_thread(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **kwargs))

    def _embed(self, text: str, kind: Kind) -> Floats:
        if self._failure is not None:
            raise self._failure
        if self._loaded is None:
            try:
                self._loaded = Model(self._folder)
            except EmbeddingsFailed as error:
                self._failure = error if error.lasting else None
                raise
        return self._loaded.embed(text[:_LONGEST], kind)

    def _release(self) -> None:
        self._loaded = None


def place(own: Path, built: Path = BUILT) -> Path:
    """Where the model is: with the installation, if it was made there, else in the folder `own`, made at first use."""
    return built if (built / _MANIFEST).exists() else own


def check(folder: Path) -> bool:
    """Whether the model was made. Raises EmbeddingsFailed when what it is made of, or made with, is missing."""
    model_file.verify(model_file.find())
    for library in ("onnxruntime", "sentencepiece"):
        if find_spec(library) is None:
            raise EmbeddingsFailed(f"the package {library} is not installed", lasting=True)
    return (folder / _MANIFEST).exists()


def _is_made(folder: Path) -> bool:
    """Whether the files are there, and are those that were written."""
    try:
        manifest = cast("dict[str, object]", json.loads((folder / _MANIFEST).read_bytes()))
        return manifest == _described(folder)
    except (OSError, ValueError):
        return False


def _described(folder: Path) -> dict[str, object]:
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (_GRAPH, _PIECES, _CENTRES)}
    return {"source": model_file.SHA256, "version": VERSION, **files}


def _make(folder: Path, pack: Pack) -> None:
    log.info("Preparing the model for search in %s (once; a few seconds)…", folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / _MANIFEST).unlink(missing_ok=True)
    _write(folder / _GRAPH, onnx_model(pack))
    _write(folder / _PIECES, sentencepiece_model(pack))


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, whatever happens meanwhile."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _session(path: Path) -> _Session:
    import onnxruntime  # noqa: PLC0415 - 30 MB, needed in this thread alone

    # The library's types are incomplete.
    options = cast("Any", onnxruntime.SessionOptions())  # pyright: ignore[reportUnknownMemberType]
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # What is kept for the longest text would be kept for ever.
    options.enable_cpu_mem_arena = False
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # what the library raises has no common ancestor
        raise RuntimeError(str(error)) from error
    return cast("_Session", session)


def _cutter(path: Path) -> _Cutter:
    import sentencepiece  # noqa: PLC0415 - needed in this thread alone

    return cast("_Cutter", sentencepiece.SentencePieceProcessor(model_file=str(path)))


if __name__ == "__main__":
    Model(BUILT)
