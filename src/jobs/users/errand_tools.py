"""What the owner's and the errands' sessions do about other people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, ValidationError

from jobs.core.clock import to_text
from jobs.core.database import Transaction
from jobs.core.errors import ToolRetry
from jobs.core.i18n import Language, Words
from jobs.core.messages import SessionEvent, errand_session, person_session
from jobs.core.ports import Composer, DisclosureCheck
from jobs.core.rich_text import pieces
from jobs.core.words import people as words
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, tool
from jobs.users.correspondence import Wanted, correspondence, show
from jobs.users.errand_view import brief, full, story
from jobs.users.models import AFTERMATH, ALL, OPEN, ConversationTask, ErrandContext, Participant, Status
from jobs.users.repository import UsersRepository
from jobs.users.withdrawal import withdraw

ASKABLE = Literal["open", "all", "overdue", "pending", "in_progress", "waiting", "done", "cancelled", "failed"]
_DATE = re.compile(r"\d{4}-?\d\d-?\d\d")
_MOST_PEOPLE = 20
_FARTHEST_YEARS = 20
_KNOWN = ErrandContext()
"""Of an errand that stands in the journal already."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What tools need to know of the owner's side."""

    owner_chat: int
    zone: ZoneInfo
    language: Language
    skills: Path
    """The folder of the skills."""


class CreateTask(BaseModel):
    """Parameters of create_task."""

    user: str | list[str] = Field(description="Whom it concerns: name, @username, phone or id; a list for several")
    title: str = Field(description="A few words that name it", min_length=1, max_length=200)
    description: str = Field(
        default="", description="What is to be settled, and what counts as settled", max_length=4000
    )
    kind: str = Field(default="", description="Free word: meeting, question, request…", max_length=40)
    context: dict[str, Any] = Field(
        default_factory=dict[str, Any],
        description="JSON that the errand needs. `skill`: a skill that runs it in a session of its own; `may_say`: "
        "what may be told; `must_not_say`: values that must never be told; anything else (slots, limits…) the person "
        "may come to know",
    )
    deadline: str | None = Field(
        default=None, description="ISO 8601; without a zone it is the owner's; a date is all of that day"
    )
    message: str | None = Field(default=None, description="The first thing to say to them, in their language")


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.OUTWARD,
    status=Words(en="📌 noting: {title}", ru="📌 записываю: {title}"),
    always_loaded=True,
)  # fmt: skip
async def create_task(ctx: ToolContext, params: CreateTask) -> str:
    """Begin an errand with one person or several: it is kept until settled, and what they answer comes back to you.

    They know nothing of each other. Give everything that their conversation may need in `context`: it sees no memory
    and no files.
    """
    repository, here = ctx.use(UsersRepository), ctx.use(Surroundings)
    names = [params.user] if isinstance(params.user, str) else params.user
    cards = {card.id: card for name in names for card in [await repository.one(name, ctx.session_key)]}
    if not 0 < len(cards) <= _MOST_PEOPLE:
        raise ToolRetry(f"Name one person, or several up to {_MOST_PEOPLE}.")
    now = repository.clock.now()
    context = _context(params.context, here.skills)
    async with repository.journal.database.transaction() as tx:
        for card in cards.values():
            await _not_banned(tx, repository, card.id)
        task_id = await repository.errands.free_id(tx)
    errand = ConversationTask(
        id=task_id, title=" ".join(params.title.split()), description=params.description, kind=params.kind,
        context=context, deadline=_deadline(params.deadline, here.zone, now), next_step="", result="",
        status="waiting" if params.message else "pending", session_id=None, created_by=ctx.session_key,
        created_at=now, updated_at=now,
        people=[Participant(card.id, card.name, "pending", "") for card in cards.values()],
    )  # fmt: skip
    for card in cards.values() if params.message else ():
        await _write(ctx, card.id, params.message or "", task_id, context)

    async def begin(tx: Transaction) -> None:
        for card in cards.values():
            await repository.people.meet(tx, card)
            await repository.journal.inbox.unpark(tx, person_session(card.id))  # what they wrote may be let in now
        await repository.errands.create(tx, errand)
        await tell_owner(tx, ctx, words.NEW_ERRAND.say(here.language, id=task_id, title=errand.title, who=errand.names))
        if context.skill is not None:
            facts = f"A new errand is yours.\n{full(errand, here.zone, now)}"
            await repository.journal.tell(
                tx, errand_session(task_id), SessionEvent(kind="errand", task_id=task_id, facts=facts)
            )

    ctx.change(begin)
    then = f" Its own session runs it with the skill {context.skill}." if context.skill else ""
    said = " The message is on its way." if params.message else " Nothing was said to them yet (send_to_user)."
    return f"Errand {task_id} with {errand.names}.{said if not context.skill or params.message else ''}{then}"


