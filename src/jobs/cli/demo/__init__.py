"""`jobs demo`: look around in a world on this machine, in a chat or as a short tour."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager

from jobs.core.i18n import Language
from jobs.core.settings import Settings
from jobs.core.words import cli as cli_words
from jobs.core.words import demo as words


def main(argv: list[str]) -> int:
    """Open the chat, or play the tour where there is no terminal for one. Returns the exit code."""
    settings, _ = Settings.load_what_works()  # what is wrong in them does not concern the demo
    language = settings.console_language
    parsed = _parser(language).parse_args(argv)
    if parsed.tour or not _can_draw():
        return tour()
    print(words.OPENING.say(language), flush=True)
    with _undisturbed():
        from jobs.cli.demo.session import chat
    return chat(language, settings, scripted=parsed.scripted)


def tour() -> int:
    """Print a short scripted conversation with the real program; 1, after one sentence, when it fails."""
    settings, _ = Settings.load_what_works()
    language = settings.console_language
    from jobs.cli.demo.ending import run
    from jobs.cli.demo.tour import play
    from jobs.cli.demo.world import DemoError, Plan

    try:
        run(play(Plan(language, settings.timezone.key)))
    except DemoError as error:
        sentence = str(error)
    except OSError as error:
        sentence = words.DEMO_FAILED.say(language, reason=error)
    else:
        return 0
    print(f"✗ {sentence}", file=sys.stderr)
    return 1


def _can_draw() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


@contextmanager
def _undisturbed() -> Generator[None]:
    """Keep Ctrl+C back until the block ends: in the middle of Textual's import it would not look like one."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _parser(language: Language) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jobs demo", description=words.ABOUT.say(language), add_help=False, allow_abbrev=False
    )
    options = parser.add_argument_group(cli_words.OPTIONS.say(language))
    options.add_argument("-h", "--help", action="help", help=cli_words.HELP_HELP.say(language))
    options.add_argument("--tour", action="store_true", help=words.OPTION_TOUR.say(language))
    options.add_argument("--scripted", action="store_true", help=words.OPTION_SCRIPTED.say(language))
    return parser
