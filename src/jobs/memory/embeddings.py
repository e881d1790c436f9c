"""What turns texts into vectors: of OpenAI, of a model on this machine, or nothing (search by words alone)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from jobs.core.errors import JobsError
from jobs.core.settings import Settings

if TYPE_CHECKING:
    from jobs.memory.vectors import Vector

Kind = Literal["query", "passage"]


class EmbeddingsFailed(JobsError):
    """Texts cannot be embedded now; `lasting` when that will not mend itself."""

    def __init__(self, message: str, *, lasting: bool = False, after: float = 0.0) -> None:
        super().__init__(message)
        self.lasting = lasting
        self.after = after
        """Seconds to wait at least before trying again."""


class TextRefused(EmbeddingsFailed):
    """Something is wrong with the texts, or with one of them: alone the others might be embedded."""


class Embedder(Protocol):
    """A model. What two of them make never mixes: `model` stands with every vector."""

    model: str
    at_once: int
    """How many passages it takes at once."""

    async def embed(self, texts: Sequence[str], kind: Kind) -> Sequence[Vector]:
        """Vectors of length 1, to be compared by their dot product. Raises EmbeddingsFailed."""
        ...

    async def release(self) -> None:
        """Give back what it holds in memory; the next call takes it again."""
        ...

    async def close(self) -> None:
        """Give back everything, for good."""
        ...


def make_embedder(settings: Settings) -> Embedder | None:
    """What EMBEDDINGS says, not loaded yet; None for words alone."""
    choice = chosen(settings)
    if choice == "openai":
        from jobs.memory.embeddings_openai import OpenAIEmbedder  # noqa: PLC0415 - only where it is used

        return OpenAIEmbedder(settings)
    if choice == "local":
        from jobs.memory import embeddings_local  # noqa: PLC0415 - numpy and all that

        return embeddings_local.LocalEmbedder(embeddings_local.place(settings.data_dir / "models"))
    return None


def check_local(settings: Settings) -> bool:
    """Whether the local model was made already and can be tried. Raises EmbeddingsFailed when it cannot be made."""
    from jobs.memory import embeddings_local  # noqa: PLC0415 - numpy and all that

    return embeddings_local.check(embeddings_local.place(settings.data_dir / "models"))


def chosen(settings: Settings) -> Literal["openai", "local", "none"]:
    """What EMBEDDINGS comes to: auto is OpenAI where a key is set, else local."""
    if settings.embeddings == "auto":
        return "openai" if settings.openai_api_key else "local"
    return settings.embeddings
