"""What the owner has taught and added: what a Claude process takes in when it starts."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, cast

from pydantic import BaseModel, Field

from jobs.browser import definitions
from jobs.browser.manager import Browser
from jobs.catalog import TOOLS
from jobs.core.clock import Clock
from jobs.core.i18n import Language, Phrase
from jobs.core.journal import Journal
from jobs.core.rich_text import pieces
from jobs.core.settings import Settings
from jobs.mcp_manager.config import McpConfig, SeenTool, Server
from jobs.mcp_manager.installing import Sources
from jobs.mcp_manager.manager import McpManager, Tell
from jobs.mcp_manager.registry import Registry
from jobs.mcp_manager.secret_requests import SecretRequests
from jobs.mcp_manager.trial import TrialFailed, tried
from jobs.plugin_manager.manager import PluginManager, TryServer
from jobs.skill_manager.manager import SkillManager
from jobs.tools.approvals import Approvals
from jobs.tools.roles import Role
from jobs.tools.server import cli_name, serve
from jobs.tools.spec import Services
from jobs.users import environment
from jobs.users.agent import BUILTIN_TOOLS, AgentOptions, McpServerConfig, Refusal


@dataclass(frozen=True, slots=True)
class Equipment:
    """The managers, as the sessions need them."""

    skills: SkillManager
    servers: McpManager
    plugins: PluginManager
    browser: Browser
    secrets: SecretRequests
    tell: Tell

    @property
    def skills_folder(self) -> Path:
        """Where the skills are that are switched on."""
        return self.skills.store.places.on

    async def fingerprint(self) -> str:
        """See `core.ports.Fingerprint`."""
        managers = (self.skills, self.servers, self.plugins, self.browser)
        return " ".join(await asyncio.gather(*(manager.fingerprint() for manager in managers)))

    def added_to(self, options: AgentOptions, role: Role, session_key: str) -> AgentOptions:
        """What the next process of a session is started with."""
        if role not in (Role.OWNER, Role.TASK):
            return options
        of_plugins: Mapping[str, object] = self.plugins.servers() if role is Role.OWNER else {}
        servers = {**self.servers.given, **of_plugins}
        seen = {name: server.tools for name, server in self.servers.config.known.items() if name in servers}
        if self.browser.known:
            call = partial(self.browser.call, session_key, own_tab=role is Role.TASK)
            servers[definitions.NAME] = serve(definitions.NAME, definitions.definitions(), call)
        return replace(
            options,
            refusal=seen_tools_alone(seen, options.refusal),
            on_servers=partial(self._seen_in_conversation, self.servers.config.known, of_plugins),
            mcp_servers={**cast("dict[str, McpServerConfig]", servers), **options.mcp_servers},
            plugins=self.plugins.enabled() if role is Role.OWNER else (),
        )

    def _seen_in_conversation(
        self, given: Mapping[str, Server], of_plugins: Mapping[str, object], states: Mapping[str, str]
    ) -> None:
        self.servers.seen_in_conversation(given, states)
        self.plugins.seen_in_conversation(of_plugins, states)

    async def run(self) -> None:
        """Look after what has been added, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.servers.run(), name="mcp servers")
            group.create_task(self.browser.run(), name="browser")

    async def tell_of_late_secret(self) -> None:
        """Tell the owner that a value is awaited no more. Raises StorageError."""
        if (late := await self.secrets.expire()) is not None:
            await self.tell(late, late)

    def provide(self, services: Services) -> None:
        """Give the tools what they work with."""
        services.provide(SkillManager, self.skills)
        services.provide(McpManager, self.servers)
        services.provide(PluginManager, self.plugins)


def make_equipment(
    settings: Settings, journal: Journal, clock: Clock, *, approvals: Approvals, language: Language
) -> Equipment:
    """The managers of this assistant."""
    proxy = environment.proxy(settings)
    tell = _telling(settings, journal, clock)
    skills = SkillManager(
        settings.workspace_dir,
        settings.data_dir,
        approvals=approvals,
        language=language,
        known_tools=known_tools(),
        proxy=proxy,
    )
    servers = McpManager(
        settings.data_dir,
        config=McpConfig(settings.data_dir),
        registry=Registry(settings.mcp_registry_url, settings.data_dir, clock, proxy.get("HTTPS_PROXY", "")),
        sources=Sources(settings.npm_config_registry or "", settings.pip_index_url or "", proxy),
        approvals=approvals,
        clock=clock,
        tell=tell,
        language=language,
    )
    plugins = PluginManager(
        settings.workspace_dir,
        settings.data_dir,
        marketplaces=settings.plugin_marketplaces,
        approvals=approvals,
        clock=clock,
        language=language,
        tell=tell,
        proxy=proxy,
        try_server=_trying(settings.data_dir / "plugin-trials"),
    )
    secrets = SecretRequests(settings.data_dir, servers.config, servers.set_value, clock, language, tell=tell)
    browser = Browser(settings, {})
    return Equipment(skills=skills, servers=servers, plugins=plugins, browser=browser, secrets=secrets, tell=tell)


def seen_tools_alone(seen: Mapping[str, Sequence[SeenTool]], inner: Refusal | None) -> Refusal | None:
    """Refuses the tools that a server had not got when the owner said yes to it: it may show others in a session."""
    if not seen:
        return inner
    by_server = {f"mcp__{name}__": {cli_name(tool.name) for tool in tools} for name, tools in seen.items()}

    async def refusal(tool: str, arguments: Mapping[str, object]) -> str | None:
        for prefix, names in by_server.items():
            if tool.startswith(prefix) and tool.removeprefix(prefix) not in names:
                return (
                    "The owner has not seen this tool when they said yes to the server: do not use it, and tell them."
                )
        return await inner(tool, arguments) if inner is not None else None

    return refusal


def known_tools() -> frozenset[str]:
    """The tools that a skill may name: ours by their short names, and the CLI's."""
    ours = (spec.name for spec in TOOLS if spec.roles - {Role.EXTERNAL})
    return frozenset({*ours, *BUILTIN_TOOLS, "Glob", "Grep"})


def _telling(settings: Settings, journal: Journal, clock: Clock) -> Tell:
    async def tell(text: str, once: str) -> None:
        moment = f"{clock.now():%Y-%m-%d %H}"
        await journal.notify(settings.tg_user_id, pieces(text), once=f"added {moment} {once}"[:300])

    return tell


class _Entry(BaseModel):
    """A server of a plugin, as the CLI gets it."""

    type: Literal["stdio", "http", "sse"]
    command: str = ""
    args: list[str] = []
    url: str = ""
    headers: dict[str, str] = Field(default={}, repr=False)


def _trying(folder: Path) -> TryServer:
    async def trial(name: str, entry: object) -> Phrase | None:
        given = _Entry.model_validate(entry)
        server = (
            Server(kind="program", command=(given.command, *given.args))
            if given.type == "stdio"
            else Server(
                kind="remote",
                url=given.url,
                transport=given.type,
                values=given.headers,
            )
        )
        try:
            await tried(server, folder / name)
        except TrialFailed as error:
            return error.whole
        finally:
            await asyncio.to_thread(shutil.rmtree, folder / name, ignore_errors=True)
        return None

    return trial
