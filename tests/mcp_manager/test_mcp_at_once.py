"""Two things at once with one server, or with the folder of all: what the owner did last holds, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.core.clock import SystemClock
from jobs.core.database import Database, Transaction
from jobs.core.errors import ToolFailed
from jobs.core.journal import Journal
from jobs.mcp_manager.config import McpConfig
from jobs.mcp_manager.installing import Sources
from jobs.mcp_manager.manager import McpManager
from jobs.mcp_manager.plans import Plan, of_command
from jobs.mcp_manager.registry import Registry
from jobs.sandbox.patience import PATIENCE
from jobs.tools.approvals import Approvals

# Says that it runs, and answers when it is let.
PATIENT = """
import json, pathlib, sys, time
here = pathlib.Path(sys.argv[1])
(here / "runs").touch()
while not (here / "go").exists():
    time.sleep(0.02)
for line in sys.stdin:
    asked = json.loads(line)
    results = {
        "initialize": {"protocolVersion": asked.get("params", {}).get("protocolVersion"), "capabilities": {"tools": {}},
                       "serverInfo": {"name": "x", "version": "1"}},
        "tools/list": {"tools": [{"name": "t", "inputSchema": {"type": "object"}}]},
    }
    if asked.get("method") in results:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": results[asked["method"]]}), flush=True)
"""


class Desk:
    """The manager of servers, before and after restarts."""

    def __init__(self, root: Path, database: Database) -> None:
        self.root, self.data = root, root / "data"
        self.told: list[str] = []
        self._journal = Journal(database, SystemClock())
        self.manager = self.made()
        (root / "patient.py").write_text(PATIENT)
        (root / "go").touch()

    def made(self) -> McpManager:
        clock = SystemClock()

        async def tell(text: str, once: str) -> None:
            del once
            self.told.append(text)

        async def never(tx: Transaction, user_id: int, granted: bool) -> None:
            del tx, user_id, granted

        approvals = Approvals(
            self._journal, clock, owner_chat=1, language="en", zone=ZoneInfo("UTC"), settle_stranger=never
        )
        return McpManager(
            self.data, config=McpConfig(self.data), registry=Registry("http://127.0.0.1:1", self.data, clock),
            sources=Sources(), approvals=approvals, clock=clock, tell=tell, language="en",
        )  # fmt: skip

    @property
    def plan(self) -> Plan:
        return of_command([sys.executable, str(self.root / "patient.py"), str(self.root)])

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.02)

    async def while_it_is_tried(self, act: Callable[[McpManager], Awaitable[object]]) -> McpManager:
        """Restart, do something in the middle of the trial, and let that come to its end."""
        (self.root / "go").unlink()
        (self.root / "runs").unlink(missing_ok=True)
        manager = self.made()
        checking = asyncio.create_task(manager._check("x", await manager.config.one("x")))
        await self.until((self.root / "runs").exists)
        await act(manager)
        (self.root / "go").touch()
        await checking
        return manager


@pytest.fixture
async def desk(tmp_path: Path, database: Database) -> Desk:
    desk = Desk(tmp_path, database)
    await desk.manager.install("x", desk.plan)
    return desk


async def test_what_is_removed_while_it_is_tried_stays_away(desk: Desk) -> None:
    manager = await desk.while_it_is_tried(lambda manager: manager.remove("x"))
    assert await manager.config.servers() == {}
    assert manager.given == {}


async def test_what_is_switched_off_while_it_is_tried_stays_off(desk: Desk) -> None:
    manager = await desk.while_it_is_tried(lambda manager: manager.switch_off("x"))
    assert not (await manager.config.one("x")).enabled
    assert manager.given == {}


async def test_a_key_that_is_given_while_it_is_tried_is_kept(desk: Desk) -> None:
    manager = await desk.while_it_is_tried(lambda manager: manager.set_value("x", "TOKEN", "hush"))
    server = await manager.config.one("x")
    assert server.values == {"TOKEN": "hush"}
    assert server.enabled


async def test_of_two_installs_under_one_name_the_second_is_refused_and_harms_nothing(desk: Desk) -> None:
    bad = of_command([sys.executable, "-c", "import sys; sys.exit(3)"])
    outcomes = await asyncio.gather(
        desk.manager.install("y", desk.plan), desk.manager.install("y", bad), return_exceptions=True
    )
    assert isinstance(outcomes[1], ToolFailed)
    assert not isinstance(outcomes[0], BaseException)
    assert desk.manager.folder("y").is_dir()
    with pytest.raises(ToolFailed, match="there already"):
        await desk.manager.install("x", bad)
    assert desk.manager.folder("x").is_dir()
    assert "x" in desk.manager.given


async def looked_after_once(desk: Desk) -> McpManager:
    manager = desk.made()
    running = asyncio.create_task(manager.run())
    await desk.until(lambda: bool(desk.told) or bool(manager.given))
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return manager


async def test_what_an_interrupted_install_left_goes_at_the_start(desk: Desk) -> None:
    left = desk.data / "mcp" / "left"
    left.mkdir()
    await looked_after_once(desk)
    assert not left.exists()
    assert desk.manager.folder("x").is_dir()


async def test_a_damaged_file_costs_no_server_what_it_keeps(desk: Desk) -> None:
    (desk.data / "mcp" / "x" / "home" / "kept").touch()
    (desk.data / "mcp_servers.json").write_text("{")
    manager = await looked_after_once(desk)
    assert "damaged" in desk.told[0]
    assert (manager.folder("x") / "home" / "kept").exists()
    await manager.install("y", desk.plan)  # which writes the file anew
    manager = await looked_after_once(desk)
    assert (manager.folder("x") / "home" / "kept").exists(), "lost at the second start"


async def test_a_name_that_leads_elsewhere_is_damage(desk: Desk) -> None:
    file = desk.data / "mcp_servers.json"
    file.write_text(file.read_text().replace('"x"', '"../../outside"'))
    assert await desk.made().config.servers() == {}
    assert list(desk.data.glob("mcp_servers.json.damaged-*"))


async def test_two_keys_at_once_are_both_kept(desk: Desk) -> None:
    config = desk.manager.config
    await asyncio.gather(config.set_value("x", "A", "1"), config.set_value("x", "B", "2"))
    assert (await config.one("x")).values == {"A": "1", "B": "2"}


async def test_an_install_that_fails_keeps_what_a_server_of_that_name_has_kept(
    tmp_path: Path, database: Database
) -> None:
    desk = Desk(tmp_path, database)
    home = desk.manager.folder("plants") / "home"
    home.mkdir(parents=True, mode=0o755)
    (home / "diary").write_text("watered")
    with pytest.raises(ToolFailed, match="does not work"):
        await desk.manager.install("plants", of_command([sys.executable, "-c", "pass"]))
    assert [(path.name, path.read_text()) for path in home.iterdir()] == [("diary", "watered")]
    assert [path.name for path in home.parent.iterdir()] == ["home"]
    assert home.stat().st_mode & 0o777 == 0o700