class ListTasks(BaseModel):
    """Parameters of list_tasks."""

    status: ASKABLE = Field(default="open", description="Which ones")
    user: str | None = Field(default=None, description="Only those with this person")
    kind: str = Field(default="", description="Only of this kind")


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.READ,
    status=Words(en="📋 looking at the errands", ru="📋 смотрю поручения"),
)
async def list_tasks(ctx: ToolContext, params: ListTasks) -> str:
    """List errands with their status, people, deadline and next step."""
    repository, here = ctx.use(UsersRepository), ctx.use(Surroundings)
    user_id = (await repository.one(params.user, ctx.session_key)).id if params.user else None
    match params.status:
        case "open" | "overdue":
            wanted = OPEN
        case "all":
            wanted = ALL
        case status:
            wanted = frozenset[Status]({status})
    async with repository.journal.database.transaction() as tx:
        errands = await repository.errands.list(tx, statuses=wanted, user_id=user_id, kind=params.kind)
    now = repository.clock.now()
    if params.status == "overdue":
        errands = [errand for errand in errands if errand.is_overdue(now)]
    return "\n".join(brief(errand, here.zone, now) for errand in errands[-60:]) or "There are none."


class GetTask(BaseModel):
    """Parameters of get_task."""

    task_id: str = Field(description="The errand's id")
    skip: int = Field(default=0, ge=0, description="How many of the latest messages to pass over, to read earlier ones")


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.READ,
    status=Words(en="📋 reading errand {task_id}", ru="📋 читаю поручение {task_id}"),
)
async def get_task(ctx: ToolContext, params: GetTask) -> str:
    """Read an errand whole: its history, and word for word what was said to and by its people."""
    repository, here = ctx.use(UsersRepository), ctx.use(Surroundings)
    errand = await repository.errand(params.task_id)
    names = {person.user_id: person.name for person in errand.people}
    wanted = Wanted(
        list(names),
        since=errand.created_at,
        until=errand.closed_at + AFTERMATH if errand.closed_at is not None else None,
        # The session that writes to several unasked must not learn what one of them says in confidence, of other
        # errands perhaps; what they say of this one stands in its history.
        ours_alone=ctx.role is Role.TASK and len(names) > 1,
        task_id=errand.id,
    )
    async with repository.journal.database.transaction() as tx:
        history = await repository.errands.history(tx, errand.id)
        said = await correspondence(tx, wanted, skip=params.skip)
    return (
        f"{full(errand, here.zone, repository.clock.now())}\n\nHistory:\n{story(history, here.zone)}\n\nSaid:\n"
        f"{show(said, names, here.zone)}"
    )


