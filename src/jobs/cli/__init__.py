"""The command `jobs`. What a command needs is imported when it runs: `jobs health` must be quick."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, cast

from jobs import __version__
from jobs.core.errors import ConfigError, JobsError
from jobs.core.i18n import Language
from jobs.core.settings import console_language, load_settings
from jobs.core.words import cli as words

EXIT_FAILED = 1
EXIT_SETTINGS = 2
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong settings or usage, 130 Ctrl+C."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # pyright: ignore  # a terminal that has no ✓ must not end the program
    arguments = list(sys.argv[1:] if argv is None else argv)
    language = console_language()
    try:
        return _dispatch(arguments, language)
    except ConfigError as error:
        for problem in error.problems:
            print(f"✗ {problem}", file=sys.stderr)
        return EXIT_SETTINGS
    except JobsError as error:
        print(f"✗ {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print(f"\n{words.STOPPED.say(language)}", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`jobs doctor | head -1`) has left: nothing more can be said, not even while exiting.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED


def run_daemon() -> int:
    """Run the assistant until it is stopped. Raises ConfigError for whatever is wrong or missing."""
    settings = load_settings()
    settings.require_complete()
    from jobs.app import run

    asyncio.run(run(settings))
    return 0


def _dispatch(arguments: list[str], language: Language) -> int:
    if arguments[:1] == ["demo"]:
        from jobs.cli import demo

        return demo.main(arguments[1:])
    parsed = _parser(language).parse_args(arguments)
    command = cast("Callable[[argparse.Namespace, Language], int]", parsed.run)
    return command(parsed, language)


def _start(_parsed: argparse.Namespace, language: Language) -> int:
    from jobs.cli import start

    return start.main(language)


def _run(_parsed: argparse.Namespace, _language: Language) -> int:
    return run_daemon()


def _setup(_parsed: argparse.Namespace, language: Language) -> int:
    from jobs.cli import setup

    return setup.main(language)


def _doctor(parsed: argparse.Namespace, language: Language) -> int:
    from jobs.cli import doctor

    return doctor.main(language, as_json=cast("bool", parsed.json))


def _health(_parsed: argparse.Namespace, language: Language) -> int:
    from jobs.cli import health

    return health.main(language)


def _docs(_parsed: argparse.Namespace, _language: Language) -> int:
    from jobs.cli import docs

    return docs.main()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_SETTINGS, f"✗ {message}\n{self.format_usage()}")


def _parser(language: Language) -> argparse.ArgumentParser:
    parser = _Parser(prog="jobs", description=words.ABOUT.say(language), add_help=False, allow_abbrev=False)
    options = parser.add_argument_group(words.OPTIONS.say(language))
    options.add_argument("-h", "--help", action="help", help=words.HELP_HELP.say(language))
    options.add_argument("--version", action="version", version=__version__, help=words.HELP_VERSION.say(language))
    commands = parser.add_subparsers(
        dest="command", required=True, title=words.COMMANDS.say(language), metavar="COMMAND"
    )
    for name, about, run in (
        ("start", words.HELP_START, _start),
        ("run", words.HELP_RUN, _run),
        ("setup", words.HELP_SETUP, _setup),
        ("doctor", words.HELP_DOCTOR, _doctor),
        ("health", words.HELP_HEALTH, _health),
        ("demo", words.HELP_DEMO, None),  # takes its own arguments, see _dispatch
        ("docs", words.HELP_DOCS, _docs),
    ):
        command = commands.add_parser(name, help=about.say(language), description=about.say(language), add_help=False)
        command.add_argument("-h", "--help", action="help", help=words.HELP_HELP.say(language))
        command.set_defaults(run=run)
        if name == "doctor":
            command.add_argument("--json", action="store_true", help=words.HELP_JSON.say(language))
    return parser
