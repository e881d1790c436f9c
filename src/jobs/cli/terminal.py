"""A conversation in a terminal: say, ask, ask for a secret, choose."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Sequence

from jobs.core.i18n import Language, Words
from jobs.core.words import setup as words


def readable_size(size: int) -> str:
    """A number of bytes for a person."""
    for unit, factor in (("MB", 1_000_000), ("kB", 1000)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}" if size < 10 * factor else f"{size // factor} {unit}"
    return f"{size} B"


class InputEnded(Exception):
    """There is nobody left to answer (end of input)."""


class Terminal:
    """Asks on the terminal, or on standard input where that is none, in `language`."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def say(self, sentence: Words, **values: object) -> None:
        print(sentence.say(self.language, **values))

    def ask(self, question: Words, *, default: str = "", **values: object) -> str:
        """A line, without the spaces around it; `default` for an empty one."""
        shown = f" [{default}]" if default else ""
        return self._read(f"{question.say(self.language, **values)}{shown}: ", input) or default

    def ask_secret(self, question: Words, *, kept: bool = False, **values: object) -> str:
        """Like `ask`, but nothing typed is shown; "" where something is `kept` and the answer is empty."""
        shown = f" [{words.KEPT.say(self.language)}]" if kept else ""
        reader = getpass.getpass if sys.stdin.isatty() else input
        return self._read(f"{question.say(self.language, **values)}{shown}: ", reader)

    def confirm(self, question: Words, *, default: bool = True, **values: object) -> bool:
        """Yes or no, in either language."""
        choices = words.YES_OR_NO.say(self.language) if default else words.NO_OR_YES.say(self.language)
        while True:
            answer = self._read(f"{question.say(self.language, **values)} [{choices}]: ", input).lower()
            if answer in ("", "y", "yes", "д", "да", "n", "no", "н", "нет"):
                return default if not answer else answer[0] in "yд"
            self.say(words.ANSWER_YES_OR_NO)

    def choose(self, question: Words, options: Sequence[Words], *, default: int = 0) -> int:
        """The index of the option whose number is typed."""
        self.say(question)
        for number, option in enumerate(options, start=1):
            print(f"  {number}. {option.say(self.language)}")
        while True:
            answer = self.ask(words.YOUR_CHOICE, default=str(default + 1))
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                return int(answer) - 1
            self.say(words.CHOOSE_A_NUMBER, last=len(options))

    def _read(self, prompt: str, reader: Callable[[str], str]) -> str:
        try:
            return reader(prompt).strip()
        except EOFError:
            raise InputEnded from None
