"""What a guarded session may do by itself: what concerns its errand passes, the rest waits for the owner.

Untrusted words in, private data read, a message out: never all three without the owner.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from jobs.core.database import Database
from jobs.core.errors import ToolRetry
from jobs.core.i18n import Language, Words
from jobs.core.messages import OWNER_SESSION, errand_of
from jobs.core.words import approvals as words
from jobs.tools.approvals import Call
from jobs.tools.execution import ToolRunner
from jobs.tools.gate import Deny, Mode, Pass, canonical
from jobs.tools.roles import Effect
from jobs.tools.server import SERVER_NAME
from jobs.tools.spec import ToolSpec
from jobs.users.repository import UsersRepository, describe
from jobs.users.status import status_line

# Tools of the CLI that touch nothing but the conversation itself.
_HARMLESS = frozenset({"ToolSearch", "TodoWrite", "TaskCreate", "TaskGet", "TaskList", "TaskUpdate", "TaskStop"})
_SHOWN = 3_000
"""Characters of a call's arguments that the owner is shown."""
_SAID = 2 * 4_096
"""Of calls of our own tools: what is to be told to people is shown whole."""
OF_ONES_OWN = frozenset({"schedule_task", "list_schedules", "update_schedule", "cancel_schedule", "run_schedule_now"})
"""Tools that reach nothing beyond the errand when its session calls them."""
_READS = frozenset({"Read", "Grep", "Glob", "LS", "NotebookRead"})
_THEIR_FILES = "uploads/people"
"""Where in the workspace lies what other people have sent (`media/uploads`)."""
_IN_TELEGRAM = f"mcp__{SERVER_NAME}__tg_"
_CHATS = ("to", "chat", "channel")
"""Parameters of our own tools that name a chat."""
_NAMING = ("file_path", "notebook_path", "path")
"""Parameters of the CLI's reading tools that name a file or folder."""
_UNASKED = _HARMLESS | _READS | {"Skill"}


class Marks:
    """What a session has seen, in the table `sessions`: it outlives the process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def saw_outsiders(self, key: str) -> None:
        """Words of outsiders are in this conversation from now on."""
        await self._set(key, "saw_outsiders", 1)

    async def read_private(self, key: str, what: str) -> None:
        """It has read something beyond its errand; the first of it is remembered."""
        await self._set(key, "read_private", what)

    async def of(self, key: str) -> tuple[bool, str]:
        """Whether it saw outsiders' words, and what private it read ("" for nothing)."""
        async with self._database.transaction() as tx:
            row = await tx.one("SELECT * FROM sessions WHERE key = ?", key)
        return (bool(row["saw_outsiders"]), str(row["read_private"])) if row else (False, "")

    async def forget(self, key: str) -> None:
        """A fresh conversation has seen nothing."""
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM sessions WHERE key = ?", key)

    async def _set(self, key: str, column: str, value: int | str) -> None:
        async with self._database.transaction() as tx:
            await tx.execute("INSERT INTO sessions (key) VALUES (?) ON CONFLICT DO NOTHING", key)
            await tx.execute(f"UPDATE sessions SET {column} = ? WHERE key = ? AND {column} IN (0, '')", value, key)  # noqa: S608


