"""The plugins of the running assistant: one change at a time, and never on the event loop."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from jobs.core.clock import Clock
from jobs.core.errors import ToolFailed, ToolRetry
from jobs.core.i18n import Language, Phrase
from jobs.core.rich_text import visible
from jobs.core.slots import Slot
from jobs.core.words import plugins as words
from jobs.intake.bounds import BadSource
from jobs.plugin_manager.catalogue import GITHUB
from jobs.plugin_manager.marketplaces import Marketplaces
from jobs.plugin_manager.store import Installed, PluginProblem, Plugins, PluginStore
from jobs.tools.approvals import Approvals
from jobs.tools.server import cli_name

log = logging.getLogger(__name__)

TryServer = Callable[[str, object], Awaitable[Phrase | None]]
"""Starts an MCP server on the side, by name and entry as the CLI gets it; returns why it cannot be used, if so."""
Tell = Callable[[str, str], Awaitable[None]]
"""Tells the owner something; the second names the occasion, for which it is said once."""


_PAUSES = (60.0, 300.0, 1800.0)
"""Seconds between the trials of a server that fails: the network may not be there yet."""


@dataclass(slots=True)
class _Trial:
    """How it stands with a plugin's server."""

    passed: bool = False
    problem: Phrase | None = None
    runs: bool = False
    failures: int = 0
    again_at: float = 0.0


