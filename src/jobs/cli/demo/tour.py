"""The demo without a terminal: a short conversation, played and printed as it happens."""

from __future__ import annotations

import asyncio
import shutil
import textwrap
from collections.abc import Iterator

from jobs.cli.demo.segments import segments
from jobs.cli.demo.world import DemoError, Plan, World
from jobs.core.i18n import Language
from jobs.core.rich_text import RichText
from jobs.core.words import demo as words
from jobs.sandbox.chat import ChatMessage, Shown
from jobs.sandbox.claude import Reply, Text, ToolUse
from jobs.telegram.commands import parse_command
from jobs.telegram.render import render, split
from jobs.users.status import status_line

_STEP_SECONDS = 15.0
_WIDTH = min(shutil.get_terminal_size().columns, 100)


async def play(plan: Plan) -> None:
    """Print the whole tour. Raises DemoError when something in it fails."""
    language = plan.language
    _say(words.TOUR_TITLE.say(language))
    async with plan.open(lambda step: print(f"  {step}", flush=True)) as world:
        print()
        for line in words.TOUR:
            await _Step(world, language, line.say(language)).play()
    _say(words.TOUR_END.say(language))


class _Step:
    """One sentence of the owner, and what the assistant makes of it."""

    def __init__(self, world: World, language: Language, text: str) -> None:
        self._world = world
        self._language: Language = language
        self._text = text
        self._question: int | None = None
        self._seen: dict[int, ChatMessage] = {}
        self._printed: set[str] = set()
        self._first_reply = len(world.stage.claude.requests)
        you, jobs = words.TOUR_YOU.say(language), "Jobs"
        self._margin = max(len(you), len(jobs)) + 2
        self._you, self._jobs = you.ljust(self._margin), jobs.ljust(self._margin)

    async def play(self) -> None:
        """Send it, print the tools at work, then the answer. Raises DemoError when none comes."""
        self._print(self._you, [self._text])
        await self._world.chat.send(self._text)
        try:
            async with asyncio.timeout(_STEP_SECONDS):
                while not self._is_answered():
                    await self._look()
        except TimeoutError:
            reason = words.NO_SIGN.say(self._language, text=self._text, seconds=f"{_STEP_SECONDS:.0f}")
            raise DemoError(words.DEMO_FAILED.say(self._language, reason=reason)) from None
        self._print_new_lines(self._tool_lines())
        self._print(self._jobs, [line for m in self._answers for line in _lines(m.content)])
        print()

    async def _look(self) -> None:
        event = await self._world.chat.next_event()
        if not isinstance(event, Shown):
            return
        if event.message.mine:
            self._question = event.message.id
        else:
            self._seen[event.message.id] = event.message
            self._print_tools(event.message)

    @property
    def _answers(self) -> list[ChatMessage]:
        """What came after the question: not a late touch to an earlier answer."""
        return [m for m in self._seen.values() if self._question is not None and m.id > self._question]

    def _print_tools(self, message: ChatMessage) -> None:
        """Print the tool that the chat shows at work, after those that were too quick to be seen there."""
        lines = self._tool_lines()
        at_work = next((i for i, line in enumerate(lines) if message.content.text.endswith(line)), -1)
        self._print_new_lines(lines[: at_work + 1])

    def _print_new_lines(self, lines: list[str]) -> None:
        for line in lines:
            if line not in self._printed:
                self._printed.add(line)
                self._print(" " * self._margin, [line])

    def _is_answered(self) -> bool:
        """Whether the chat shows the whole answer, not a part of it that is still growing."""
        if parse_command(self._text):
            return bool(self._answers)
        replies = self._replies()
        if not replies or any(isinstance(block, ToolUse) for block in replies[-1].blocks):
            return False
        markdown = "".join(block.whole for block in replies[-1].blocks if isinstance(block, Text))
        return [m.content.text for m in self._answers] == [part.text for part in split(render(markdown))]

    def _replies(self) -> list[Reply]:
        records = list(self._world.stage.claude.requests)[self._first_reply :]
        return [record.reply for record in records if record.reply is not None]

    def _tool_lines(self) -> list[str]:
        calls = [block for reply in self._replies() for block in reply.blocks if isinstance(block, ToolUse)]
        return [status_line({}, call.name, call.input, self._language) for call in calls]

    def _print(self, label: str, lines: list[str]) -> None:
        for line in lines:
            print(f"{label}{line}".rstrip(), flush=True)
            label = " " * self._margin


def _say(text: str) -> None:
    print("\n".join(textwrap.wrap(text, _WIDTH)), flush=True)


def _lines(content: RichText) -> Iterator[str]:
    for segment in segments(content):
        if segment.apart:
            yield ""
        for line in segment.text.splitlines():
            if segment.kind == "pre":
                yield f"  │ {line}"
            else:
                mark = "  > " if segment.kind == "quote" else ""
                hanging = "  " if line.lstrip().startswith("•") else ""
                wrapped = textwrap.wrap(line, _WIDTH - 8, subsequent_indent=hanging) or [""]
                yield from (f"{mark}{part}" for part in wrapped)