class SessionGuard:
    """Implements `tools.gate.Guard` for every session that acts.

    The owner's session is guarded in the turns that outsiders' words have started (`errands` names what they are
    about): it has read the owner's private things all along, so that its messages to outsiders wait then. What runs
    by itself is guarded once it has seen words from outside, and so is any turn that has read some.
    """

    def __init__(
        self,
        session_key: str,
        *,
        repository: UsersRepository,
        marks: Marks,
        tools: Mapping[str, ToolSpec],
        mode: Mode,
        language: Language,
        skills: Path,
        runner: ToolRunner,
        about: Callable[[], Awaitable[str]] | None = None,
        effects: Mapping[str, Effect] | None = None,
    ) -> None:
        self._key = session_key
        self._repository = repository
        self._marks = marks
        self._tools = tools
        self._mode = mode
        self._language: Language = language
        self._skills = skills
        self.runner = runner
        self._about = about
        self._effects = effects or {}  # of tools that are not ours, and of which we know what they do
        own = errand_of(session_key)
        self.errands: frozenset[str] = frozenset({own} if own else ())
        """The errands that the session is about right now."""
        self.guarded = own is not None
        """Whether words from outside are in play."""
        self.has_read = False
        """Whether they came by reading, in a turn that the owner has begun."""

    async def sight(self, tool: str, arguments: Mapping[str, object]) -> Pass | Deny | Call:
        """See `tools.gate.Guard`."""
        if self._mode == "off":
            return Pass()
        spec = self._tools.get(tool)
        if spec is not None and await self.runner.is_repeat(spec, self._key, arguments):
            return Pass()  # it was let pass and made before an interruption: only its result is told again
        if self.guarded and tool == "Skill" and arguments.keys() - {"skill"}:
            # Files that its arguments name would be read unasked.
            return Deny("Load the skill without arguments: what it is to work on stands in this conversation.")
        try:
            why = await self._objection(tool, spec, arguments) if self.guarded else self._objection_to_all(tool, spec)
            if why is not None:
                return await self._call(tool, arguments, why)
            if spec is not None and spec.outside:
                await self._take_in()
            return Pass()
        except ToolRetry as error:  # who is meant cannot be told now; the tool might find out a moment later
            return Deny(str(error))

    async def _take_in(self) -> None:
        """What is about to be read was written by people outside."""
        await self._marks.saw_outsiders(self._key)
        self.has_read = self.has_read or not self.guarded
        self.guarded = True

    def _objection_to_all(self, tool: str, spec: ToolSpec | None) -> Words | None:
        """What the owner begins passes, unless they asked to be asked."""
        effect = spec.effect if spec is not None else self._effects.get(tool)
        harmless = effect in (Effect.READ, Effect.STATE) if effect is not None else tool in _UNASKED
        return words.BECAUSE_ALL if self._mode == "all" and not harmless else None

    async def _objection(self, tool: str, spec: ToolSpec | None, arguments: Mapping[str, object]) -> Words | None:
        if spec is not None:
            return await self._objection_to_ours(spec, arguments)
        if tool in _HARMLESS or (tool == "Skill" and await self._is_given(str(arguments.get("skill")))):
            return None
        if tool in _READS:
            if self._may_show_their_files(tool, arguments):
                await self._marks.saw_outsiders(self._key)
            if not self._is_skill(tool, arguments):
                await self._marks.read_private(self._key, str(arguments.get("file_path") or tool)[:200])
            return None
        return await self._objection_to_known(tool)

    async def _objection_to_known(self, tool: str) -> Words | None:
        """What the browser shows may be any of the owner's accounts; what is done in it, a site sees."""
        match self._effects.get(tool):
            case Effect.READ | Effect.STATE:  # a page is also somebody's words, and each answer tells of one
                await self._marks.read_private(self._key, tool)
                await self._marks.saw_outsiders(self._key)
                return None
            case Effect.OUTWARD:
                return words.BECAUSE_BROWSER
            case _:
                return words.BECAUSE_POWER

    async def _objection_to_ours(self, spec: ToolSpec, arguments: Mapping[str, object]) -> Words | None:
        if spec.asks and spec.effect is not Effect.POWER:
            return None  # what has to be fetched to be shown is another thing: the fetching may tell somebody something
        own = str(arguments.get("task_id", "")).strip().lstrip("#").lower() in self.errands
        objection: Words | None = None
        if not self.errands and spec.effect in (Effect.STATE, Effect.OUTWARD):
            return words.BECAUSE_READ if self.has_read else words.BECAUSE_OUTSIDE
        match spec.name:
            case name if name in OF_ONES_OWN and errand_of(self._key) is not None:
                pass
            case "send_to_user":
                objection = await self._objection_to_message(str(arguments.get("user", "")))
            case "cancel_task" if own:
                objection = await self._objection_to_telling() if arguments.get("tell_them") else None
            case "get_task" if own:
                await self._marks.saw_outsiders(self._key)
            case "update_task" if own:
                pass
            case "send_summary_to_owner" | "send_file":
                pass
            case _ if spec.effect is Effect.READ:
                await self._marks.read_private(self._key, str(arguments.get("path") or spec.name)[:200])
            case _:
                objection = words.BECAUSE_POWER if spec.effect is Effect.POWER else words.BECAUSE_OTHERS
        return objection

    async def _objection_to_message(self, user: str) -> Words | None:
        card = await self._repository.one(user, self._key)
        for task_id in self.errands:
            if (await self._repository.errand(task_id)).concerns(card.id):
                return await self._objection_to_telling()
        return words.BECAUSE_ELSEWHERE

    async def _objection_to_telling(self) -> Words | None:
        if self._key == OWNER_SESSION:
            return words.BECAUSE_PRIVATE
        saw_outsiders, private = await self._marks.of(self._key)
        return words.BECAUSE_PRIVATE if saw_outsiders and private else None

    async def _is_given(self, skill: str) -> bool:
        """Whether an errand runs by this skill; others hold what the owner has written down for other purposes."""
        return skill in {(await self._repository.errand(task_id)).context.skill for task_id in self.errands}

    def _is_skill(self, tool: str, arguments: Mapping[str, object]) -> bool:
        """Whether a file belongs to a skill; what is searched for may be anywhere."""
        path = arguments.get("file_path")
        if tool != "Read" or not isinstance(path, str):
            return False
        return Path(path).resolve().is_relative_to(self._skills.resolve())

    def _may_show_their_files(self, tool: str, arguments: Mapping[str, object]) -> bool:
        """Whether what is read may have been sent by other people; what is searched, in all that lies below it."""
        workspace = self._skills.parent.parent
        named = next((str(arguments[name]) for name in _NAMING if arguments.get(name)), "")
        try:
            theirs, place = (workspace / _THEIR_FILES).resolve(), (workspace / Path(named).expanduser()).resolve()
        except (OSError, RuntimeError, ValueError):  # a loop of links, a home that nobody has, a NUL
            return True
        return place.is_relative_to(theirs) or (tool == "Grep" and theirs.is_relative_to(place))

    async def _call(self, tool: str, arguments: Mapping[str, object], why: Words) -> Call:
        spec = self._tools.get(tool)
        arguments = spec.without_secrets(arguments) if spec is not None else arguments
        errand = words.TRIGGER.say(self._language, title=await self._about()) if self._about is not None else ""
        # What several errands have brought about is nobody's standing permission.
        task_id = next(iter(self.errands)) if len(self.errands) == 1 else None
        if task_id is not None:
            title = (await self._repository.errand(task_id)).title
            errand = words.ERRAND.say(self._language, id=task_id, title=title)
        _, private = await self._marks.of(self._key)
        private = private or ("MEMORY.md" if self._key == OWNER_SESSION else "")
        whom = await self._whom(tool, arguments)
        if tool.startswith(_IN_TELEGRAM):
            for chat_id in [*whom][:1]:  # where it goes; another is where a forwarded message comes from
                await self._repository.refuse_beside(chat_id)
        message = await self._message(tool, arguments)
        return Call(
            session_key=self._key,
            task_id=task_id,
            tool=tool,
            arguments=canonical(arguments),
            errand=errand,
            what=status_line(self._tools, tool, arguments, self._language),
            shown="\n".join(
                [
                    *(f"→ {who}" for who in whom.values()),
                    *([f"“{message}”"] if message else []),
                    shown(arguments, _SHOWN if tool not in self._tools else _SAID, self._language),
                ]
            ),
            why=why.say(self._language, what=private) if why is words.BECAUSE_PRIVATE else why.say(self._language),
            people=canonical({"": self._in_order(tool, whom)})[5:-1] if whom else "",
            own=_as_it_asks(spec, arguments),
        )

    async def _whom(self, tool: str, arguments: Mapping[str, object]) -> Mapping[int, str]:
        """Whom a call of our own tools names: their ids, and how to put them to the owner. Raises ToolRetry."""
        if tool not in self._tools:
            return {}
        named = arguments.get("user", ())
        names = [named] if isinstance(named, str) else cast("Sequence[object]", named)
        cards = [await self._repository.one(str(name), self._key) for name in names]
        chats = [await self._repository.chat(str(arguments[name])) for name in _CHATS if name in arguments]
        return {**{card.id: describe(card) for card in cards}, **dict(chats)}

    @staticmethod
    def _in_order(tool: str, whom: Mapping[int, str]) -> Sequence[int]:
        """In Telegram, first where it goes: leave to forward from one to the other is none for the way back."""
        return [*whom] if tool.startswith(_IN_TELEGRAM) else sorted(whom)

    async def _message(self, tool: str, arguments: Mapping[str, object]) -> str:
        """What the message says that a call of our own tools names: the owner decides about that, not about an id."""
        message_id, chat = arguments.get("message_id"), arguments.get("chat")
        if tool not in self._tools or not isinstance(message_id, int) or not isinstance(chat, str):
            return ""
        chat_id, _ = await self._repository.chat(chat)
        return await self._repository.text_of(chat_id, message_id)


def _as_it_asks(spec: ToolSpec | None, arguments: Mapping[str, object]) -> str:
    """The arguments by which a tool that asks itself has asked about this call."""
    if spec is None or not spec.asks:
        return ""
    try:
        return canonical(spec.params.model_validate(arguments).model_dump(mode="json"))
    except ValidationError:  # the tool says what is wrong
        return ""


def shown(arguments: Mapping[str, object], most: int, language: Language) -> str:
    """Arguments in plain words, about `most` characters of them: of long ones the beginning and the end."""
    texts = {name: _plain(value) for name, value in arguments.items()}
    left = most
    for number, name in enumerate(sorted(texts, key=lambda name: len(texts[name]))):
        share = left // (len(texts) - number)
        left -= min(share, len(texts[name]))
        texts[name] = _shortened(texts[name], share, language)
    return "\n".join(f"{name}: {text}" for name, text in texts.items())


def _shortened(text: str, most: int, language: Language) -> str:
    if len(text) <= most:
        return text
    end = most // 3
    left_out = words.LEFT_OUT.say(language, count=len(text) - most)
    return f"{text[: most - end]}\n{left_out}\n{text[len(text) - end :]}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else canonical({"": value})[5:-1]
