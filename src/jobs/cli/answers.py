"""The answers of `jobs setup`: each is checked as a setting, and saved as soon as it is known to be good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dotenv import dotenv_values

from jobs.cli.env_file import update_env_file
from jobs.cli.terminal import Terminal
from jobs.core.errors import ConfigError, StorageError
from jobs.core.i18n import Words
from jobs.core.setting_sources import Environment
from jobs.core.setting_values import BadValueError
from jobs.core.settings import SECRETS, Settings
from jobs.core.words import setup as words


class Answers:
    """What stands in `.env` and the environment, read again after every change.

    Raises ConfigError for a `.env` that cannot be read, or is to be in a folder that was deleted.
    """

    def __init__(self, terminal: Terminal, env_file: Path) -> None:
        self._terminal = terminal
        try:
            self.path: Path = env_file.resolve()
        except FileNotFoundError as error:
            raise ConfigError(words.FOLDER_GONE.say(terminal.language)) from error
        self.settings: Settings
        self.settings, problems = Settings.load_what_works(self.path)
        if unreadable := problems.get(str(self.path)):
            raise ConfigError(unreadable)

    def fixed(self, name: str) -> bool:
        """Whether the environment decides, so that an answer in `.env` would have no effect; says so."""
        environment = Environment(Settings).env_vars
        given = environment.get(name.lower()) or (name in SECRETS and environment.get(f"{name}_file".lower()))
        if given:
            self._terminal.say(words.FROM_ENVIRONMENT, name=name)
        return bool(given)

    def has(self, name: str) -> bool:
        """Whether `.env` has a value for it."""
        return self.path.exists() and bool(dotenv_values(self.path).get(name))

    def save(self, **values: str) -> None:
        """Write to `.env` now. Raises StorageError when that is impossible."""
        try:
            update_env_file(self.path, values)
        except OSError as error:
            sentence = words.ENV_FILE_NOT_WRITTEN
            problem = sentence.say(self._terminal.language, path=self.path, reason=error.strerror)
            raise StorageError(problem) from error
        self.settings = Settings.load_what_works(self.path)[0]

    def ask(self, name: str, question: Words, parser: Callable[[object], object], *, default: str = "") -> str:
        """A line that `parser` accepts; what is wrong with one that it refuses is said before asking again."""
        while True:
            answer = self._terminal.ask(question, default=default)
            if answer and self._acceptable(name, answer, parser):
                return answer

    def ask_secret(self, name: str, question: Words, parser: Callable[[object], object]) -> str:
        """Like `ask`, unseen; an empty answer is the value that `.env` has already."""
        kept = dotenv_values(self.path).get(name) if self.path.exists() else None
        while True:
            answer = self._terminal.ask_secret(question, kept=bool(kept)) or kept
            if answer and self._acceptable(name, answer, parser):
                return answer

    def _acceptable(self, name: str, answer: str, parser: Callable[[object], object]) -> bool:
        try:
            parser(answer)
        except BadValueError as problem:
            print(problem.say(name, self._terminal.language))
            return False
        return True
