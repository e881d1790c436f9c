"""What the owner's session knows and decides about people."""

from __future__ import annotations

from pydantic import BaseModel, Field

from jobs.core.database import Transaction
from jobs.core.i18n import Words
from jobs.core.messages import person_session
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, tool
from jobs.users.correspondence import Wanted, correspondence, show
from jobs.users.errand_tools import Surroundings
from jobs.users.models import ExternalUser
from jobs.users.repository import UsersRepository, describe
from jobs.users.withdrawal import withdraw


class Query(BaseModel):
    """Parameters of resolve_user."""

    query: str = Field(description="A name in any language, @username, phone or id", min_length=1, max_length=200)


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.READ,
    status=Words(en="👤 looking for {query}", ru="👤 ищу: {query}"),
)
async def resolve_user(ctx: ToolContext, params: Query) -> str:
    """Find out who is meant by a name; several that fit are all named, for the owner to choose."""
    found = await ctx.use(UsersRepository).find(params.query)
    if not found.people:
        return f"Nobody is known as {params.query!r}."
    who = "; ".join(describe(card) for card in found.people)
    return f"It is {who}." if found.certain else f"Not certain, ask the owner: {who}."


class NoParameters(BaseModel):
    """No parameters."""


@tool(Role.OWNER, Role.TRIGGER, effect=Effect.READ, status=Words(en="👥 looking through people", ru="👥 смотрю людей"))
async def list_users(ctx: ToolContext, params: NoParameters) -> str:
    """List the people who have written or were written to."""
    del params
    repository = ctx.use(UsersRepository)
    async with repository.journal.database.transaction() as tx:
        users = await repository.people.all(tx)
    return "\n".join(_line(user, ctx) for user in users[:100]) or "There are none yet."


class Person(BaseModel):
    """Parameters of tools about a person."""

    user: str = Field(description="Name, @username, phone or id")


@tool(Role.OWNER, Role.TRIGGER, effect=Effect.STATE, status=Words(en="🚫 banning {user}", ru="🚫 блокирую: {user}"))
async def ban_user(ctx: ToolContext, params: Person) -> str:
    """Never answer a person again, nor write to them; what waits to be sent to them is taken back."""
    return await _set_banned(ctx, params.user, True)


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="👤 lifting the ban on {user}", ru="👤 снимаю блокировку: {user}"),
)
async def unban_user(ctx: ToolContext, params: Person) -> str:
    """Lift a ban, or a refusal to answer a stranger."""
    return await _set_banned(ctx, params.user, False)


class Note(Person):
    """Parameters of set_user_note."""

    note: str = Field(description="What to remember of them; replaces the earlier note", max_length=2000)


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="📝 noting about {user}", ru="📝 записываю о: {user}"),
)
async def set_user_note(ctx: ToolContext, params: Note) -> str:
    """Note something about a person; they never see it, nor does the session that talks with them."""
    repository = ctx.use(UsersRepository)
    card = await repository.one(params.user, ctx.session_key)

    async def change(tx: Transaction) -> None:
        await repository.people.meet(tx, card)
        await repository.people.set_notes(tx, card.id, params.note)

    ctx.change(change)
    return f"Noted about {describe(card)}."


class Limits(Person):
    """Parameters of set_user_limits."""

    messages_per_hour: int | None = Field(default=None, ge=0, description="Answered at most; omit for the usual")
    daily_usd: float | None = Field(default=None, ge=0, description="Spent on them at most; omit for the usual")


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="👤 setting limits for {user}", ru="👤 ставлю лимиты: {user}"),
)
async def set_user_limits(ctx: ToolContext, params: Limits) -> str:
    """Set how much a person may write and cost in place of the usual limits."""
    repository = ctx.use(UsersRepository)
    card = await repository.one(params.user, ctx.session_key)

    async def change(tx: Transaction) -> None:
        await repository.people.meet(tx, card)
        await repository.people.set_limits(tx, card.id, params.messages_per_hour, params.daily_usd)
        await repository.journal.inbox.unpark(tx, person_session(card.id))

    ctx.change(change)
    return f"Set for {describe(card)}."


class Disclosures(Person):
    """Parameters of list_disclosures."""

    skip: int = Field(default=0, ge=0, description="How many of the latest to pass over, to read earlier ones")


class Correspondence(Disclosures):
    """Parameters of get_correspondence."""

    limit: int = Field(default=40, ge=1, le=200, description="How many messages at most")


@tool(Role.OWNER, Role.TRIGGER, effect=Effect.READ, status=Words(en="💬 rereading {user}", ru="💬 перечитываю: {user}"))
async def get_correspondence(ctx: ToolContext, params: Correspondence) -> str:
    """Read word for word what was said between the assistant and a person."""
    repository, here = ctx.use(UsersRepository), ctx.use(Surroundings)
    card = await repository.one(params.user, ctx.session_key)
    async with repository.journal.database.transaction() as tx:
        said = await correspondence(tx, Wanted([card.id]), limit=params.limit, skip=params.skip)
    return show(said, {card.id: card.name}, here.zone)


@tool(Role.OWNER, Role.TRIGGER, effect=Effect.READ, status=Words(en="💬 what {user} knows", ru="💬 что знает {user}"))
async def list_disclosures(ctx: ToolContext, params: Disclosures) -> str:
    """List everything that a person has been told by the assistant, with dates and errands."""
    repository, here = ctx.use(UsersRepository), ctx.use(Surroundings)
    card = await repository.one(params.user, ctx.session_key)
    async with repository.journal.database.transaction() as tx:
        told = await correspondence(tx, Wanted([card.id], ours_alone=True, delivered=True), limit=200, skip=params.skip)
    return f"{describe(card)} was told:\n" + show(told, {card.id: card.name}, here.zone)


async def _set_banned(ctx: ToolContext, query: str, banned: bool) -> str:
    repository, here = ctx.use(UsersRepository), ctx.use(Surroundings)
    card = await repository.one(query, ctx.session_key)

    async def change(tx: Transaction) -> None:
        await repository.people.meet(tx, card)
        await repository.people.set_banned(tx, card.id, banned)
        if banned:
            await withdraw(tx, repository, here.owner_chat, here.language, user_id=card.id)
        await repository.journal.inbox.unpark(tx, person_session(card.id))

    ctx.change(change)
    return f"{describe(card)} is {'banned' if banned else 'not banned any more'}."


def _line(user: ExternalUser, ctx: ToolContext) -> str:
    here = ctx.use(Surroundings)
    parts = [describe(user.card), f"last contact {user.last_contact.astimezone(here.zone):%Y-%m-%d}"]
    if user.banned:
        parts.append("banned")
    if user.notes:
        parts.append(f"note: {user.notes}")
    return " · ".join(parts)


TOOLS = (
    resolve_user,
    list_users,
    ban_user,
    unban_user,
    set_user_note,
    set_user_limits,
    get_correspondence,
    list_disclosures,
)
