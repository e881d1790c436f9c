"""What the tests of plugins share: the owner's session, marketplaces on the disk, and the owner's answer."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import JsonValue

from hand_clock import HandClock
from jobs.core.database import Database, Transaction
from jobs.core.errors import ToolDenied, ToolRetry
from jobs.core.journal import Journal
from jobs.plugin_manager import tools
from jobs.plugin_manager.manager import PluginManager, TryServer
from jobs.tools.approvals import Approvals
from jobs.tools.execution import ToolRunner
from jobs.tools.roles import Role
from jobs.tools.spec import Services, ToolContext, ToolSpec
from marketplace_folder import marketplace, skill, write


class PluginDesk:
    """The marketplace `garden` is a folder whose list each test writes."""

    def __init__(self, root: Path, database: Database, clock: HandClock) -> None:
        self.root, self.clock = root, clock
        self.data = root / "data"
        self.journal = Journal(database, clock)
        self.runner = ToolRunner(self.journal)
        self.runner.attempt = "first"
        self.approvals = Approvals(
            self.journal, clock, owner_chat=1, language="en", zone=ZoneInfo("UTC"), settle_stranger=self._never
        )
        self.told: list[str] = []
        self.place = root / "garden"
        self.sources = [str(self.place)]
        self._calls = 0
        self.restart()

    def restart(self, try_server: TryServer | None = None) -> None:
        """As after a start of the program."""
        self.manager = PluginManager(
            self.root / "workspace",
            self.data,
            marketplaces=self.sources,
            approvals=self.approvals,
            clock=self.clock,
            language="en",
            tell=self._tell,
            github=f"file://{self.root}/github",
            try_server=try_server,
        )
        self._services = Services()
        self._services.provide(PluginManager, self.manager)

    async def _tell(self, text: str, occasion: str) -> None:
        del occasion
        self.told.append(text)

    async def _never(self, tx: Transaction, user_id: int, granted: bool) -> None:
        del tx, user_id, granted
        raise AssertionError("no stranger is here")

    async def call(self, spec: ToolSpec, **arguments: object) -> str:
        self._calls += 1
        context = ToolContext(Role.OWNER, "owner", f"call {self._calls}", self._services)
        return await self.runner.run(spec, context, arguments)

    async def questions(self) -> list[str]:
        async with self.journal.database.transaction() as tx:
            return [row.content.text for row in await self.journal.outbox.pending(tx)]

    async def allow(self) -> None:
        [question] = await self.approvals.waiting()
        assert await self.approvals.answer(question, "yes")

    def lists(self, *entries: JsonValue, **more: JsonValue) -> Path:
        return marketplace(self.place, *entries, name="garden", **more)

    def plugin(self, name: str = "roses", text: str = "Prune.", **files: str) -> Path:
        """A plugin in the marketplace's own folder, and the only one that it lists."""
        self.lists({"name": name, "source": f"./plugins/{name}", "description": f"Tends {name}"})
        folder = self.place / "plugins" / name
        return write(folder, {"skills/prune/SKILL.md": skill("prune", "Prunes. Use it when asked.", text), **files})

    async def asked(self, name: str = "roses") -> str:
        """The question about an install."""
        with pytest.raises(ToolDenied, match="Nothing is installed yet"):
            await self.call(tools.plugin_install, name=name)
        return (await self.questions())[-1]

    async def install(self, name: str = "roses") -> str:
        await self.asked(name)
        await self.allow()
        return await self.call(tools.plugin_install, name=name)

    async def is_refused(self, why: str, name: str = "roses") -> None:
        """Nobody is asked, nothing is installed, nothing is left behind."""
        with pytest.raises(ToolRetry, match=why):
            await self.call(tools.plugin_install, name=name)
        assert await self.questions() == []
        assert not (self.manager.store.home / "installed").exists()
        assert list(self.manager.store.staging.iterdir()) == []

    @property
    def folder(self) -> Path:
        """Of the only plugin that is switched on."""
        [folder] = self.manager.enabled()
        return folder

    def manifest(self) -> dict[str, JsonValue]:
        return json.loads((self.folder / ".claude-plugin/plugin.json").read_text())
