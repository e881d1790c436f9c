"""All that the session which talks with an outsider can do. None of it takes a parameter that names a person."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from jobs.core.database import Transaction
from jobs.core.errors import NotFound, ToolRetry
from jobs.core.i18n import Words
from jobs.core.messages import OWNER_SESSION, SessionEvent, errand_of, errand_session
from jobs.core.rich_text import quoted
from jobs.core.words import people as words
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, tool
from jobs.users.errand_tools import Surroundings, tell_owner
from jobs.users.errand_view import for_person
from jobs.users.models import ConversationTask
from jobs.users.repository import UsersRepository

_LONGEST = 3000


class Nothing(BaseModel):
    """No parameters."""


@tool(
    Role.EXTERNAL,
    effect=Effect.READ,
    status=Words(en="📋 looking at the errands", ru="📋 смотрю поручения"),
    always_loaded=True,
)
async def get_my_tasks(ctx: ToolContext, params: Nothing) -> str:
    """Read what is to be settled with the person you are talking with."""
    del params
    repository, here = ctx.use(UsersRepository), ctx.use(Surroundings)
    async with repository.journal.database.transaction() as tx:
        errands = await repository.errands.concerning(tx, ctx.caller)
    return for_person(errands, ctx.caller, here.zone, repository.clock.now())


class UpdateMyTask(BaseModel):
    """Parameters of update_task in a person's session."""

    task_id: str = Field(description="The errand's id", max_length=40)
    status: Literal["in_progress", "done", "failed"] | None = Field(
        default=None,
        description="in_progress: they are at it; done: they have answered or agreed; failed: they refuse or cannot",
    )
    result: str | None = Field(default=None, description="What they answered, exactly", max_length=_LONGEST)
    note: str | None = Field(default=None, description="Anything else the owner should know", max_length=_LONGEST)


@tool(
    Role.EXTERNAL,
    effect=Effect.STATE,
    name="update_task",
    status=Words(en="📌 updating {task_id}", ru="📌 обновляю {task_id}"),
    always_loaded=True,
)
async def update_my_task(ctx: ToolContext, params: UpdateMyTask) -> str:
    """Record what the person answered about an errand of theirs; the owner's side hears of it at once."""
    repository = ctx.use(UsersRepository)
    errand = await _mine(ctx, params.task_id)
    if not any((params.status, params.result, params.note)):
        raise ToolRetry("Say what has changed: status, result or note.")
    person = next(person for person in errand.people if person.user_id == ctx.caller)
    said = {name: text for name, text in (("result", params.result), ("note", params.note)) if text}
    news = f"{person.name} (id {person.user_id}) answered in errand {errand.id} ({errand.title})."
    if not errand.is_open:
        news += " It had been settled: they have come back to it."
    if params.status:
        news += f" Their status is now: {params.status}."
    alone = len(errand.people) == 1

    async def change(tx: Transaction) -> None:
        await repository.errands.answered(tx, errand.id, person.user_id, params.status, params.result)
        values: dict[str, str | None] = {}
        if params.status and params.status != errand.status and (alone or params.status == "in_progress"):
            values["status"] = params.status
        if alone and params.result:
            values["result"] = params.result
        for name, text in said.items():
            if name not in values:  # else the change is noted
                await repository.errands.note(tx, errand.id, ctx.session_key, f"{name}: {text}")
        await repository.errands.change(tx, errand.id, ctx.session_key, values)
        await _wake(tx, ctx, errand, news, said)

    ctx.change(change)
    return "Recorded, and passed on to the owner's side."


class Summary(BaseModel):
    """Parameters of send_summary_to_owner."""

    summary: str = Field(
        description="What the owner should know, in a few sentences", min_length=1, max_length=_LONGEST
    )
    task_id: str | None = Field(default=None, description="The errand it belongs to", max_length=40)


@tool(
    Role.EXTERNAL,
    Role.TASK,
    effect=Effect.STATE,
    status=Words(en="✉️ telling the owner", ru="✉️ сообщаю владельцу"),
    always_loaded=True,
)
async def send_summary_to_owner(ctx: ToolContext, params: Summary) -> str:
    """Tell the owner what they should know: an outcome, a question only they can answer, or a message for them."""
    repository, here = ctx.use(UsersRepository), ctx.use(Surroundings)
    if ctx.role is Role.TASK:
        errand = await repository.errand(errand_of(ctx.session_key) or "")
        text = words.FROM_ERRAND.say(here.language, id=errand.id, title=errand.title, text=params.summary)
        ctx.change(lambda tx: tell_owner(tx, ctx, text))
        return "The owner is told."
    user = await repository.user(ctx.caller)
    errand = await _mine(ctx, params.task_id) if params.task_id else None
    if errand is None:
        # It is about nothing that is under way: the owner reads it as it is, and no tokens are spent on it.
        text = words.PASSES_ON.say(here.language, who=user.name, text=quoted(params.summary))
        ctx.change(lambda tx: tell_owner(tx, ctx, text))
        return "It is passed on to the owner."
    news = f"From the conversation with {user.name} (id {user.id}) about errand {errand.id} ({errand.title})."

    async def change(tx: Transaction) -> None:
        await repository.errands.note(tx, errand.id, ctx.session_key, f"summary: {params.summary}")
        await _wake(tx, ctx, errand, news, {"summary": params.summary})

    ctx.change(change)
    return "It is passed on to the owner's side."


async def _mine(ctx: ToolContext, task_id: str) -> ConversationTask:
    """An errand of which the caller may say something; others do not exist for them."""
    repository = ctx.use(UsersRepository)
    try:
        errand = await repository.errand(task_id)
    except NotFound:
        errand = None
    if errand is None or not errand.concerns(ctx.caller):
        raise ToolRetry("This person has no such errand: get_my_tasks tells which there are.")
    if not errand.concerns_still(ctx.caller, repository.clock.now()):
        raise ToolRetry("That errand is closed.")
    return errand


async def _wake(tx: Transaction, ctx: ToolContext, errand: ConversationTask, news: str, said: dict[str, str]) -> None:
    """Hand the news to the errand's own session, else to the owner's."""
    session = errand_session(errand.id) if errand.context.skill else OWNER_SESSION
    event = SessionEvent(kind="news", task_id=errand.id, facts=news, quoted=said)
    await ctx.use(UsersRepository).journal.tell(tx, session, event)


TOOLS = (get_my_tasks, update_my_task, send_summary_to_owner)
