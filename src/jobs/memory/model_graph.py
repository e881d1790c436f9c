"""The model as an ONNX graph with 8-bit weights, and its pieces as a SentencePiece model: written once, without onnx.

Both formats are Protocol Buffers, of which only lengths, numbers and bytes are needed here.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jobs.memory.model_file import Floats, Pack

VERSION = 1
"""Another one makes the files anew, and with them every vector."""

_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int8): 3, np.dtype(np.int64): 7}
_MICROSOFT = "com.microsoft"
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3
_UNIGRAM = 1


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, data: bytes | str) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _varint(value: int) -> bytes:
    found = bytearray()
    value &= (1 << 64) - 1
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes((*found, value))


def sentencepiece_model(pack: Pack) -> bytes:
    """What `sentencepiece` loads: 60 MB in memory, where `tokenizers` takes 300."""
    special = {pack.begin, pack.end, pack.padding}
    pieces = bytearray()
    for number, (text, score) in enumerate(pack.pieces()):
        kind = _UNKNOWN if number == pack.unknown else _CONTROL if number in special else _NORMAL
        pieces += _bytes(1, _bytes(1, text) + _float(2, score) + _number(3, kind))
    ids = (pack.unknown, pack.begin, pack.end, pack.padding)
    trainer = _number(3, _UNIGRAM) + b"".join(_number(40 + place, number) for place, number in enumerate(ids))
    normalizer = _bytes(1, "identity") + b"".join(_number(field, 1) for field in (3, 4, 5))
    return bytes(pieces) + _bytes(2, trainer) + _bytes(3, normalizer)


def onnx_model(pack: Pack) -> bytes:
    """From the sum of the embeddings of pieces and places, [T, hidden], to one vector of a text."""
    graph = _Graph()
    layer = _Layers(pack, graph)
    state = graph.add("LayerNormalization", ["pieces", *layer.norm("emb.ln")], ("axis", -1), ("epsilon", pack.epsilon))
    for number in range(pack.layers):
        state = layer.add(number, state)
    graph.add("ReduceMean", [state, graph.constant(np.array([0], np.int64))], ("keepdims", 0), output="vector")
    sizes = _bytes(1, _bytes(2, "T")) + _bytes(1, _number(1, pack.hidden))
    body = graph.encoded(
        _described("pieces", sizes), _described("vector", _bytes(1, _number(1, pack.hidden)))
    )  # fmt: skip
    domains = _bytes(8, _bytes(1, "") + _number(2, 18)) + _bytes(8, _bytes(1, _MICROSOFT) + _number(2, 1))
    return _number(1, 9) + _bytes(2, "jobs") + _bytes(7, body) + domains


def _described(name: str, shape: bytes) -> bytes:
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, 1) + _bytes(2, shape)))


class _Graph:
    """Nodes and constants, in order."""

    def __init__(self) -> None:
        self._nodes = bytearray()
        self._constants = bytearray()
        self._count = 0

    def constant(self, values: NDArray[np.float32] | NDArray[np.int8] | NDArray[np.int64]) -> str:
        """Keep an array; returns its name."""
        name = self._name("c")
        dims = b"".join(_number(1, size) for size in values.shape)
        data = np.ascontiguousarray(values).tobytes()
        kind = _TYPES[values.dtype]  # pyright: ignore[reportArgumentType]
        self._constants += _bytes(5, dims + _number(2, kind) + _bytes(8, name) + _bytes(9, data))
        return name

    def add(
        self,
        kind: str,
        inputs: Sequence[str],
        *attributes: tuple[str, int | float | Sequence[int]],
        domain: str = "",
        output: str = "",
    ) -> str:
        """Add a node; returns the name of its output."""
        output = output or self._name("v")
        node = b"".join(_bytes(1, name) for name in inputs) + _bytes(2, output) + _bytes(4, kind)
        node += b"".join(_bytes(5, _attribute(*attribute)) for attribute in attributes) + _bytes(7, domain)
        self._nodes += _bytes(1, node)
        return output

    def encoded(self, given: bytes, wanted: bytes) -> bytes:
        """The GraphProto."""
        return bytes(self._nodes) + _bytes(2, "e5") + bytes(self._constants) + _bytes(11, given) + _bytes(12, wanted)

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"


def _attribute(name: str, value: int | float | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _bytes(1, name) + _number(3, value) + _number(20, 2)
    if isinstance(value, float):
        return _bytes(1, name) + _float(2, value) + _number(20, 1)
    return _bytes(1, name) + b"".join(_number(8, one) for one in value) + _number(20, 7)


class _Layers:
    """One transformer layer after the other."""

    def __init__(self, pack: Pack, graph: _Graph) -> None:
        self._pack, self._graph = pack, graph
        self._apart = graph.constant(np.array([0, pack.heads, pack.hidden // pack.heads], np.int64))
        self._together = graph.constant(np.array([0, pack.hidden], np.int64))
        self._scale = graph.constant(np.array((pack.hidden / pack.heads) ** -0.5, np.float32))

    def norm(self, name: str) -> list[str]:
        """The constants of a layer normalization."""
        return [self._graph.constant(self._pack.floats(f"{name}.{part}")) for part in ("w", "b")]

    def add(self, number: int, state: str) -> str:
        """Attention, then two dense layers, each added to what came in."""
        graph, pack, name = self._graph, self._pack, f"l{number}"
        turned = (("q", [1, 0, 2]), ("k", [1, 2, 0]), ("v", [1, 0, 2]))
        query, key, value = (
            graph.add(
                "Transpose",
                [graph.add("Reshape", [self._dense(state, f"{name}.{part}", pack.hidden), self._apart])],
                ("perm", order),
            )
            for part, order in turned
        )
        scores = graph.add("Mul", [graph.add("MatMul", [query, key]), self._scale])
        seen = graph.add("MatMul", [graph.add("Softmax", [scores], ("axis", -1)), value])
        seen = graph.add("Reshape", [graph.add("Transpose", [seen], ("perm", [1, 0, 2])), self._together])
        state = self._added(state, self._dense(seen, f"{name}.ao", pack.hidden), f"{name}.aln")
        inner = graph.add("Gelu", [self._dense(state, f"{name}.fi", pack.hidden)], domain=_MICROSOFT)
        return self._added(state, self._dense(inner, f"{name}.fo", pack.inner), f"{name}.oln")

    def _added(self, state: str, change: str, norm: str) -> str:
        total = self._graph.add("Add", [state, change])
        epsilon = ("epsilon", self._pack.epsilon)
        return self._graph.add("LayerNormalization", [total, *self.norm(norm)], ("axis", -1), epsilon)

    def _dense(self, state: str, name: str, width: int) -> str:
        weights: Floats = self._pack.weights(f"{name}.w", width).T
        scales: Floats = (np.abs(weights).max(axis=0) / 127).astype(np.float32)
        graph = self._graph
        inputs = [
            state,
            graph.constant(np.rint(weights / scales).astype(np.int8)),  # 127 at most, as the scales are
            graph.constant(scales),
            graph.constant(np.zeros(len(scales), np.int8)),
            graph.constant(self._pack.floats(f"{name}.b")),
        ]
        return self._graph.add("DynamicQuantizeMatMul", inputs, domain=_MICROSOFT)