class PluginManager:
    """What the tools and the sessions work with.

    `marketplaces` are git addresses or folders; `proxy`: the variables that git goes out with; `github`: where its
    repositories are.
    """

    def __init__(
        self,
        workspace: Path,
        data: Path,
        *,
        marketplaces: Sequence[str],
        approvals: Approvals,
        clock: Clock,
        language: Language,
        tell: Tell,
        proxy: Mapping[str, str] | None = None,
        github: str = GITHUB,
        try_server: TryServer | None = None,
    ) -> None:
        self.store = PluginStore(data, workspace)
        self.proxy = proxy or {}
        self.marketplaces = Marketplaces(self.store, marketplaces, clock, self.proxy)
        self.approvals = approvals
        self.clock = clock
        self.language: Language = language
        self.github = github
        self._try_server = try_server
        self._trials: dict[str, _Trial] = {}
        """Of each server, by its entry."""
        self._running: set[asyncio.Task[None]] = set()
        self._tell = tell
        self._lock = asyncio.Lock()
        self._opening = asyncio.Lock()
        self._opened = False
        self._told_unreadable = False

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[PluginStore]:
        """Do something with the plugins, alone. Raises ToolRetry with what is wrong, ToolFailed: the disk refuses."""
        async with self._lock:
            try:
                await self._open()
                if self.store.unreadable:
                    raise ToolFailed(f"{self.store.record.path} cannot be read ({self.store.unreadable}).")
                yield self.store
                self._try(await asyncio.to_thread(self._all_servers))  # what is new can be used from the next turn on
            except (PluginProblem, BadSource) as error:
                raise ToolRetry(str(error)) from None
            except OSError as error:
                raise ToolFailed(f"The disk refuses: {error}.") from error

    async def fingerprint(self) -> str:
        """Of the plugins that the model can use: see `core.ports.Equipment`. Says what is missing to the owner."""
        await self._open()  # without the other lock: something may be being fetched for a minute
        folders = await asyncio.to_thread(self._folders)
        servers = await asyncio.to_thread(self._all_servers)
        self._try(servers)
        given = sorted(name for name, entry in servers.items() if self._has_passed(name, entry))
        whole = "\0".join([*map(str, folders), "", *given])
        return hashlib.sha256(whole.encode()).hexdigest() if folders else ""

    def enabled(self) -> Sequence[Path]:
        """The folders that a Claude process is started with."""
        return self._folders()

    def servers(self) -> Mapping[str, object]:
        """The MCP servers that a Claude process is given for them, by the names that its tools bear.

        A server that hangs would hold up the conversation: those that have not been tried yet come a turn later.
        """
        return {name: entry for name, entry in self._all_servers().items() if self._has_passed(name, entry)}

    def seen_in_conversation(self, given: Mapping[str, object], states: Mapping[str, str]) -> None:
        """See `AgentOptions.on_servers`. One that holds conversations up is not given to another before a restart."""
        for name, state in states.items():
            trial = self._trials.get(f"{name} {given.get(name)}")
            if state == "failed" and trial is not None and trial.passed:
                trial.passed, trial.problem, trial.again_at = False, Phrase(words.SERVER_HANGS), math.inf
                self._spawn(self._tell_of_failure(name, trial), f"word of {name}")

    async def close(self) -> None:
        """End the trials that run."""
        for trial in self._running:
            trial.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _all_servers(self) -> Mapping[str, object]:
        return {name: entry for _, name, entry in self._named_servers()}

    def _named_servers(self) -> Sequence[tuple[Installed, str, object]]:
        """Every server, under a name of its own: "a.b" and "a_b" are one to the CLI, and the second gets a number."""
        named: dict[str, tuple[Installed, str, object]] = {}
        for plugin in self.store.enabled():
            for name, entry in self.store.servers(plugin).items():
                first = chosen = f"plugin_{cli_name(plugin.name)}_{cli_name(name)}"
                number = 1
                while chosen in named:
                    number += 1
                    chosen = f"{first}_{number}"
                named[chosen] = (plugin, chosen, entry)
        return list(named.values())

    def failing(self, plugin: Installed) -> Sequence[str]:
        """Which servers of a plugin are not used at present, and why."""
        own = ((name, entry) for of, name, entry in self._named_servers() if of.name == plugin.name)
        found = ((name, self._trials.get(f"{name} {entry}")) for name, entry in own)
        return [f"{name}: {trial.problem.say('en')}" for name, trial in found if trial is not None and trial.problem]

    def config(self) -> Plugins:
        """What is installed, and from where."""
        return self.store.known

    def _has_passed(self, name: str, entry: object) -> bool:
        trial = self._trials.get(f"{name} {entry}")
        return self._try_server is None or (trial is not None and trial.passed)

    def _try(self, servers: Mapping[str, object]) -> None:
        """Try those that were not tried yet, and those that failed, ever more seldom."""
        for name, entry in servers.items():
            trial = self._trials.setdefault(f"{name} {entry}", _Trial())
            if self._try_server is None or trial.passed or trial.runs or self.clock.monotonic() < trial.again_at:
                continue
            trial.runs = True
            self._spawn(self._tried(self._try_server, trial, name, entry), f"trial of {name}")

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _tried(self, try_server: TryServer, trial: _Trial, name: str, entry: object) -> None:
        try:
            trial.problem = await try_server(name, entry)
            trial.passed = trial.problem is None
            log.info("The server %s has %s its trial", name, "passed" if trial.passed else "not passed")
        finally:
            trial.runs = False
            if not trial.passed:
                trial.again_at = self.clock.monotonic() + _PAUSES[min(trial.failures, len(_PAUSES) - 1)]
                trial.failures += 1
        if trial.failures == 1:
            await self._tell_of_failure(name, trial)

    async def _tell_of_failure(self, name: str, trial: _Trial) -> None:
        if trial.problem is not None:
            problem = visible(trial.problem.say(self.language))[:500]
            said = words.SERVER_FAILED.say(self.language, name=name, problem=problem)
            await self._tell(said, f"plugin server {name} {problem}"[:200])

    def forget_trials(self) -> None:
        """Servers that failed are tried again at the next turn, as when the owner switches a plugin on again."""
        self._trials = {key: trial for key, trial in self._trials.items() if trial.passed or trial.runs}

    def _folders(self) -> Sequence[Path]:
        folders = [self.store.folder(plugin) for plugin in self.store.enabled()]
        return [folder for folder in folders if folder.is_dir()]

    async def _open(self) -> None:
        """At first use: clear away what a kill has left, and say what is damaged."""
        async with self._opening:
            known = await asyncio.to_thread(lambda: self.store.known)
            if self.store.unreadable:
                if not self._told_unreadable:
                    self._told_unreadable = True
                    path, why = self.store.record.path, self.store.unreadable
                    await self._tell(words.UNREADABLE.say(self.language, path=path, why=why), f"plugins {why}")
                return
            if not self._opened:
                self._opened = True
                await asyncio.to_thread(shutil.rmtree, self.store.staging, ignore_errors=True)
                if self.store.record.damaged is None:
                    await asyncio.to_thread(self.store.sweep)
                else:
                    aside = self.store.record.damaged
                    await self._tell(words.DAMAGED.say(self.language, aside=aside), f"plugins {aside.name}")
        for plugin in known.plugins:
            if plugin.enabled and not await asyncio.to_thread(self.store.folder(plugin).is_dir):
                said = words.GONE.say(self.language, name=plugin.name)
                await self._tell(said, f"plugin gone {plugin.key} {plugin.installed_at}")


_slot: Slot[PluginManager] = Slot("The plugin manager")
fill_plugin_config = _slot.filled
get_plugin_config = _slot.get
