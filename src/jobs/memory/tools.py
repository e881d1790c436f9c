"""What sessions do with the notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from jobs.core.errors import ToolDenied, ToolFailed, ToolRetry
from jobs.core.i18n import Language, Words
from jobs.core.rich_text import visible
from jobs.core.words import memory as words
from jobs.memory.context import remembered
from jobs.memory.facts import Added, Known, NotFound, Outcome, Place, Replaced, Unsure
from jobs.memory.forgetting import Found, Wanted
from jobs.memory.items import Item, items_of
from jobs.memory.markdown import Lines
from jobs.memory.paths import HISTORY, note_path, shown_path
from jobs.memory.problems import BadPath
from jobs.memory.storage import Forgettable, Storage
from jobs.tools.approvals import Approvals, Call
from jobs.tools.gate import canonical
from jobs.tools.roles import Effect, Role
from jobs.tools.server import SERVER_NAME
from jobs.tools.spec import ToolContext, tool

_LINES, _MOST_READ = 400, 20_000
"""Of a note, read at once: lines and characters."""
_MOST_LISTED = 40
_MOST_SHOWN = 12_000
"""Characters that the owner is asked to look through before they are forgotten."""
_MOST_NEAR = 5
_GIST = 200


@dataclass(frozen=True, slots=True)
class Remembering:
    """What these tools work with."""

    storage: Storage
    approvals: Approvals
    language: Language


class ReadNote(BaseModel):
    """Parameters of memory_read."""

    path: str = Field(description="MEMORY.md, or memory/….md", min_length=1)
    from_line: int = Field(default=1, ge=1, description="The first line")
    lines: int = Field(default=_LINES, ge=1, le=_LINES, description="How many")


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.READ,
    status=Words(en="📖 reading {path}", ru="📖 читаю {path}"),
)
async def memory_read(ctx: ToolContext, params: ReadNote) -> str:
    """Read a note, with its line numbers."""
    storage = ctx.use(Remembering).storage
    try:
        path = note_path(params.path.strip())
    except BadPath as error:
        raise ToolRetry(str(error)) from None
    text = await storage.read(path)
    if text is None:
        notes = [shown_path(note) for note in await storage.notes()]
        more = f" and {len(notes) - _MOST_LISTED} more" if len(notes) > _MOST_LISTED else ""
        there = ", ".join(notes[-_MOST_LISTED:]) or "none yet"
        raise ToolRetry(f"There is no {shown_path(path)}. There are: {there}{more}.")
    return _numbered(Lines(text).plain, params.from_line, params.lines)


class NoParameters(BaseModel):
    """No parameters."""


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.READ,
    status=Words(en="📖 looking at what I know", ru="📖 смотрю, что знаю"),
)
async def memory_context(ctx: ToolContext, params: NoParameters) -> str:
    """Read MEMORY.md and the logs of yesterday and today."""
    del params
    return await remembered(ctx.use(Remembering).storage) or "Nothing is remembered yet."


class Fact(BaseModel):
    """Parameters of memory_append."""

    content: str = Field(description="The fact in one line, or several as a list", min_length=1, max_length=4000)
    section: str = Field(default="", max_length=100, description="The heading it belongs under")
    replaces: str = Field(
        default="",
        max_length=4000,
        description='The older line that it makes untrue, as it stands; "none" if it stands beside those like it',
    )


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="🧠 remembering", ru="🧠 запоминаю"),
    atomic=False,
    always_loaded=True,
)
async def memory_append(ctx: ToolContext, params: Fact) -> str:
    """Remember a lasting fact in MEMORY.md; what it replaces is kept with the date."""
    facts = _items(params.content)
    if params.replaces.strip().casefold() not in ("", "none") and len(facts) > 1:
        raise ToolRetry("Give one fact in a call that says what it replaces.")
    outcomes = await ctx.use(Remembering).storage.add_facts(facts, params.section, params.replaces)
    told = [_told(fact, outcome) for fact, outcome in zip(facts, outcomes, strict=True)]
    if all(isinstance(outcome, Unsure | NotFound) for outcome in outcomes):
        raise ToolRetry("\n".join(told))
    return "\n".join(told)


class Entry(BaseModel):
    """Parameters of memory_log."""

    content: str = Field(description="What happened, without the time", min_length=1, max_length=8000)


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="🗒 noting", ru="🗒 записываю"),
    atomic=False,
)
async def memory_log(ctx: ToolContext, params: Entry) -> str:
    """Note what happened in today's log, with the time."""
    path = await ctx.use(Remembering).storage.log(_items(params.content))
    return f"Noted in {shown_path(path)}."


class Undoing(BaseModel):
    """Parameters of memory_undo."""

    change: str = Field(default="", max_length=20, description="Which change; without it the latest")


@tool(
    Role.OWNER,
    effect=Effect.STATE,
    status=Words(en="↩️ undoing a change of my notes", ru="↩️ отменяю правку заметок"),
    atomic=False,
)
async def memory_undo(ctx: ToolContext, params: Undoing) -> str:
    """Take back the latest change that the memory tools made; again, the one before it."""
    change = await ctx.use(Remembering).storage.undo(params.change.strip() or None)
    old, new = (set(Lines(text).plain) for text in (change.before or "", change.after))
    gone, back = (
        [line for line in Lines(text).plain if line.strip() and line not in other]
        for text, other in ((change.after, old), (change.before or "", new))
    )
    shown = "\n".join([*(f"- {_gist(line)}" for line in gone[:20]), *(f"+ {_gist(line)}" for line in back[:20])])
    return f"Undone in {change.path}, from {change.at:%Y-%m-%d %H:%M} UTC:\n{shown}"


