"""HTTP to servers that nobody has approved yet: an answer has an end, whatever they would like."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import cast

import httpx2

from jobs.mcp_manager.budget import Budget


class FarTooMuch(httpx2.TransportError):
    """The server says more than anybody would need."""


def bounded_client(
    headers: Mapping[str, str] | None = None,
    timeout: httpx2.Timeout | float | None = None,
    auth: httpx2.Auth | None = None,
) -> httpx2.AsyncClient:
    """A client whose requests fail with FarTooMuch when their answers, taken together, are more than a `Budget`."""
    plain = {"accept-encoding": "identity", **(headers or {})}  # a few packed bytes may stand for gigabytes
    hooks = {"response": [_Counting(Budget()).counts]}
    return httpx2.AsyncClient(headers=plain, timeout=timeout, auth=auth, event_hooks=hooks)


class _Counting:
    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    async def counts(self, answer: httpx2.Response) -> None:
        """Before anything of an answer is read."""
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise FarTooMuch("It packs what it says, though it was asked not to.")
        answer.stream = _Counted(cast("httpx2.AsyncByteStream", answer.stream), self._budget)


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, budget: Budget) -> None:
        self._stream, self._budget = stream, budget

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            if not self._budget.spend(piece):
                raise FarTooMuch("It says far too much.")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
