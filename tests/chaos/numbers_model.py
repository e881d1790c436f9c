"""The model of the chaos tests: it calls one tool for each number the owner sends, then echoes the numbers."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from jobs.sandbox.claude import Block, Message, ModelRequest, Reply, Text, ToolUse, Usage

SEND = "mcp__jobs__tg_send_message"
FRIEND = "frida"

_NUMBER = re.compile(r"\bnumber (\d+)\b")
_DONE_BEFORE = re.compile(r"Done before the interruption: (.*)", re.DOTALL)
_EFFECT = re.compile(r"\beffect (\d+)\b")
_WORDS = [
    "alpha",
    "bravo",
    "charlie",
    "delta",
    "echo",
    "foxtrot",
    "golf",
    "hotel",
    "india",
    "juliet",
    "kilo",
    "lima",
    "mike",
    "november",
]
_SMALL = Usage(input_tokens=1_000, output_tokens=50)
"""Figures that never make the CLI compact the conversation."""


def request_text(number: int) -> str:
    """What the owner writes."""
    return f"number {number}"


def effect_text(number: int) -> str:
    """What the tool call writes to the friend."""
    return f"effect {number}"


@dataclass
class Understanding:
    """What a model knows from a conversation: numbers that have no answer, and those whose call succeeded."""

    forgetful: bool
    open: dict[int, None] = field(default_factory=dict[int, None])
    called: set[int] = field(default_factory=set[int])
    _calls: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, messages: Iterable[Message], *, forgetful: bool) -> Understanding:
        found = cls(forgetful)
        for message in messages:
            found._hear(message)
        return found

    @property
    def to_call(self) -> list[int]:
        return [number for number in self.open if number not in self.called]

    def _hear(self, message: Message) -> None:
        if message.role == "assistant":
            calls = [block for block in message.content if block.type == "tool_use"]
            for block in calls:
                self._calls.update((block.id, number) for number in _numbers(_EFFECT, str(block.input)))
            if not calls and message.texts:
                self.open.clear()
            return
        for block in message.content:
            if block.type == "tool_result":
                self._take_result(block)
            elif block.type == "text":
                self._read(block.text)

    def _take_result(self, block: Block) -> None:
        number = self._calls.get(block.tool_use_id)
        if number is not None and not block.is_error:
            self.called.add(number)

    def _read(self, text: str) -> None:
        for number in _numbers(_NUMBER, text):
            self.open[number] = None
            if self.forgetful:
                # It was said (again): this model takes it for a new request and calls blindly.
                self.called.discard(number)
        done = _DONE_BEFORE.search(text)
        if done and not self.forgetful:
            self.called.update(_numbers(_EFFECT, done[1]))


def _numbers(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    return (int(found) for found in pattern.findall(text))


@dataclass
class NumbersModel:
    """Set as the script of the Messages API. What it says is random; what it decides comes from the request alone."""

    rng: random.Random
    forgetful: bool = False
    """Ignore what the program tells of an interruption, so that only the journal keeps effects single."""
    pace: Literal["slow"] | None = None
    """Stream every answer slowly, or now and then."""
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    """Rings when an answer begins to be written."""

    async def __call__(self, request: ModelRequest) -> Reply:
        if request.is_background:
            return Reply([Text("Numbers were sent, and answered.")], usage=_SMALL)
        known = Understanding.of(request.messages, forgetful=self.forgetful)
        await asyncio.sleep(self.rng.choice((0.0, 0.0, 0.05, 0.3)))
        return Reply(list(self._decide(known)), usage=_SMALL)

    def _decide(self, known: Understanding) -> Iterator[Text | ToolUse]:
        if known.to_call:
            if self.rng.random() < 0.2:
                yield Text(remark(known.to_call[0]))
            several = known.to_call if self.rng.random() < 0.5 else known.to_call[:1]
            for number in several:
                yield ToolUse(SEND, {"to": f"@{FRIEND}", "text": effect_text(number)})
        else:
            self.answering.set()
            yield self._answer(sorted(known.open))

    def _answer(self, numbers: Sequence[int]) -> Text:
        slow = self.pace == "slow" or self.rng.random() < 0.15
        parts = [answer(number, self.rng.choices(_WORDS, k=self.rng.randint(0, 40))) for number in numbers]
        text = "\n\n".join(parts) or "There is nothing to do."
        if not slow:
            return Text(text)
        pieces = self.rng.randint(8, 20)
        size = len(text) // pieces + 1
        chunks = [text[start : start + size] for start in range(0, len(text), size)]
        return Text(chunks=chunks, delay=self.rng.uniform(1.0, 2.5) / pieces)


def remark(number: int) -> str:
    """What the model may say before it calls the tool; it stays in the answer."""
    return f"Looking at {number} now."


def answer(number: int, words: Sequence[str]) -> str:
    """One number's answer: marked at both ends, so that a torn one shows."""
    return f"answer {number}: {' '.join([*words, f'end of {number}'])}."


_PART = re.compile(r"answer (?P<number>\d+): (?:[a-z]+ )*end of (?P=number)\.|Looking at \d+ now\.")


def answered_numbers(text: str) -> list[int] | None:
    """The numbers that a message of the assistant answers, in its order; None when it is not whole answers."""
    numbers: list[int] = []
    for part in text.split("\n\n"):
        whole = _PART.fullmatch(part)
        if whole is None:
            return None
        if whole["number"]:
            numbers.append(int(whole["number"]))
    return numbers
