"""Tools to test with, and the session that calls them."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel, Field

from jobs.core.errors import ToolFailed
from jobs.core.i18n import Words
from jobs.core.journal import Journal
from jobs.core.rich_text import RichText
from jobs.tools.execution import ToolRunner
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import Services, ToolContext, ToolSpec, tool

CHAT = 77
STATUS = Words(en="greeting {whom}", ru="здороваюсь: {whom}")


class Greet(BaseModel):
    """Parameters of the tools here."""

    whom: str = Field(description="Whom to greet", min_length=1)
    times: int = Field(description="How often", default=1)


@dataclass
class World:
    """What the tools change: the collaborator behind a port."""

    greeted: list[str] = field(default_factory=list)
    failure: BaseException | None = None
    """Raised by a tool after it took effect."""

    def greet(self, whom: str) -> int:
        self.greeted.append(whom)
        if self.failure is not None:
            raise self.failure
        return len(self.greeted)


@tool(Role.OWNER, effect=Effect.OUTWARD, status=STATUS)
async def greet(ctx: ToolContext, params: Greet) -> str:
    """Greet somebody."""
    number = ctx.use(World).greet(params.whom)
    ctx.send(CHAT, RichText(f"Hello, {params.whom}!"))
    ctx.send(CHAT, RichText("How are you?"))
    return f"greeting {number}"


@tool(Role.OWNER, Role.EXTERNAL, effect=Effect.READ, status=STATUS)
async def look(ctx: ToolContext, params: Greet) -> str:
    """See who was greeted."""
    return f"look {ctx.use(World).greet(params.whom)}"


@tool(Role.OWNER, Role.TASK, effect=Effect.OUTWARD, status=STATUS, atomic=False)
async def ring(ctx: ToolContext, params: Greet) -> str:
    """Ring somebody's bell, at once."""
    return f"ring {ctx.use(World).greet(params.whom)}"


@tool(Role.OWNER, effect=Effect.STATE, status=STATUS, always_loaded=True)
async def refuse(ctx: ToolContext, params: Greet) -> str:
    """Refuse."""
    raise ToolFailed("I would rather not.")


TOOLS: tuple[ToolSpec, ...] = (greet, look, ring, refuse)


class Desk:
    """A session of the owner and its attempts."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.runner = ToolRunner(journal)
        self.runner.attempt = "first"
        self.world = World()
        self.services = Services()
        self.services.provide(World, self.world)
        self._calls = 0

    def context(self, call_id: str | None = None, role: Role = Role.OWNER) -> ToolContext:
        self._calls += 1
        return ToolContext(role, role.value, call_id or f"call {self._calls}", self.services)

    async def call(self, spec: ToolSpec, *, call_id: str | None = None, **arguments: object) -> str:
        return await self.runner.run(spec, self.context(call_id), {"whom": "Ada", **arguments})

    async def queued(self) -> list[str]:
        async with self.journal.database.transaction() as tx:
            return [row.content.text for row in await self.journal.outbox.pending(tx)]

    async def recorded(self) -> list[tuple[str, str | None]]:
        """State and result of each effect."""
        async with self.journal.database.transaction() as tx:
            rows = await tx.all("SELECT state, result FROM tool_effects ORDER BY rowid")
            return [(row["state"], row["result"]) for row in rows]