class UpdateTask(BaseModel):
    """Parameters of update_task."""

    task_id: str = Field(description="The errand's id")
    status: Status | None = Field(default=None, description="Where it stands now")
    result: str | None = Field(default=None, description="What came of it", max_length=2000)
    next_step: str | None = Field(default=None, description="What is to be done next, and when", max_length=1000)
    deadline: str | None = Field(
        default=None,
        description="ISO 8601; without a zone it is the owner's; a date is all of that day; `none` removes it",
    )
    note: str | None = Field(default=None, description="Anything for the history", max_length=2000)


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="📌 updating {task_id}", ru="📌 обновляю {task_id}"),
)
async def update_task(ctx: ToolContext, params: UpdateTask) -> str:
    """Change an errand (status, result, next step, deadline) or add a note; a session that runs it hears of it."""
    repository, here = ctx.use(UsersRepository), ctx.use(Surroundings)
    errand = await repository.errand(params.task_id)
    deadline = _deadline(params.deadline, here.zone, repository.clock.now())
    wanted = {
        "status": params.status,
        "result": params.result,
        "next_step": params.next_step,
    }
    values: dict[str, str | None] = {
        name: value for name, value in wanted.items() if value is not None and value != getattr(errand, name)
    }
    if params.deadline is not None and deadline != errand.deadline:
        values["deadline"] = to_text(deadline) if deadline is not None else None

    async def change(tx: Transaction) -> None:
        await repository.errands.change(tx, errand.id, ctx.session_key, values)
        if params.note:
            await repository.errands.note(tx, errand.id, ctx.session_key, params.note)
        if values.get("status") == "cancelled":
            await withdraw(tx, repository, here.owner_chat, here.language, task_id=errand.id)
        if ctx.role is Role.TASK and values.keys() & {"status", "result"}:
            await tell_owner(tx, ctx, progress(errand, params.status, params.result, here.language))
        changes = [f"{name}: {value or 'none'}" for name, value in values.items()]
        if changes := [*changes, f"note: {params.note}"] if params.note else changes:
            await _tell_its_session(tx, ctx, errand, "changed. " + "; ".join(changes))

    ctx.change(change)
    return f"Errand {errand.id} is updated." if values or params.note else "Nothing was to be changed."


class CancelTask(BaseModel):
    """Parameters of cancel_task."""

    task_id: str = Field(description="The errand's id")
    tell_them: str | None = Field(default=None, description="What to tell its people; omit to say nothing")


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.OUTWARD,
    status=Words(en="📌 cancelling {task_id}", ru="📌 отменяю {task_id}"),
)
async def cancel_task(ctx: ToolContext, params: CancelTask) -> str:
    """Call an errand off, telling its people if asked to; what waits to be sent to them for it is taken back."""
    repository, here = ctx.use(UsersRepository), ctx.use(Surroundings)
    errand = await repository.errand(params.task_id)
    if not errand.is_open:
        raise ToolRetry(f"Errand {errand.id} is closed already ({errand.status}).")
    for person in errand.people if params.tell_them else ():
        await _write(ctx, person.user_id, params.tell_them or "", errand.id)

    async def cancel(tx: Transaction) -> None:
        await repository.errands.change(tx, errand.id, ctx.session_key, {"status": "cancelled"})
        await withdraw(tx, repository, here.owner_chat, here.language, task_id=errand.id)  # before they are told
        if ctx.role is Role.TASK:
            await tell_owner(tx, ctx, progress(errand, "cancelled", None, here.language))
        await _tell_its_session(tx, ctx, errand, "cancelled. " + ("Its people are told." if params.tell_them else ""))

    ctx.change(cancel)
    return f"Errand {errand.id} is cancelled."


class SendToUser(BaseModel):
    """Parameters of send_to_user."""

    user: str = Field(description="Name, @username, phone or id")
    message: str = Field(description="The message, in Markdown and in their language", min_length=1)
    task_id: str | None = Field(default=None, description="The errand it belongs to")


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.OUTWARD,
    status=Words(en="✉️ writing to {user}", ru="✉️ пишу: {user}"),
    always_loaded=True,
)
async def send_to_user(ctx: ToolContext, params: SendToUser) -> str:
    """Send a text message to a person."""
    repository = ctx.use(UsersRepository)
    card = await repository.one(params.user, ctx.session_key)
    own = await repository.errand_of_session(ctx.session_key)
    errand = await repository.errand(params.task_id) if params.task_id else own
    if errand is not None and not errand.concerns(card.id):
        if params.task_id:
            raise ToolRetry(f"{card.name} has no part in errand {errand.id}: leave task_id out.")
        errand = None  # the owner has allowed it; it is no part of the errand all the same
    async with repository.journal.database.transaction() as tx:
        await _not_banned(tx, repository, card.id)
    await _write(ctx, card.id, params.message, errand.id if errand else None)

    async def sent(tx: Transaction) -> None:
        await repository.people.meet(tx, card)
        if errand is not None and errand.status == "pending":
            await repository.errands.change(tx, errand.id, ctx.session_key, {"status": "waiting"})

    ctx.change(sent)
    return f"On its way to {card.name} (id {card.id}); a failure is reported to the owner."


