"""How much somebody unknown may say to us: no more than can be read without making others wait."""

from __future__ import annotations

MOST_BYTES = 512 * 1024
MOST_VALUES = 10_000
"""Of JSON. It is what takes the time: so many are read within 40 ms, be they well formed or not, and 200 tools have
about half of them."""


class Budget:
    """Of all that one server or registry says while it is asked once."""

    def __init__(self, size: int = MOST_BYTES, values: int = MOST_VALUES) -> None:
        self._bytes, self._values = size, values

    def spend(self, piece: bytes) -> bool:
        """Whether this may be read as well."""
        self._bytes -= len(piece)
        if self._bytes >= 0:  # else it may be long
            self._values -= piece.count(b"{") + piece.count(b"[") + piece.count(b",")
        return self._bytes >= 0 and self._values >= 0
