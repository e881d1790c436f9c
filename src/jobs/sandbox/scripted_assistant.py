"""The demo's stand-in for a model: it recognises a few sentences, really uses the tools, and understands nothing."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass

from jobs.core.i18n import Language
from jobs.core.words import demo as words
from jobs.sandbox.claude import Block, Message, ModelRequest, Reply, Text, ToolUse, Usage, say

Steps = Generator[ToolUse, Block, str]
"""Calls tools and receives their results; returns the answer as Markdown."""

_STAMP = re.compile(r"\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d [^\n]*\]")
_NOT_THE_OWNERS = ("<system-reminder>", "[Image: source:", "[Request interrupted", "[The program was interrupted")
_MEANWHILE = re.compile(r"The user sent a new message while you were working:\n\[[^\n]*\]\n(.*?)\n\nThis is how ", re.S)
_READ_LINE = re.compile(r"^\s*\d+[→\t](.*)$", re.M)
_LONGEST_OUTPUT = 1500
_WORDS_AT_ONCE = 3
_FREE = Usage(0, 0)
"""A script costs nothing, and /usage must not say otherwise."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One message of the owner: what it says, and the pictures that came with it."""

    text: str
    pictures: Sequence[Block] = ()

    @property
    def language(self) -> Language | None:
        """The language that it is written in; None where nothing tells."""
        if re.search("[а-яё]", self.text, re.I):
            return "ru"
        return "en" if re.search("[a-z]", self.text, re.I) else None


class ScriptedAssistant:
    """A `Script` for the sandbox's Messages API.

    It keeps nothing: what it said and did so far is read from each request. With `pace` 0 it answers at once;
    with 1 it takes its time, so that a person sees what happens.
    """

    def __init__(self, language: Language, *, pace: float = 1.0) -> None:
        self._language: Language = language
        self._pace = pace

    async def __call__(self, request: ModelRequest) -> Reply:
        if request.is_background:
            return say("")
        turn = _Turn.of(request.messages)
        # With a result at hand the tool's line is on the screen just now: leave it there for a moment.
        await asyncio.sleep((0.9 if turn.results else 0.4) * self._pace)
        answers: list[str] = []
        results = iter(turn.results)
        for wish in turn.wishes or [Wish("")]:
            steps = _steps(wish, wish.language or self._language)
            answer = _replay(steps, results)
            if isinstance(answer, ToolUse):
                return Reply([answer], usage=_FREE)
            answers.append(answer)
        if turn.is_first:
            language = turn.wishes[0].language if turn.wishes else None
            answers.insert(0, words.I_AM_A_SCRIPT.say(language or self._language))
        text = "\n\n".join(answers)
        return Reply([Text(text, chunks=_chunks(text), delay=0.05 * self._pace)], usage=_FREE)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What the owner wants in this turn, the results of the tools called in it, and whether it is the first."""

    wishes: Sequence[Wish]
    results: Sequence[Block]
    is_first: bool

    @classmethod
    def of(cls, messages: Sequence[Message]) -> _Turn:
        start = max((i for i, message in enumerate(messages) if _begins_turn(message)), default=0)
        wishes = list(_wishes(messages[start])) if messages else []
        results: list[Block] = []
        for message in messages[start + 1 :]:
            results += [block for block in message.content if block.type == "tool_result"]
            wishes += [Wish(match[1]) for text in message.texts for match in _MEANWHILE.finditer(text)]
        answered = any(m.role == "assistant" and any(t.strip() for t in m.texts) for m in messages[:start])
        return cls(wishes, results, not answered)


def _begins_turn(message: Message) -> bool:
    return message.role == "user" and any(_STAMP.fullmatch(text) for text in message.texts)


def _wishes(message: Message) -> Iterable[Wish]:
    """The owner's messages: each begins with a line that says when it was sent."""
    parts: list[list[Block]] = []
    for block in message.content:
        if block.type == "text" and _STAMP.fullmatch(block.text):
            parts.append([])
        elif parts:
            parts[-1].append(block)
    for part in parts:
        texts = [b.text for b in part if b.type == "text" and not b.text.lstrip().startswith(_NOT_THE_OWNERS)]
        yield Wish("\n".join(texts).strip(), [block for block in part if block.type == "image"])


def _replay(steps: Steps, results: Iterable[Block]) -> ToolUse | str:
    """Go through the steps with the results that are there: the call to make next, or the answer."""
    try:
        wanted = next(steps)
        for result in results:
            wanted = steps.send(result)
    except StopIteration as end:
        return str(end.value)
    return wanted


def _chunks(text: str) -> list[str]:
    parts = re.findall(r"\s*\S+", text)
    return ["".join(parts[i : i + _WORDS_AT_ONCE]) for i in range(0, len(parts), _WORDS_AT_ONCE)]


def _steps(wish: Wish, language: Language) -> Steps:
    if wish.pictures:
        return _about_pictures(wish.pictures, language)
    for pattern, steps in _INTENTS:
        if match := pattern.search(wish.text):
            return steps(match, language)
    return _not_understood(language)


# What it does for each wish


def _run(command: str, language: Language) -> Steps:
    result = yield ToolUse("Bash", {"command": command, "description": "Run what the owner asked for"})
    output = result.plain.strip()
    if result.is_error:
        return words.COMMAND_FAILED.say(language, output=_fenced(output))
    if not output or output == "(Bash completed with no output)":
        return words.COMMAND_SILENT.say(language)
    return words.COMMAND_DONE.say(language, output=_fenced(output))


