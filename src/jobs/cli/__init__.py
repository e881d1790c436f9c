"""The command `jobs`. What a command needs is imported when it runs: `jobs health` must be quick."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, cast

from jobs import __version__
from jobs.core.errors import ConfigError, JobsError
from jobs.core.i18n import Language
from jobs.core.settings import console_language, load_settings
from jobs.core.words import backup as backup_words
from jobs.core.words import cli as words
from jobs.core.words import importing as import_words
from jobs.core.words import updating as update_words

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
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # pressed again while Python ends, it would kill it
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
    from jobs.cli import daemon

    return daemon.main(settings)


def _dispatch(arguments: list[str], language: Language) -> int:
    if arguments[:1] == ["demo"]:
        from jobs.cli import demo

        return demo.main(arguments[1:])
    parsed = _parser(language).parse_args(arguments)
    if parsed.command not in ("docs", "rollback"):  # which must work where the release does not
        from jobs.cli import daemon

        daemon.lead(arguments, language)
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


def _import(parsed: argparse.Namespace, language: Language) -> int:
    from jobs.cli import importing

    return importing.main(language, cast("Path", parsed.path), dry_run=cast("bool", parsed.dry_run))


def _backup(parsed: argparse.Namespace, language: Language) -> int:
    from jobs.cli import backup

    return backup.backup(language, cast("Path | None", parsed.file), ask=cast("bool", parsed.passphrase))


def _restore(parsed: argparse.Namespace, language: Language) -> int:
    from jobs.cli import backup

    return backup.restore_backup(language, cast("Path", parsed.file), ask=cast("bool", parsed.passphrase))


def _update(parsed: argparse.Namespace, language: Language) -> int:
    from jobs.cli import update

    wanted = update.Wanted(check=parsed.check, yes=parsed.yes, to=parsed.to, lines=parsed.lines)
    return update.main(language, wanted)


def _rollback(parsed: argparse.Namespace, language: Language) -> int:
    from jobs.cli import update

    return update.rollback(language, yes=cast("bool", parsed.yes))


def _check_data(parsed: argparse.Namespace, _language: Language) -> int:
    from jobs.cli import update

    return update.check_data(cast("Path", parsed.folder))


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
        ("import", import_words.HELP, _import),
        ("backup", backup_words.HELP, _backup),
        ("restore", backup_words.HELP_RESTORE, _restore),
        ("update", update_words.HELP, _update),
        ("rollback", update_words.HELP_ROLLBACK, _rollback),
        ("check-data", update_words.HELP_CHECK_DATA, _check_data),
        ("docs", words.HELP_DOCS, _docs),
    ):
        command = commands.add_parser(name, help=about.say(language), description=about.say(language), add_help=False)
        command.add_argument("-h", "--help", action="help", help=words.HELP_HELP.say(language))
        command.set_defaults(run=run)
        if name == "doctor":
            command.add_argument("--json", action="store_true", help=words.HELP_JSON.say(language))
        if name in ("backup", "restore"):
            about_file = backup_words.HELP_FILE if name == "backup" else backup_words.HELP_RESTORE_FILE
            nargs = "?" if name == "backup" else None
            command.add_argument("file", type=Path, metavar="FILE", nargs=nargs, help=about_file.say(language))
            command.add_argument("--passphrase", action="store_true", help=backup_words.HELP_PASSPHRASE.say(language))
        if name == "import":
            command.add_argument("kind", choices=("openclaw", "nanobot"), help=import_words.HELP_KIND.say(language))
            command.add_argument("path", type=Path, metavar="PATH", help=import_words.HELP_PATH.say(language))
            command.add_argument("--dry-run", action="store_true", help=import_words.HELP_DRY_RUN.say(language))
        _add_update_options(name, command, language)
    return parser


def _add_update_options(name: str, command: argparse.ArgumentParser, language: Language) -> None:
    if name == "update":
        command.add_argument("--check", action="store_true", help=update_words.HELP_CHECK.say(language))
        command.add_argument("--to", default="", metavar="COMMIT", help=update_words.HELP_TO.say(language))
        command.add_argument("--lines", action="store_true", help=update_words.HELP_LINES.say(language))
    if name in ("update", "rollback"):
        command.add_argument("--yes", action="store_true", help=update_words.HELP_YES.say(language))
    if name == "check-data":
        command.add_argument("folder", type=Path, metavar="FOLDER", help=update_words.HELP_FOLDER.say(language))
