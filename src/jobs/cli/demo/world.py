"""The world of the demo: a Telegram and the daemon on this machine, in a folder that goes when it ends."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jobs.core.i18n import Language, Words
from jobs.core.settings import Settings
from jobs.core.words import demo as words
from jobs.sandbox.chat import Chat
from jobs.sandbox.claude import Script
from jobs.sandbox.daemon import Daemon, DaemonError
from jobs.sandbox.scripted_assistant import ScriptedAssistant
from jobs.sandbox.stage import Stage

Progress = Callable[[str], None]
"""Told what happens while the world starts, a few words at a time."""


class DemoError(Exception):
    """The world cannot be had; the text is one sentence for the person."""


@dataclass(frozen=True, slots=True)
class RealModel:
    """The model that thinks instead of the script, as the daemon is to be told of it."""

    name: str
    host: str
    variables: Mapping[str, str]

    @classmethod
    def from_settings(cls, settings: Settings) -> RealModel | None:
        """The one that the settings give access to, if they do."""
        key, token = settings.anthropic_api_key, settings.claude_code_oauth_token
        if key is None and token is None:
            return None
        secrets = {"ANTHROPIC_API_KEY": key, "CLAUDE_CODE_OAUTH_TOKEN": token, "HTTP_PROXY": settings.http_proxy}
        return cls(
            name=settings.claude_model,
            host=urlsplit(settings.anthropic_base_url).hostname or settings.anthropic_base_url,
            variables={
                # An empty one is one that is not set: the stage has a key of its own that must not win.
                **{name: secret.get_secret_value() if secret else "" for name, secret in secrets.items()},
                "ANTHROPIC_BASE_URL": settings.anthropic_base_url,
                "CLAUDE_MODEL": settings.claude_model,
            },
        )


@dataclass(frozen=True, slots=True)
class World:
    """A running world, from the owner's chair."""

    chat: Chat
    daemon: Daemon
    workspace: Path
    model: RealModel | None
    stage: Stage

    async def until_daemon_ends(self) -> int:
        """Return when the daemon's process has ended by itself; its exit code."""
        return await self.daemon.wait(timeout=math.inf)


@dataclass(frozen=True, slots=True)
class Plan:
    """What kind of world it is to be. `pace` 0 lets the scripted assistant answer at once."""

    language: Language
    zone: str
    model: RealModel | None = None
    pace: float = 1.0

    @asynccontextmanager
    async def open(self, progress: Progress) -> AsyncGenerator[World]:
        """Start everything; it is stopped, and its folder removed, with the block. Raises DemoError."""
        try:
            async with self._open(progress) as world:
                yield world
        except DaemonError as error:  # it did not end when asked, and has been killed
            reason = str(error).splitlines()[0].rstrip(".")
            raise DemoError(words.DEMO_FAILED.say(self.language, reason=reason)) from error

    @asynccontextmanager
    async def _open(self, progress: Progress) -> AsyncGenerator[World]:
        began = time.monotonic()
        async with AsyncExitStack() as stack:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jobs-demo-")))
            progress(self._say(words.STARTING_TELEGRAM))
            stage = await stack.enter_async_context(Stage.open(root, self._script()))
            stage.extra = self._variables(root)
            self._furnish(stage.workspace)
            progress(self._say(words.STARTING_ASSISTANT))
            daemon = await self._start_daemon(stage)
            person = await stage.person()
            progress(words.READY.say(self.language, seconds=f"{time.monotonic() - began:.1f}"))
            yield World(
                chat=Chat(person.client, stage.assistant.id),
                daemon=daemon,
                workspace=stage.workspace,
                model=self.model,
                stage=stage,
            )

    async def _start_daemon(self, stage: Stage) -> Daemon:
        # Not waited for by the stage: whoever leaves meanwhile leaves it a process to stop.
        daemon = await stage.start(wait=False)
        try:
            await daemon.ready()
        except DaemonError as error:
            reason = str(error).strip().splitlines()[-1].lstrip("✗ ").rstrip(".")
            raise DemoError(words.NOT_STARTED.say(self.language, reason=reason)) from error
        return daemon

    def _script(self) -> Script:
        return ScriptedAssistant(self.language, pace=self.pace)

    def _variables(self, root: Path) -> dict[str, str]:
        temporary = root / "tmp"
        temporary.mkdir()
        variables = {"LANGUAGE": self.language, "TZ": self.zone, "TMPDIR": str(temporary)}
        return {**variables, **self.model.variables} if self.model else variables

    def _furnish(self, workspace: Path) -> None:
        workspace.mkdir()
        for name, text in (("README.md", words.README), ("notes.txt", words.NOTES)):
            (workspace / name).write_text(self._say(text), encoding="utf-8")

    def _say(self, sentence: Words) -> str:
        return sentence.say(self.language)