def _list_files(_match: re.Match[str], language: Language) -> Steps:
    result = yield ToolUse("Bash", {"command": "ls -lh", "description": "List the working folder"})
    return words.FILES_FOUND.say(language, output=_fenced(result.plain.strip()))


def _tell_time(_match: re.Match[str], language: Language) -> Steps:
    return _run("date", language)


def _run_command(match: re.Match[str], language: Language) -> Steps:
    return _run(match[1].strip().strip("`"), language)


def _read_file(match: re.Match[str], language: Language) -> Steps:
    name = match[1]
    result = yield ToolUse("Read", {"file_path": name})
    if result.is_error:
        return words.FILE_NOT_READ.say(language, name=name)
    return words.FILE_READ.say(language, name=name, output=_fenced(_content(result)))


def _note(match: re.Match[str], language: Language) -> Steps:
    line = _one_line(match[1])
    problem = yield from _append("notes.txt", line, title="")
    if problem:
        return words.NOT_WRITTEN.say(language, name="notes.txt", output=_fenced(problem))
    return words.NOTED.say(language, line=line)


def _remember(match: re.Match[str], language: Language) -> Steps:
    line = _one_line(match[1])
    problem = yield from _append("MEMORY.md", line, title=words.MEMORY_TITLE.say(language) + "\n")
    if problem:
        return words.NOT_WRITTEN.say(language, name="MEMORY.md", output=_fenced(problem))
    return words.REMEMBERED.say(language, line=line)


def _recall(_match: re.Match[str], language: Language) -> Steps:
    result = yield ToolUse("Read", {"file_path": "MEMORY.md"})
    lines = [] if result.is_error else [line for line in _content(result).splitlines() if line.startswith("- ")]
    if not lines:
        return words.NOTHING_REMEMBERED.say(language)
    return words.RECALLED.say(language, lines="\n".join(lines))


def _show_formatting(_match: re.Match[str], language: Language) -> Steps:
    return _tell(words.FORMATTING.say(language))


def _go_slow(_match: re.Match[str], language: Language) -> Steps:
    command = "for n in $(seq 15); do echo $n; sleep 1; done"
    yield ToolUse("Bash", {"command": command, "description": "Count slowly"})
    return words.SLOW_DONE.say(language)


def _introduce(_match: re.Match[str], language: Language) -> Steps:
    return _tell(words.ABILITIES.say(language))


def _not_understood(language: Language) -> Steps:
    return _tell(f"{words.NOT_UNDERSTOOD.say(language)} {words.ABILITIES.say(language)}")


def _about_pictures(pictures: Sequence[Block], language: Language) -> Steps:
    lines: list[str] = []
    for source in (picture.source for picture in pictures):
        size = len(base64.b64decode(source.data)) if source else 0
        media_type = source.media_type if source else "?"
        lines.append(words.PICTURE.say(language, media_type=media_type, size=size))
    return _tell("\n\n".join(lines))


def _tell(answer: str) -> Steps:
    yield from ()
    return answer


def _append(name: str, line: str, *, title: str) -> Generator[ToolUse, Block, str]:
    """Add a point to the end of a file in the working folder; returns what went wrong, "" when nothing did."""
    before = yield ToolUse("Read", {"file_path": name})
    text = title if before.is_error else _content(before) + "\n"
    written = yield ToolUse("Write", {"file_path": name, "content": f"{text}- {line}\n"})
    return written.plain.strip() if written.is_error else ""


def _content(result: Block) -> str:
    """A file's text out of the Read tool's numbered lines."""
    return "\n".join(_READ_LINE.findall(result.plain)).rstrip()


def _fenced(output: str) -> str:
    if len(output) > _LONGEST_OUTPUT:
        output = output[:_LONGEST_OUTPUT] + "\n…"
    ticks = max((len(run) for run in re.findall("`+", output)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}\n{output}\n{fence}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


_INTENTS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str], Language], Steps]]] = (
    (_pattern(r"^(?:please |can you )?(?:run|execute|выполни|запусти)\b[:\s]+(.+)"), _run_command),
    (_pattern(r"\bwhat do you (?:remember|know)|что (?:ты )?(?:помнишь|знаешь)"), _recall),
    (_pattern(r"^(?:(?:please )?remember(?: that)?|запомни(?:,? что)?)[:,\s]+(.+)"), _remember),
    (_pattern(r"^(?:(?:(?:write|make|take|add) )?(?:a |down )?note|запиши|заметка)[:,\s]+(.+)"), _note),
    (_pattern(r"^(?:read|show|open|cat|прочитай|прочти|открой|покажи)\s+(\S+\.\w+)$"), _read_file),
    (_pattern(r"^ls$|^files$|\b(?:list|show|what|which)\b.*\bfiles?\b|файл"), _list_files),
    (_pattern(r"\bformat|\bmarkdown|\blong\b|оформлени|формат|разметк|длинн"), _show_formatting),
    (_pattern(r"\bslow|медленн|долг|не торопясь"), _go_slow),
    (_pattern(r"^date\b|\bwhat (?:time|day)\b|котор\w+ час|сколько времени|какое сегодня|^дата"), _tell_time),
    (
        _pattern(r"^(?:hi|hello|hey|help)\b|what can you|who are you|^(?:привет|здравствуй|помощь)|умеешь|кто ты"),
        _introduce,
    ),
)