class What(BaseModel):
    """Parameters of memory_forget."""

    what: str = Field(
        description="Words that all stand in a line that is to go; other forms and spellings after |",
        min_length=2,
        max_length=500,
    )


@tool(
    Role.OWNER,
    effect=Effect.STATE,
    status=Words(en="🗑 forgetting: {what}", ru="🗑 забываю: {what}"),
    atomic=False,
    asks=True,
)
async def memory_forget(ctx: ToolContext, params: What) -> str:
    """Remove every line about something from all notes for good, once the owner has seen them and said yes.

    The program asks the owner itself. Chats are not touched.
    """
    remembering = ctx.use(Remembering)
    wanted = Wanted(params.what)
    if wanted.is_empty:
        raise ToolRetry("Name it by words or numbers.")
    all_of_it = await remembering.storage.find(wanted)
    near = _near(all_of_it.near)
    if not (all_of_it.found or all_of_it.kept or all_of_it.named):
        raise ToolRetry(f"No line has all these words.{near}")
    call = _question(ctx, params, all_of_it, remembering.language)
    if len(call.shown) > _MOST_SHOWN:
        raise ToolRetry(f"{len(all_of_it.found)} places speak of it, too many to ask about at once: be more exact.")
    if not await remembering.approvals.use_permission(call):
        await remembering.approvals.ask(call)
        raise ToolDenied(
            f"Nothing is removed yet: the owner is shown {len(all_of_it.found)} places in the notes now, word for "
            f"word, and asked. End your turn: you will be woken with the answer.{near}"
        )
    kept = await remembering.storage.forget(all_of_it)
    left = await remembering.storage.find(wanted)
    if left.found or left.kept or left.named:
        raise ToolFailed(f"{len(left.found)} places were changed just now and still stand there: call it once more.")
    return f"Forgotten: {len(all_of_it.found)} places in the notes, {kept} changes kept for undoing.{near}"


def _question(ctx: ToolContext, params: What, all_of_it: Forgettable, language: Language) -> Call:
    places = [f"{_label(found, language)}\n{visible(found.text)}" for found in (*all_of_it.found, *all_of_it.kept)]
    places += [words.FORGET_NAME.say(language, path=visible(shown_path(named.path))) for named in all_of_it.named]
    return Call(
        session_key=ctx.session_key,
        task_id=None,
        tool=f"mcp__{SERVER_NAME}__{memory_forget.name}",
        arguments=canonical(params.model_dump()),
        errand="",
        what=memory_forget.status.say(language, what=visible(_gist(params.what))),
        shown="\n\n".join(places),
        why=words.FORGET_WHY.say(language),
        people=all_of_it.digest,
    )


def _label(found: Found, language: Language) -> str:
    if found.path == (HISTORY,):
        return words.FORGET_FROM_HISTORY.say(language)
    return words.FORGET_LINE.say(language, path=shown_path(found.path), line=found.line)


def _near(near: Sequence[Found]) -> str:
    if not near:
        return ""
    shown = "\n".join(f"{shown_path(f.path)}, line {f.line}: {_gist(f.text)}" for f in near[:_MOST_NEAR])
    return f"\nThese have other forms of the words and would stay (if they are meant, add the forms after |):\n{shown}"


def _items(content: str) -> Sequence[Item]:
    items = items_of(content)
    if not items:
        raise ToolRetry("There is nothing to write down in that.")
    return items


def _told(fact: Item, outcome: Outcome) -> str:
    match outcome:
        case Added(place):
            return f"Remembered, {_line(place)}"
        case Replaced(place, old):
            return f"Remembered, {_line(place)} In place of: {_gist(old)}"
        case Known(place):
            return f"It is there already, {_line(place)}"
        case Unsure(similar):
            return (
                f"Not written yet: {_gist(fact.text)} Say in `replaces` which of these it makes untrue, or none:\n"
                f"{_list(similar)}"
            )
        case NotFound(similar):
            return f"No single line reads like that.{_list(similar, ' These come near:')}"


def _line(place: Place) -> str:
    return f"line {place.line}: {_gist(place.text)}"


def _list(places: Sequence[Place], before: str = "") -> str:
    lines = [f"line {place.line}: {_gist(place.text)}" for place in places]
    return "\n".join([before, *lines] if before else lines) if lines else ""


def _gist(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _GIST else line[: _GIST - 1] + "…"


def _numbered(lines: Sequence[str], first: int, count: int) -> str:
    last = len(lines) - 1 if lines[-1:] == [""] else len(lines)
    shown: list[str] = []
    left = _MOST_READ
    for number in range(first, min(first + count, last + 1)):
        line = lines[number - 1]
        if left < len(line) and shown:
            break
        shown.append(
            f"{number}\t{line[:left]}" + (f" […{len(line) - left} characters more]" if left < len(line) else "")
        )
        left -= min(left, len(line))
    end = first + len(shown) - 1
    more = f"\n(Lines {first} to {end} of {last}.)" if first > 1 or end < last else ""
    return "\n".join(shown) + more if shown else f"The note has {last} lines."


TOOLS = (memory_read, memory_context, memory_append, memory_log, memory_undo, memory_forget)
