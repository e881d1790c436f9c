"""What the owner's and the errands' sessions do to find notes again."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from jobs.core.i18n import Words
from jobs.memory.search import Hit, MemoryIndex
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, tool

_LONGEST_HIT = 4_000
"""Characters; a chunk has some 1,500, a line without a space may have more."""


class MemorySearch(BaseModel):
    """Parameters of memory_search."""

    query: str = Field(
        description="What to find, in the words that the note may have: names, numbers and codes as they are",
        min_length=1,
        max_length=2000,
    )
    query_translated: str = Field(
        default="",
        description="The same in the other language of the notes: in English when query is Russian, else in Russian",
        max_length=2000,
    )
    limit: int = Field(default=8, description="How many hits", ge=1, le=30)
    since: date | None = Field(
        default=None, description="YYYY-MM-DD: leave out the logs of earlier days; lasting notes stay in"
    )


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.READ,
    status=Words(en="🔍 looking through memory: {query}", ru="🔍 ищу в памяти: {query}"),
    always_loaded=True,
)
async def memory_search(ctx: ToolContext, params: MemorySearch) -> str:
    """Search the notes (MEMORY.md and memory/) by meaning and by words. Give the query in both languages.

    Use it before you say that you do not know something about the owner, their people or their past. The first hit
    need not be the answer: read it, and search again in other words when it is not.
    """
    index = ctx.use(MemoryIndex)
    hits = await index.search(params.query, translated=params.query_translated, limit=params.limit, since=params.since)
    notes = [f"({name} is not searched: {why}.)" for name, why in sorted(index.problems.items())]
    if index.behind:
        notes.append(
            f"(What was noted last may not be found: {index.behind}. Read the file itself, and tell the owner.)"
        )
    if index.trouble:
        notes.append(f"(Found by words alone: {index.trouble}. Try other words too.)")
    if not hits:
        return "\n".join(["Nothing was found.", *notes])
    return "\n\n".join([*map(_shown, hits), *notes])


class MemoryReindex(BaseModel):
    """memory_reindex has no parameters."""


@tool(
    Role.OWNER,
    effect=Effect.READ,
    status=Words(en="🔍 indexing the notes anew", ru="🔍 заново индексирую заметки"),
)
async def memory_reindex(ctx: ToolContext, _: MemoryReindex) -> str:
    """Make the index of the notes anew, when memory_search misses what is plainly there; edits are seen without it."""
    await ctx.use(MemoryIndex).reindex()
    return "The index was made anew. Search by words has everything; by meaning it follows in the background."


def _shown(hit: Hit) -> str:
    lines = f"{hit.first_line}-{hit.last_line}" if hit.last_line > hit.first_line else f"{hit.first_line}"
    heading = " › ".join(filter(None, hit.heading))
    day = f", {hit.date.isoformat()}" if hit.date is not None else ""
    text = hit.text if len(hit.text) <= _LONGEST_HIT else hit.text[:_LONGEST_HIT] + "…"
    return f"[{hit.path}:{lines}{day}, score {hit.score:.2f}]{' ' + heading if heading else ''}\n{text}"


TOOLS = (memory_search, memory_reindex)
