"""A whole small world: Telegram, Claude's API, a folder for the daemon, and the people around it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

from telethon import TelegramClient

from jobs.sandbox.claude import API_KEY, MessagesServer, Reply, Script
from jobs.sandbox.daemon import Daemon
from jobs.sandbox.launching import Launch, executed
from jobs.sandbox.openai import OpenAIServer
from jobs.sandbox.patience import PATIENCE
from jobs.sandbox.person import Person
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world.model import User
from jobs.sandbox.telegram.world.world import TelegramWorld

_STRIPPED = ("ANTHROPIC", "CLAUDE", "OPENAI", "TG_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http", "https", "all_")
_NOBODY = "http://127.0.0.1:9"
"""Where nobody listens: a story that needs a registry brings one."""
_OPEN = (
    "SELECT (SELECT count(*) FROM inbox WHERE state IN ('new', 'submitted', 'parked')) "
    "+ (SELECT count(*) FROM outbox WHERE state IN ('draft', 'ready'))"
)


class Stage:
    """Made by `Stage.open`. The daemon is started when the test says so, any number of times."""

    def __init__(
        self,
        root: Path,
        telegram: TelegramServer,
        world: TelegramWorld,
        claude: MessagesServer,
        stack: AsyncExitStack,
        *,
        openai: OpenAIServer,
        launch: Launch,
    ) -> None:
        self.root = root
        self.telegram = telegram
        self.world = world
        self.claude = claude
        self.openai = openai
        """Used by a daemon that is given its key: `extra["OPENAI_API_KEY"]`."""
        self._stack = stack
        self._launch = launch
        self.assistant: User = world.add_user("Jobs", username="jobs_assistant", phone="99966000")
        self.owner: User = world.add_user("Olga", username="olga", phone="99966001")
        self.extra: dict[str, str] = {}
        self.daemons: list[Daemon] = []

    @classmethod
    @asynccontextmanager
    async def open(
        cls, root: Path, script: Script | Reply | str = "Fine.", *, launch: Launch = executed
    ) -> AsyncGenerator[Stage]:
        """The world in the folder `root`; whatever was started in it (by `launch`) ends with the block."""
        async with AsyncExitStack() as stack:
            claude = await stack.enter_async_context(MessagesServer(script))
            openai = await stack.enter_async_context(OpenAIServer())
            world = TelegramWorld()
            telegram = await stack.enter_async_context(TelegramServer(world))
            stage = cls(root, telegram, world, claude, stack, openai=openai, launch=launch)
            try:
                yield stage
            finally:
                for daemon in stage.daemons:
                    await daemon.stop()

    @property
    def data_dir(self) -> Path:
        return self.root / "data"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    def environment(self, owner: User | None = None) -> Mapping[str, str]:
        """What the daemon is configured with: fake keys, this world's addresses, and nothing of the machine's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_STRIPPED)}
        return {
            **kept,
            "HOME": str(self.root),
            "TG_API_ID": "12345",
            "TG_API_HASH": "0123456789abcdef0123456789abcdef",
            "TG_USER_ID": str((owner or self.owner).id),
            "ANTHROPIC_API_KEY": API_KEY,
            "ANTHROPIC_BASE_URL": self.claude.base_url,
            "OPENAI_BASE_URL": self.openai.base_url,
            "EMBEDDINGS": "none",  # a model in memory is not what most stories are about
            "DATA_DIR": str(self.data_dir),
            "WORKSPACE_DIR": str(self.workspace),
            "TZ": "Europe/Berlin",
            "LANGUAGE": "en",
            "HEARTBEAT_INTERVAL_MINUTES": "0",  # what it would find due is not what most stories are about
            "MEMORY_MODEL": "off",  # nor is what it keeps of them by itself
            "PLUGIN_MARKETPLACES": "off",  # nothing here leaves this machine
            "MCP_REGISTRY_URL": _NOBODY,
            "BROWSER_CDP_URL": "off",
            "NPM_CONFIG_REGISTRY": _NOBODY,
            "PIP_INDEX_URL": _NOBODY,
            "PYTHONUNBUFFERED": "1",
            **self.extra,
        }

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the daemon's database from outside; stop or kill the daemon first, or read what is committed."""
        with closing(sqlite3.connect(f"file:{self.data_dir / 'db.sqlite'}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, values).fetchall()

    def write(self, sql: str, *values: object) -> None:
        """Change the database of a daemon that is not running, as the time between would have."""
        with closing(sqlite3.connect(self.data_dir / "db.sqlite")) as connection, connection:
            connection.execute(sql, values)

    async def nothing_waits(self, timeout: float = PATIENCE) -> None:
        """Return once every message is answered and everything is sent. Raises TimeoutError."""
        await self.stored([(0,)], _OPEN, timeout=timeout)

    async def stored(
        self, expected: list[tuple[Any, ...]], sql: str, *values: object, timeout: float = PATIENCE
    ) -> None:
        """Return once the database answers `sql` so; the chats show things a moment before. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while self.rows(sql, *values) != expected:  # noqa: ASYNC110 - a database tells nobody
                await asyncio.sleep(0.05)

    async def start(self, *, account: User | None = None, owner: User | None = None, wait: bool = True) -> Daemon:
        """Start the daemon, signed in as the assistant (or `account`)."""
        session = self.data_dir / "telethon.session"
        if not session.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self.telegram.create_session_file(session, (account or self.assistant).id)
        daemon = await Daemon.start(self.root, self.environment(owner), wait=wait, launch=self._launch)
        self.daemons.append(daemon)
        return daemon

    async def person(self, user: User | None = None, peer: User | None = None) -> Person:
        """The owner (or somebody else), connected, looking at the chat with the assistant (or `peer`)."""
        user, peer = user or self.owner, peer or self.assistant
        path = self.root / f"{user.id}-{len(self.telegram.links(user.id))}.session"
        self.telegram.create_session_file(path, user.id)
        client = TelegramClient(str(path), 1, "0" * 32, catch_up=True, sequential_updates=True)
        connecting: Any = client.connect()
        await connecting
        await client.get_dialogs()
        if user is not peer and peer.username:
            await client.get_input_entity(peer.username)
        person = Person(client, user, peer.id)
        self._stack.push_async_callback(person.close)
        return person
