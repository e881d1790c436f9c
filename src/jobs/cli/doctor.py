"""`jobs doctor`: one line a check, ✓ or ✗ with the remedy; exit 1 if anything is wrong."""

from __future__ import annotations

import asyncio
import json
import logging
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path

from jobs.cli.browser_check import BrowserCheck
from jobs.cli.checks import Examination, Finding
from jobs.cli.search_check import NotesSearch
from jobs.core.i18n import Language, Words
from jobs.core.settings import ENV_FILE, Settings
from jobs.core.words import cli as words

_SECONDS = 10.0
"""The time a check may take."""


def main(language: Language, *, as_json: bool = False, env_file: Path = ENV_FILE) -> int:
    """Run every check at once and print what they found, in a fixed order."""
    for chatty in ("telethon", "jobs"):
        logging.getLogger(chatty).addHandler(logging.NullHandler())  # failures are told as sentences
    settings, problems = Settings.load_what_works(env_file)
    if settings.language != "auto":
        language = settings.language
    examination = Examination(settings, problems, language, env_file)
    checks = (
        ("settings", words.CHECK_SETTINGS, examination.settings),
        ("env_file", words.CHECK_ENV_FILE, examination.env_file),
        ("data_folder", words.CHECK_DATA, examination.data_folder),
        ("workspace_folder", words.CHECK_WORKSPACE, examination.workspace_folder),
        ("disk", words.CHECK_DISK, examination.disk),
        ("telegram", words.CHECK_TELEGRAM, examination.telegram),
        ("claude", words.CHECK_CLAUDE, examination.claude),
        ("clock", words.CHECK_CLOCK, examination.clock),
        ("claude_program", words.CHECK_CLI, examination.claude_program),
        ("search", words.CHECK_SEARCH, NotesSearch(settings, language).check),
        ("browser", words.CHECK_BROWSER, BrowserCheck(settings, language).check),
        ("versions", words.CHECK_VERSIONS, examination.versions),
    )
    findings = asyncio.run(_examine([check for _, _, check in checks], language))
    if as_json:
        names = [name for name, _, _ in checks]
        print(json.dumps([_as_json(*pair) for pair in zip(names, findings, strict=True)], ensure_ascii=False, indent=2))
    else:
        for (_, title, _), finding in zip(checks, findings, strict=True):
            print(_line(title, finding, language))
    return 0 if all(finding.ok for finding in findings) else 1


async def _examine(checks: list[Callable[[], Awaitable[Finding]]], language: Language) -> list[Finding]:
    return await asyncio.gather(*(bounded(check, language) for check in checks))


async def bounded(check: Callable[[], Awaitable[Finding]], language: Language, seconds: float = _SECONDS) -> Finding:
    """The check's finding; one that crashes or takes longer than `seconds` is a finding of its own."""
    try:
        async with asyncio.timeout(seconds):
            return await check()
    except TimeoutError:
        detail = words.CHECK_SLOW.say(language, seconds=f"{seconds:g}")
        return Finding(False, detail, words.CHECK_SLOW_REMEDY.say(language))
    except Exception as error:  # noqa: BLE001 - a broken check must not hide what the others found
        detail = words.CHECK_CRASHED.say(language, reason=f"{type(error).__name__}: {error}")
        return Finding(False, detail, words.CHECK_CRASHED_REMEDY.say(language))


def _line(title: Words, finding: Finding, language: Language) -> str:
    told = [*finding.detail.splitlines(), *([f"→ {finding.remedy}"] if finding.remedy else [])]
    several = "\n" in finding.detail
    text = "\n" + textwrap.indent("\n".join(told), "    ") if several else " " + " ".join(told)
    return f"{'✓' if finding.ok else '✗'} {title.say(language)}:{text}"


def _as_json(name: str, finding: Finding) -> dict[str, str | bool]:
    return {"name": name, "ok": finding.ok, "detail": finding.detail, "remedy": finding.remedy}
