"""`jobs setup`: asks for what is needed, checks each answer where it belongs, writes it to `.env` at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from jobs.cli import EXIT_FAILED, EXIT_INTERRUPTED
from jobs.cli.answers import Answers
from jobs.cli.claude_probe import ClaudeAnswer, Verdict, ask_claude, bundled_claude
from jobs.cli.setup_telegram import set_up_telegram
from jobs.cli.terminal import InputEnded, Terminal
from jobs.core import setting_values as parse
from jobs.core.errors import StorageError
from jobs.core.i18n import Language
from jobs.core.settings import ENV_FILE
from jobs.core.words import setup as words
from jobs.telegram.auth import SignInError

_LANGUAGES = ("en", "ru", "auto")
START = "JOBS_START"
"""The environment says here with which command it is started, where that is not `make run`."""
PASSWORD_FILE = "VNC_PASSWORD_FILE"  # noqa: S105 - a name
"""And here, where the browser beside it looks for the password of its picture (docs/browser.md)."""
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""None that is taken for another."""


def main(language: Language, env_file: Path = ENV_FILE) -> int:
    """0 when everything needed is set; what was answered before a failure or Ctrl+C is kept."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  # pyright: ignore[reportUnusedImport]  # arrow keys while typing
    for chatty in ("telethon", "jobs"):
        logging.getLogger(chatty).addHandler(logging.NullHandler())  # failures are told as sentences
    terminal = Terminal(language)
    answers = Answers(terminal, env_file)
    try:
        return _ask_everything(terminal, answers)
    except SignInError as error:
        print(f"✗ {error.say(terminal.language)}")
    except InputEnded:
        terminal.say(words.INTERRUPTED, path=answers.path)
    except KeyboardInterrupt:
        terminal.say(words.INTERRUPTED, path=answers.path)
        return EXIT_INTERRUPTED
    return EXIT_FAILED


def _ask_everything(terminal: Terminal, answers: Answers) -> int:
    _ask_language(terminal, answers)
    terminal.say(words.WELCOME, path=answers.path)
    set_up_telegram(terminal, answers)
    _ask_claude(terminal, answers)
    _ask_zone(terminal, answers)
    _make_browser_password(terminal)
    settings = answers.settings
    if settings.missing:
        terminal.say(words.STILL_MISSING, names=", ".join(settings.missing))
        return 1
    terminal.say(words.ALL_SET, start=os.environ.get(START, "make run"))
    return 0


def _ask_language(terminal: Terminal, answers: Answers) -> None:
    if answers.fixed("LANGUAGE"):
        return
    current = answers.settings.language if answers.has("LANGUAGE") else terminal.language
    options = (words.LANGUAGE_EN, words.LANGUAGE_RU, words.LANGUAGE_AUTO)
    chosen = terminal.choose(words.LANGUAGE_QUESTION, options, default=_LANGUAGES.index(current))
    answers.save(LANGUAGE=_LANGUAGES[chosen])
    terminal.language = answers.settings.console_language


def _ask_claude(terminal: Terminal, answers: Answers) -> None:
    terminal.say(words.CLAUDE_SECTION)
    if answers.fixed("ANTHROPIC_API_KEY") or answers.fixed("CLAUDE_CODE_OAUTH_TOKEN"):
        _told(terminal, _check_claude(terminal, answers))
        return
    settings = answers.settings
    default = 1 if settings.claude_code_oauth_token and not settings.anthropic_api_key else 0
    by_token = terminal.choose(words.CLAUDE_KIND, (words.CLAUDE_BY_KEY, words.CLAUDE_BY_TOKEN), default=default)
    if by_token:
        terminal.say(words.HOW_TO_TOKEN, command=f"{bundled_claude() or 'claude'} setup-token")
        name, other, question, parser = (
            "CLAUDE_CODE_OAUTH_TOKEN",
            "ANTHROPIC_API_KEY",
            words.CLAUDE_TOKEN,
            parse.oauth_token,
        )
    else:
        name, other, question, parser = (
            "ANTHROPIC_API_KEY",
            "CLAUDE_CODE_OAUTH_TOKEN",
            words.CLAUDE_KEY,
            parse.anthropic_key,
        )
    while True:
        given = answers.ask_secret(name, question, parser)
        answer = _check_claude(terminal, answers, **{name: given})
        if _told(terminal, answer):
            # The other way is emptied: an API key that is left behind would win over the token.
            answers.save(**{name: given}, **({other: ""} if answers.has(other) else {}))
            return


def _check_claude(terminal: Terminal, answers: Answers, **given: str) -> ClaudeAnswer:
    settings = answers.settings
    terminal.say(words.CHECKING_CLAUDE)
    key, token = settings.anthropic_api_key, settings.claude_code_oauth_token
    if given:
        key = SecretStr(given["ANTHROPIC_API_KEY"]) if "ANTHROPIC_API_KEY" in given else None
        token = SecretStr(given["CLAUDE_CODE_OAUTH_TOKEN"]) if "CLAUDE_CODE_OAUTH_TOKEN" in given else None
    return asyncio.run(ask_claude(settings, api_key=key, token=token))


def _told(terminal: Terminal, answer: ClaudeAnswer) -> bool:
    """Say what Claude said; whether the key stays."""
    match answer.verdict:
        case Verdict.ACCEPTED:
            terminal.say(words.CLAUDE_GOOD)
            return True
        case Verdict.REFUSED:
            terminal.say(words.CLAUDE_REFUSED, status=answer.reason)
            return False
        case Verdict.UNSURE:
            terminal.say(words.CLAUDE_UNSURE, status=answer.reason)
        case Verdict.UNREACHABLE:
            terminal.say(words.CLAUDE_UNREACHABLE, reason=answer.reason)
    return terminal.confirm(words.KEEP_ANYWAY)


def _ask_zone(terminal: Terminal, answers: Answers) -> None:
    terminal.say(words.ZONE_SECTION)
    if answers.fixed("TZ"):
        return
    answers.save(TZ=answers.ask("TZ", words.ZONE, parse.zone, default=answers.settings.timezone.key))


def _make_browser_password(terminal: Terminal) -> None:
    """Where the browser wants one and has none yet: for its picture, of 8 characters, which is all that VNC takes."""
    path = Path(os.environ.get(PASSWORD_FILE, ""))
    if not path.name or path.is_file():
        return
    password = "".join(secrets.choice(_LETTERS) for _ in range(8))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.is_dir():  # Docker makes one where it is to mount a file that is not there yet
            path.rmdir()
        path.write_text(f"{password}\n", encoding="ascii")
        path.chmod(0o644)  # the browser runs as somebody else; the folder is closed to others
    except OSError as error:
        raise StorageError(
            words.ENV_FILE_NOT_WRITTEN.say(terminal.language, path=path, reason=error.strerror)
        ) from error
    terminal.say(words.BROWSER_PASSWORD, password=password, path=path)
