"""The MCP servers of the running assistant: installed, tried on the side, and given to its sessions once they pass."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import shlex
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from jobs.core.clock import Clock
from jobs.core.errors import JobsError, ToolFailed, ToolRetry
from jobs.core.i18n import Language, Phrase
from jobs.core.rich_text import visible
from jobs.core.words import servers as words
from jobs.mcp_manager import launch
from jobs.mcp_manager.config import McpConfig, Server, checked_name
from jobs.mcp_manager.installing import Sources, installed, resolved
from jobs.mcp_manager.leftovers import begin, drop, end, sweep
from jobs.mcp_manager.plans import Plan
from jobs.mcp_manager.questions import changes
from jobs.mcp_manager.registry import Registry
from jobs.mcp_manager.signing_in import SignIns
from jobs.mcp_manager.trial import Found, TrialFailed, tried
from jobs.tools.approvals import Approvals

log = logging.getLogger(__name__)

STALE_SECONDS = 6 * 3600.0
"""So long after a trial a server is tried again, on the side, when there is something to do."""
PAUSES = (0.0, 10.0, 60.0)
"""Before each attempt on a remote server: the network may be slower to come up than this program."""
_MOST_WAITING = 50
_LEAST_PAUSE = 30.0
"""Seconds between two tries to renew a token."""
_LAUNCH = Path(launch.__file__)

Tell = Callable[[str, str], Awaitable[None]]
"""Tells the owner: a sentence, and what it is about, so that the same is said once."""


class Given(TypedDict, total=False):
    """A server as Claude's CLI takes it: no value of the owner's is in it."""

    type: str
    command: str
    args: list[str]
    url: str
    headersHelper: str


class McpManager:
    """What the tools and the sessions work with."""

    def __init__(
        self,
        data: Path,
        *,
        config: McpConfig,
        registry: Registry,
        sources: Sources,
        approvals: Approvals,
        clock: Clock,
        tell: Tell,
        language: Language,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self.config = config
        self.registry = registry
        self.sources = sources
        self.approvals = approvals
        self.language: Language = language
        self._data = data
        self._folder = data / launch.FOLDER
        self._clock = clock
        self._tell = tell
        self._pauses = pauses
        self._passed: dict[str, tuple[str, float]] = {}
        """Servers that have passed a trial: with what fingerprint, and when."""
        self._given: dict[str, Given] = {}
        self._fingerprint = ""
        self._waiting: dict[tuple[str, str], str] = {}
        self._again = asyncio.Event()
        self._unreachable: dict[str, Server] = {}
        """Those that a conversation could not use, until that is seen to."""
        self._second_chance: set[str] = set()
        self.sign_ins = SignIns(self.folder, clock, self._signed_in)
        self._busy = asyncio.Lock()
        self._installing: set[str] = set()

    # ---- what sessions are given ----

    @property
    def given(self) -> Mapping[str, Given]:
        """The servers for the next process of a session: those that are on and have passed."""
        return self._given

    async def fingerprint(self) -> str:
        """Of what sessions are given: see `core.ports.Fingerprint`."""
        now = self._clock.monotonic()
        if any(now - at > STALE_SECONDS for _, at in self._passed.values()):
            self._again.set()
        return self._fingerprint

    def seen_in_conversation(self, given: Mapping[str, Server], states: Mapping[str, str]) -> None:
        """How the servers do in a conversation: see `AgentOptions.on_servers`. `given`: as its process has them."""
        for name, state in states.items():
            if state == "connected":
                self._second_chance.discard(name)
            elif name in given and state == "failed":
                self._unreachable[name] = given[name]
                self._again.set()

    async def run(self) -> None:
        """Try the servers that are on, now and whenever their trials are stale; until cancelled."""
        try:
            await self._look_after_all()
        finally:
            await self.sign_ins.close()

    async def _look_after_all(self) -> None:
        with suppress(ToolFailed):  # said below
            names = frozenset(await self.config.servers())
            knows_all = await asyncio.to_thread(self.config.knows_all)
            await asyncio.to_thread(sweep, self._folder, names, self._installing, knows_all=knows_all)
        while True:
            try:
                await self._tell_of_damage()
                await self._see_to_unreachable()
                await self._try_all()
            except (JobsError, OSError):
                log.exception("The MCP servers could not be looked after")
            await self._until_there_is_something_to_do()
            self._again.clear()

    async def _until_there_is_something_to_do(self) -> None:
        """It is asked for, or a token has to be renewed."""
        ends = [end for name in self._passed if (end := await self.sign_ins.ends(name)) is not None]
        left = max(min(ends) - self._clock.now().timestamp(), _LEAST_PAUSE) if ends else None
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._again.wait()

    async def _see_to_unreachable(self) -> None:
        """A server that holds conversations up is switched off; a remote one may have been out of reach for once."""
        while self._unreachable:
            name, given = self._unreachable.popitem()
            server = (await self.config.servers()).get(name)
            if server is None or not server.enabled or server.fingerprint() != given.fingerprint():
                continue
            if server.transport != "stdio" and name not in self._second_chance:
                self._second_chance.add(name)
                self._passed.pop(name, None)
                await self._equip()
                continue
            await self.switch_off(name, "It passes its trial, and does not work in a conversation.")
            await self._tell(words.FAILED_IN_TALK.say(self.language, name=name), f"failed in conversation {name}")

    async def _try_all(self) -> None:
        now = self._clock.monotonic()
        for name, server in (await self.config.servers()).items():
            fingerprint, at = self._passed.get(name, ("", 0.0))
            ends = await self.sign_ins.ends(name)
            over = ends is not None and self._clock.now().timestamp() >= ends
            if server.enabled and (fingerprint != server.fingerprint() or now - at > STALE_SECONDS or over):
                await self._check(name, server)

    async def _check(self, name: str, server: Server) -> None:
        """Try one on the side; what does not pass is switched off, and the owner is told."""
        failure: TrialFailed | None = None
        for pause in self._pauses if server.transport != "stdio" else (0.0,):
            await asyncio.sleep(pause)
            try:
                found = await self.trial(name, server)
            except TrialFailed as error:
                failure = error
                continue
            if server.digest and found.digest != server.digest:
                if (await self.config.servers()).get(name) == server:
                    await self.refuse_changed(name, server, found)
            else:
                await self.take(name, server, found)
            return
        if (await self.config.servers()).get(name) != server:
            self._again.set()  # it is another by now
            return
        if failure is not None:
            await self.switch_off(name, str(failure))
            why = visible(failure.why.say(self.language))[:300]
            await self._tell(words.FAILED.say(self.language, name=name, error=why), f"failed {name} {failure}")

    async def refuse_changed(self, name: str, server: Server, found: Found) -> None:
        """Switch a server off whose tools are not those that were approved, and tell the owner what has changed."""
        await self.switch_off(name, "Its tools are not those that the owner has approved.")
        told = words.CHANGED.say(self.language, name=name, changes=changes(server.tools, found.tools, self.language))
        await self._tell(told, f"changed {name} {found.digest}")

    async def take(self, name: str, tried: Server, found: Found) -> bool:
        """A server has passed, and its tools are as approved: it is on. Raises ToolFailed.

        False when it is not what was tried any more: switched off, removed, or given a key in the meantime.
        """
        server = await self.config.settle(name, tried, enabled=True, tools=found.tools, digest=found.digest, error="")
        if server is None:
            self._again.set()
            return False
        self._passed[name] = server.fingerprint(), self._clock.monotonic()
        log.info("The server %s has passed its trial, with %d tools", name, len(found.tools))
        await self._equip()
        return True

    async def switch_off(self, name: str, error: str = "") -> None:
        """Keep a server, and give it to nobody. Raises ToolFailed."""
        self._passed.pop(name, None)
        await self._equip()  # first: a full disk may refuse the rest
        await self.config.change(name, enabled=False, error=error)
        await self._equip()

    async def _equip(self) -> None:
        servers = {
            name: server
            for name, server in (await self.config.servers()).items()
            if server.enabled and self._passed.get(name, ("",))[0] == server.fingerprint()
        }
        self._given = {name: self._as_given(name, server) for name, server in sorted(servers.items())}
        whole = "".join(
            f"{name}\0{server.fingerprint()}\0{self.sign_ins.stamp(name)}\0" for name, server in sorted(servers.items())
        )
        self._fingerprint = hashlib.sha256(whole.encode()).hexdigest() if servers else ""

    def _as_given(self, name: str, server: Server) -> Given:
        launcher = ["-I", "-S", str(_LAUNCH)]
        if server.transport == "stdio":
            args = [*launcher, "run", str(self._data), name]
            return Given(type="stdio", command=sys.executable, args=args)
        given = Given(type=server.transport, url=server.url)
        if server.values or self.sign_ins.is_signed_in(name, server.url):
            helper = shlex.join([sys.executable, *launcher, "headers", str(self._data), name])
            given["headersHelper"] = helper
        return given

    # ---- what waits for the owner's yes ----

    def keep_env(self, name: str, key: str, value: str) -> None:
        """Remember a value until its server is installed: it stands in no question and no answer."""
        self._waiting[name, key] = value
        while len(self._waiting) > _MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]

    def env_kept(self, name: str, key: str) -> str | None:
        """A value that was given with an earlier call; None after a restart."""
        return self._waiting.get((name, key))

    def forget_env(self, name: str) -> None:
        """The server is installed."""
        self._waiting = {at: value for at, value in self._waiting.items() if at[0] != name}

    def source_of(self, plan: Plan) -> str:
        """The address of the registry that a package comes from; "" for the usual one."""
        return {"npm": self.sources.npm, "pypi": self.sources.pypi}.get(plan.kind, "")

    # ---- installing, trying, removing ----

    def folder(self, name: str) -> Path:
        """Where the package and the home of a server are."""
        return self._folder / name

    async def trial(self, name: str, server: Server) -> Found:
        """Try a server. Raises TrialFailed."""
        async with self._busy:  # one at a time: each may be a heavy program
            if server.transport == "stdio":
                return await tried(server, self.folder(name))
            return await self.sign_ins.trial(name, server)

    async def sign_in(self, name: str, server: Server) -> str:
        """Send the owner the link by which they sign in to a server; it is returned. Raises TrialFailed."""
        link = await self.sign_ins.begin(name, server)
        await self._tell(words.SIGN_IN.say(self.language, name=name, link=visible(link)), f"sign in {name} {link}")
        return link

    async def _signed_in(self, name: str, problem: Phrase | None) -> None:
        said = words.SIGNED_IN if problem is None else words.NOT_SIGNED_IN
        why = visible(problem.say(self.language))[:300] if problem is not None else ""
        await self._tell(said.say(self.language, name=name, error=why), f"signed in {name}")

    async def resolve(self, plan: Plan) -> Plan:
        """The plan with an exact version. Raises ToolRetry, ToolFailed."""
        return await resolved(plan, self.sources, self._folder / ".look-ups")

    async def is_free(self, name: str) -> str:
        """The name, when a server can have it. Raises ToolRetry."""
        checked_name(name)
        if name in await self.config.servers():
            raise ToolRetry(f"There is a server {name} already: mcp_remove it first, or choose another with call_it.")
        return name

    async def install(self, name: str, plan: Plan) -> tuple[Server, str]:
        """Fetch, try and keep a server that the owner has said yes to; returns it, and why it is not on yet.

        Raises ToolFailed, and then nothing of it is left.
        """
        if name in self._installing or name in await self.config.servers():
            raise ToolFailed(f"A server {name} is there already, or being installed just now.")
        folder = self.folder(name)
        self._installing.add(name)
        had_home = await asyncio.to_thread((folder / launch.HOME).is_dir)
        try:
            await asyncio.to_thread(begin, folder, had_home)
            server, why_not = await self._install(name, plan, folder)
            await asyncio.to_thread(end, folder)
            return server, why_not
        except OSError as error:
            await asyncio.to_thread(drop, folder, keep_home=had_home)
            raise ToolFailed(f"The disk refuses: {error.strerror or error}. Nothing is installed.") from error
        except TrialFailed as error:
            await asyncio.to_thread(drop, folder, keep_home=had_home)
            raise ToolFailed(f"It was tried and does not work, so it is not kept. {error}") from None
        except BaseException:
            await asyncio.to_thread(drop, folder, keep_home=had_home)
            raise
        finally:
            self._installing.discard(name)

    async def _install(self, name: str, plan: Plan, folder: Path) -> tuple[Server, str]:
        server = await installed(plan, folder, self.sources)
        if server.missing:
            await self.config.put(name, server)
            return server, f"It needs {', '.join(server.missing)} before it can be tried."
        found = await self.trial(name, server)
        await self.config.put(name, server)
        await self.take(name, server, found)
        return await self.config.one(name), ""

    async def set_value(self, name: str, key: str, value: str) -> bool:
        """Give a server a key; one that is on is tried with it, on the side. False when there is no such server."""
        server = await self.config.set_value(name, key, value)
        if server is None:
            return False
        self._passed.pop(name, None)
        await self._equip()
        self._again.set()
        return True

    async def remove(self, name: str) -> None:
        """Forget a server, with its keys, its package and what it has kept. Raises ToolFailed."""
        await self.config.one(name)
        if name in self._installing:
            raise ToolFailed(f"{name} is being installed or removed just now.")
        self._installing.add(name)
        try:
            await self._remove(name)
        finally:
            self._installing.discard(name)

    async def _remove(self, name: str) -> None:
        await self.config.remove(name)
        self._passed.pop(name, None)
        await self._equip()
        await self.sign_ins.forget(name)
        await asyncio.to_thread(shutil.rmtree, self.folder(name), ignore_errors=True)

    async def _tell_of_damage(self) -> None:
        if (aside := self.config.damaged) is not None:
            await self._tell(words.DAMAGED.say(self.language, path=aside), f"damaged {aside}")


def with_values(plan: Plan, values: Mapping[str, str]) -> Plan:
    """The plan with what it is to be given."""
    return replace(plan, values={**plan.values, **values})
