"""`jobs start`, what `make run` calls: run the assistant, or help a person who has not set it up yet."""

from __future__ import annotations

import sys
from pathlib import Path

from jobs.cli import EXIT_FAILED, run_daemon
from jobs.cli.terminal import InputEnded, Terminal
from jobs.core.i18n import Language
from jobs.core.settings import load_settings
from jobs.core.words import cli as words


def main(language: Language) -> int:
    """Raises ConfigError for wrong settings, and for half-done ones where nobody can be asked."""
    settings = load_settings()
    signed_in = settings.tg_session_path.exists()
    if not settings.missing and signed_in:
        return run_daemon()
    if sys.stdin.isatty() and sys.stdout.isatty():
        return _offer(language, nothing_yet=settings.unconfigured)
    if settings.unconfigured:
        return _tour(language)
    return run_daemon()  # which says what is missing


def _offer(language: Language, *, nothing_yet: bool) -> int:
    terminal = Terminal(language)
    question = words.NOT_SET_UP if nothing_yet else words.HALF_SET_UP
    try:
        choice = terminal.choose(question, (words.CHOOSE_SETUP, words.CHOOSE_DEMO))
    except InputEnded:
        return EXIT_FAILED
    if choice == 1:
        from jobs.cli import demo

        return demo.main([])
    from jobs.cli import setup

    if failed := setup.main(language):
        return failed
    terminal.say(words.STARTING)
    return run_daemon()


def _tour(language: Language) -> int:
    from jobs.cli import demo

    code = demo.tour()
    program = Path(sys.argv[0])
    command = f"{sys.executable} -m jobs" if program.name == "__main__.py" else str(program)
    print("\n" + words.HOW_TO_SET_UP.say(language, command=f"{command} setup"))
    return code