async def _tell_its_session(tx: Transaction, ctx: ToolContext, errand: ConversationTask, what: str) -> None:
    """What another session (the owner's) does to an errand is news to the session that runs it."""
    session = errand_session(errand.id)
    if errand.context.skill and ctx.session_key != session:
        facts = f"The owner has had errand {errand.id} ({errand.title}) {what}"
        event = SessionEvent(kind="news", task_id=errand.id, facts=facts.rstrip())
        await ctx.use(UsersRepository).journal.tell(tx, session, event)


def progress(errand: ConversationTask, status: str | None, result: str | None, language: Language) -> str:
    """The sentence that tells the owner how an errand stands."""
    state = words.STATUS[status or errand.status].say(language)
    about = result if result is not None else errand.result
    return words.PROGRESS.say(
        language, id=errand.id, title=errand.title, state=state, result=f": {about}" if about else ""
    )


async def tell_owner(tx: Transaction, ctx: ToolContext, text: str) -> None:
    """Queue a message to the owner, in the running transaction; people's words in it may be long."""
    for piece in pieces(text):
        await ctx.use(UsersRepository).journal.outbox.add(tx, ctx.use(Surroundings).owner_chat, piece, "notice")


async def _write(
    ctx: ToolContext, user_id: int, markdown: str, task_id: str | None, new: ErrandContext = _KNOWN
) -> None:
    objection = await ctx.use(DisclosureCheck).objection(
        user_id, markdown, must_not_say=new.must_not_say, may_say=new.may_say
    )
    if objection is not None:
        raise ToolRetry(objection.why)
    parts = await ctx.use(Composer).compose(markdown)
    if not parts:
        raise ToolRetry("The text is empty once it is rendered.")
    for part in parts:
        ctx.send(user_id, part, task_id)


async def _not_banned(tx: Transaction, repository: UsersRepository, user_id: int) -> None:
    user = await repository.people.find(tx, user_id)
    if user is not None and user.banned:
        raise ToolRetry(f"{user.name} is banned: unban_user first, if the owner wants that.")


def _context(given: dict[str, Any], skills: Path) -> ErrandContext:
    try:
        context = ErrandContext.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise ToolRetry(f"The context does not fit: {problems}.") from None
    if context.skill and not (skills / context.skill / "SKILL.md").is_file():
        known = sorted(path.parent.name for path in skills.glob("*/SKILL.md"))
        raise ToolRetry(f"There is no skill {context.skill!r}; there are: {', '.join(known) or 'none'}.")
    return context


def _deadline(text: str | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    if text is None or text.strip().lower() in ("", "none"):
        return None
    try:
        moment = datetime.fromisoformat(text)
        if _DATE.fullmatch(text.strip()):
            moment = moment.replace(hour=23, minute=59, second=59)
    except ValueError:
        raise ToolRetry(f"The deadline {text!r} is no ISO 8601 time, such as 2026-03-01T18:00.") from None
    moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
    if moment.year > now.year + _FARTHEST_YEARS:
        raise ToolRetry(f"The deadline {text!r} is too far away: leave it out where there is none.")
    if moment <= now:
        raise ToolRetry(f"The deadline {moment:%Y-%m-%d %H:%M %z} has passed already.")
    return moment.astimezone(UTC)


TOOLS = (create_task, list_tasks, get_task, update_task, cancel_task, send_to_user)
