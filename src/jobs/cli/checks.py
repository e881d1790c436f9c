"""What `jobs doctor` looks at. Each check returns a `Finding`; the doctor bounds its time and survives its crash."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jobs import __version__
from jobs.cli.claude_probe import ClaudeAnswer, Verdict, ask_claude, bundled_claude
from jobs.core.health import HEALTH_SOCKET, ask_health
from jobs.core.i18n import Language
from jobs.core.setting_values import without_user
from jobs.core.settings import Settings
from jobs.core.words import cli as words
from jobs.telegram.auth import Forgotten, SignInError, connected
from jobs.telegram.session_file import copy_session, trust_server_key

_LOW_DISK = 1000**3
_FULL_DISK = 200 * 1000**2
_CLOCK_TOLERANCE = 30
"""Seconds; Telegram and TLS begin to refuse somewhere beyond."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: in order or not, what it saw, and what to do (possibly nothing)."""

    ok: bool
    detail: str
    remedy: str = ""


class Examination:
    """The checks of one run of the doctor; what one learns about the clock serves another."""

    def __init__(self, settings: Settings, problems: dict[str, str], language: Language, env_file: Path) -> None:
        self._settings = settings
        self._problems = problems
        self._language: Language = language
        self._env_file = env_file
        self._clock_skew: asyncio.Queue[float | None] = asyncio.Queue()

    async def settings(self) -> Finding:
        missing = self._settings.missing_sentences(self._language, but=self._problems)
        wrong = [*self._problems.values(), *missing]
        return Finding(not wrong, words.SETTINGS_GOOD.say(self._language) if not wrong else "\n".join(wrong))

    async def env_file(self) -> Finding:
        try:
            mode = self._env_file.stat().st_mode
        except FileNotFoundError:
            return Finding(True, words.ENV_FILE_NONE.say(self._language))
        except OSError:
            return self._blocked(str(self._env_file))
        if mode & 0o077:
            remedy = words.ENV_FILE_REMEDY.say(self._language, path=self._env_file.resolve())
            return Finding(False, words.ENV_FILE_OPEN.say(self._language), remedy)
        return Finding(True, words.ENV_FILE_PRIVATE.say(self._language))

    async def data_folder(self) -> Finding:
        return self._folder("DATA_DIR", self._settings.data_dir)

    async def workspace_folder(self) -> Finding:
        return self._folder("WORKSPACE_DIR", self._settings.workspace_dir)

    async def disk(self) -> Finding:
        data = shutil.disk_usage(_existing(self._settings.data_dir)).free
        workspace = shutil.disk_usage(_existing(self._settings.workspace_dir)).free
        detail = words.DISK_FREE.say(self._language, free=_size(data), other=_size(workspace))
        if min(data, workspace) < _FULL_DISK:
            return Finding(False, detail, words.DISK_FULL.say(self._language))
        low = min(data, workspace) < _LOW_DISK
        return Finding(True, detail, words.DISK_LOW.say(self._language) if low else "")

    async def telegram(self) -> Finding:
        skew: float | None = None
        try:
            report = await ask_health(self._settings.data_dir / HEALTH_SOCKET)
            if report is not None:
                detail = words.TELEGRAM_RUNNING.say(self._language, state=report.telegram)
                remedy = "" if report.healthy else words.TELEGRAM_RUNNING_REMEDY.say(self._language)
                return Finding(report.healthy, detail, remedy)
            finding, skew = await self._sign_in()
            return finding
        finally:
            self._clock_skew.put_nowait(skew)

    async def claude(self) -> Finding:
        skew: float | None = None
        try:
            settings = self._settings
            if not (settings.anthropic_api_key or settings.claude_code_oauth_token):
                detail = words.CLAUDE_NO_KEY.say(self._language)
                return Finding(False, detail, words.TELEGRAM_REMEDY.say(self._language))
            key, token = settings.anthropic_api_key, settings.claude_code_oauth_token
            answer = await ask_claude(settings, api_key=key, token=token)
            if answer.time:
                skew = (datetime.now(tz=UTC) - answer.time).total_seconds()
            return self._claude_finding(answer)
        finally:
            self._clock_skew.put_nowait(skew)

    async def clock(self) -> Finding:
        """Compares with whichever of Telegram and Claude tells the time first."""
        for _ in range(2):
            skew = await self._clock_skew.get()
            if skew is not None:
                # Both tell whole seconds: what is below two may be rounding and travel time.
                seconds = 0 if abs(skew) < 2 else round(skew)
                good = abs(skew) <= _CLOCK_TOLERANCE
                remedy = "" if good else words.CLOCK_REMEDY.say(self._language)
                return Finding(good, words.CLOCK_GOOD.say(self._language, seconds=f"{seconds:+d}"), remedy)
        remedy = words.CLOCK_UNKNOWN_REMEDY.say(self._language)
        return Finding(False, words.CLOCK_UNKNOWN.say(self._language), remedy)

    async def claude_program(self) -> Finding:
        path = bundled_claude()
        remedy = words.CLI_REMEDY.say(self._language)
        if path is None:
            return Finding(False, words.CLI_BAD.say(self._language, path="claude", reason="missing"), remedy)
        try:
            child = await asyncio.create_subprocess_exec(
                path,
                "--version",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as error:
            detail = words.CLI_BAD.say(self._language, path=path, reason=error.strerror)
            return Finding(False, detail, remedy)
        try:
            output, _ = await child.communicate()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        text = output.decode(errors="replace").strip()
        if child.returncode:
            return Finding(False, words.CLI_BAD.say(self._language, path=path, reason=text[-200:]), remedy)
        return Finding(True, text)

    async def versions(self) -> Finding:
        found = [f"Python {platform.python_version()}", f"jobs {__version__}"]
        for package in ("claude-agent-sdk", "telethon"):
            try:
                found.append(f"{package} {version(package)}")
            except PackageNotFoundError:
                return Finding(False, f"{package}: missing", words.CLI_REMEDY.say(self._language))
        return Finding(True, ", ".join(found))

    async def _sign_in(self) -> tuple[Finding, float | None]:
        settings, language = self._settings, self._language
        remedy = words.TELEGRAM_REMEDY.say(language)
        if not (settings.tg_api_id and settings.tg_api_hash.get_secret_value()):
            return Finding(False, words.TELEGRAM_NEEDS_APP.say(language), remedy), None
        trust_server_key(settings)
        session = copy_session(settings.tg_session_path)
        if session is None:
            return Finding(False, words.TELEGRAM_NOT_YET.say(language), remedy), None
        try:
            async with connected(settings, session) as telegram:
                skew = (datetime.now(tz=UTC) - await telegram.server_time()).total_seconds()
                account = await telegram.account()
        except Forgotten:
            return Finding(False, words.TELEGRAM_SIGNED_OUT.say(language), remedy), None
        except SignInError as error:
            return Finding(False, error.say(language)), None
        if account is None:
            return Finding(False, words.TELEGRAM_SIGNED_OUT.say(language), remedy), skew
        detail = words.TELEGRAM_GOOD.say(language, name=account.name, id=account.id)
        return Finding(True, detail), skew

    def _claude_finding(self, answer: ClaudeAnswer) -> Finding:
        language, settings = self._language, self._settings
        match answer.verdict:
            case Verdict.ACCEPTED:
                good = words.CLAUDE_KEY_GOOD if settings.anthropic_api_key else words.CLAUDE_TOKEN_GOOD
                return Finding(True, good.say(language))
            case Verdict.REFUSED:
                detail = words.CLAUDE_REFUSED.say(language, status=answer.reason)
                return Finding(False, detail, words.CLAUDE_REFUSED_REMEDY.say(language))
            case Verdict.UNSURE:
                detail = words.CLAUDE_UNSURE.say(language, status=answer.reason)
                return Finding(True, detail, words.CLAUDE_UNSURE_REMEDY.say(language))
            case Verdict.UNREACHABLE:
                url = without_user(settings.anthropic_base_url)
                detail = words.CLAUDE_UNREACHABLE.say(language, url=url, reason=answer.reason)
                return Finding(False, detail, words.CLAUDE_UNREACHABLE_REMEDY.say(language))

    def _folder(self, variable: str, path: Path) -> Finding:
        """A real write, in the folder or, where it does not exist yet, where it would be made."""
        language = self._language
        if variable in self._problems:
            return self._blocked(variable)
        try:
            with tempfile.TemporaryFile(dir=_existing(path)) as file:
                file.write(b"written by jobs doctor")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            detail = words.FOLDER_BAD.say(language, path=path, reason=error.strerror)
            return Finding(False, detail, words.FOLDER_REMEDY.say(language, name=variable))
        return Finding(True, words.FOLDER_GOOD.say(language, path=path))

    def _blocked(self, name: str) -> Finding:
        language = self._language
        detail = words.SETTING_BLOCKS.say(language, name=name)
        return Finding(False, detail, words.SETTING_BLOCKS_REMEDY.say(language))


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest one above that can be seen."""
    for folder in (path, *path.parents):
        with suppress(OSError):
            if folder.is_dir():
                return folder
    return Path("/")


def _size(count: int) -> str:
    return f"{count / 1000**3:.1f} GB" if count >= 1000**3 else f"{count / 1000**2:.0f} MB"
