"""What the model reads of a search."""

from __future__ import annotations

import pytest
from memory_desk import Desk

from jobs.core.errors import ToolRetry
from jobs.core.journal import Journal
from jobs.memory.search import MemoryIndex
from jobs.memory.search_tools import memory_reindex, memory_search
from jobs.tools.execution import ToolRunner
from jobs.tools.roles import Role
from jobs.tools.spec import Services, ToolContext, ToolSpec


class Caller:
    def __init__(self, journal: Journal, index: MemoryIndex) -> None:
        self._runner = ToolRunner(journal)
        self._services = Services()
        self._services.provide(MemoryIndex, index)

    async def __call__(self, spec: ToolSpec, **arguments: object) -> str:
        return await self._runner.run(spec, ToolContext(Role.OWNER, "owner", "call", self._services), arguments)


@pytest.fixture
def call(desk: Desk, journal: Journal) -> Caller:
    return Caller(journal, desk.index())


async def test_a_hit_is_shown_with_file_lines_date_score_and_text(desk: Desk, call: Caller) -> None:
    desk.write("memory/2026-02-20.md", "# 2026-02-20\n\n## Boiler\nServiced, 310 euros.\n")
    answer = await call(memory_search, query="boiler")
    assert answer.startswith("[memory/2026-02-20.md:1-4, 2026-02-20, score ")
    assert "2026-02-20 › Boiler\n" in answer
    assert answer.endswith("Serviced, 310 euros.")


async def test_the_other_language_and_the_day_reach_the_search(desk: Desk, call: Caller) -> None:
    desk.write("memory/2026-01-20.md", "Купили велосипед.")
    desk.write("memory/2026-02-20.md", "Продали велосипед.")
    answer = await call(memory_search, query="bicycle", query_translated="велосипед", since="2026-02-01", limit=5)
    assert "Продали" in answer
    assert "Купили" not in answer


async def test_nothing_found_and_what_was_not_searched_are_said(desk: Desk, call: Caller) -> None:
    assert await call(memory_search, query="giraffe") == "Nothing was found."
    desk.write("MEMORY.md", "a walrus")
    (desk.workspace / "memory" / "old.md").write_bytes(b"\xff\xfe")
    answer = await call(memory_search, query="giraffe")
    assert answer == "Nothing was found.\n(memory/old.md is not searched: it is no UTF-8 text.)"


async def test_a_day_that_is_none_is_mended_by_the_model(call: Caller) -> None:
    with pytest.raises(ToolRetry, match="since"):
        await call(memory_search, query="a", since="yesterday")


async def test_reindexing_is_said(desk: Desk, call: Caller) -> None:
    desk.write("MEMORY.md", "a walrus")
    assert "made anew" in await call(memory_reindex)
    assert "walrus" in await call(memory_search, query="walrus")


def test_errands_may_search_and_nothing_more() -> None:
    assert memory_search.roles == {Role.OWNER, Role.TASK}
    assert memory_reindex.roles == {Role.OWNER}
