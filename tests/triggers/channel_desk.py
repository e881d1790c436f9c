"""The source of posts over a real client and a Telegram on loopback; time is in the test's hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hand_clock import HandClock
from jobs.core.database import Database
from jobs.core.journal import Journal
from jobs.core.messages import InboundMessage, SessionEvent
from jobs.core.settings import Settings
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world import Channel, TelegramWorld, User
from jobs.telegram.channels import TelegramChannels
from jobs.telegram.client import Telegram
from jobs.triggers.alarm_clock import SchedulerClock
from jobs.triggers.executor import TriggerExecutor
from jobs.triggers.filters import Filter
from jobs.triggers.models import Subscription
from jobs.triggers.pace import Pace
from jobs.triggers.sources.tg_channel import ChannelPosts
from jobs.triggers.subscriptions import Subscriptions


@dataclass
class ChannelDesk:
    """What a test of posts needs."""

    database: Database
    clock: HandClock
    world: TelegramWorld
    server: TelegramServer
    us: User
    editor: User
    feed: TelegramChannels
    subscriptions: Subscriptions = field(init=False)
    journal: Journal = field(init=False)
    executor: TriggerExecutor = field(init=False)
    source: ChannelPosts = field(init=False)

    def __post_init__(self) -> None:
        self.subscriptions = Subscriptions(self.clock)
        self.journal = Journal(self.database, self.clock)
        self.executor = TriggerExecutor(self.journal, self.clock, self.editor.id)
        self.restart()

    def restart(self) -> None:
        """The program begins anew: it remembers nothing but what is written down."""
        self.source = ChannelPosts(
            self.feed,
            self.subscriptions,
            self.database,
            self.clock,
            alarm_clock=SchedulerClock.running,
            language="en",
            pace=Pace(self.clock, most=10_000),
        )

    def channel(self, title: str = "News", *, joined: bool = True, megagroup: bool = False) -> Channel:
        members = [self.us] if joined else []
        username = None if joined else f"{title.lower()}_public"
        return self.world.add_channel(title, self.editor, *members, megagroup=megagroup, username=username)

    def post(self, channel: Channel, *texts: str) -> None:
        for text in texts:
            self.world.send_text(self.editor, channel, text)

    async def subscribe(
        self, source: str, name: str = "lumo", *, batch_minutes: int = 0, fire: bool = True, **conditions: object
    ) -> Subscription:
        """Subscribe as the tool does; the id is the name. It is read at once, unless that is left to the test."""
        wanted = Filter.model_validate(conditions)
        resolved = await self.source.resolve(source, wanted)
        now = self.clock.now()
        subscription = Subscription(
            name, self.source.name, resolved.source, resolved.title, "Tell me", wanted, "isolated", batch_minutes,
            "owner", now, now, resolved.position,
        )  # fmt: skip
        async with self.database.transaction() as tx:
            await self.subscriptions.add(tx, subscription)
        self.source.changed()
        if fire:
            await self.fire()
            self.clock.moves(seconds=10)
        return subscription

    async def is_subscribed(self) -> bool:
        """Whether there is any subscription."""
        async with self.database.transaction() as tx:
            return bool(await self.subscriptions.list(tx))

    async def fire(self) -> list[bool]:
        """Fire what is due at this moment."""
        self.feed.bell.clear()
        async with aclosing(self.source.due()) as events:
            return [await self.executor.execute(event) async for event in events]

    async def later(self, **span: float) -> list[bool]:
        """Let time pass, and fire what is due then."""
        self.clock.moves(**span)
        return await self.fire()

    async def hear(self) -> list[bool]:
        """Wait until news have arrived here, and have the source take note; what it fires at once."""
        async with asyncio.timeout(60):
            await self.feed.bell.wait()
        return await self.fire()

    async def events(self, name: str | None = None) -> list[SessionEvent]:
        """What the sessions were given, in order."""
        async with self.database.transaction() as tx:
            rows = await tx.all(
                "SELECT payload FROM inbox WHERE ?1 IS NULL OR session_key = 'trigger:' || ?1 ORDER BY id", name
            )
        found = [InboundMessage.model_validate_json(row["payload"]).event for row in rows]
        return [event for event in found if event is not None]

    async def posts(self, name: str | None = None) -> list[list[str]]:
        """The posts of each event."""
        return [texts_of(event) for event in await self.events(name)]

    async def settle(self) -> int:
        """Every run that waits comes to its end."""
        async with self.database.transaction() as tx:
            return await tx.execute("UPDATE inbox SET state = 'done' WHERE state = 'new'")

    async def told(self) -> list[str]:
        """What the owner was told."""
        async with self.database.transaction() as tx:
            return [row["text"] for row in await tx.all("SELECT text FROM outbox ORDER BY id")]

    async def row(self, name: str = "lumo") -> tuple[str, str, str]:
        """State, position and source of a subscription."""
        async with self.database.transaction() as tx:
            row = await tx.one("SELECT state, position, source FROM trigger_subscriptions WHERE id = ?", name)
        assert row is not None
        return row["state"], row["position"], row["source"]

    def calls(self, method: str = "messages.getHistory") -> int:
        return len(self.server.calls.of(method, user_id=self.us.id))


def texts_of(event: SessionEvent) -> list[str]:
    """The words of the posts in an event."""
    return [text for name, text in event.quoted.items() if name.startswith("post ")]


@asynccontextmanager
async def open_channel_desk(database: Database, folder: Path) -> AsyncGenerator[ChannelDesk]:
    """A desk with an account signed in."""
    clock = HandClock()
    world = TelegramWorld(clock=lambda: clock.now().timestamp())
    us, editor = world.add_user("Jobs"), world.add_user("Editor", username="editor")
    settings = Settings(
        _env_file=None, tg_api_id=1, tg_api_hash="0" * 32, tg_user_id=editor.id, anthropic_api_key="k", data_dir=folder
    )
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TelegramServer(world))
        server.create_session_file(settings.tg_session_path, us.id)
        telegram = await stack.enter_async_context(Telegram.connect(settings, lambda: None))
        feed = TelegramChannels(telegram)
        feed.listen()
        yield ChannelDesk(database, clock, world, server, us, editor, feed)


__all__: Sequence[str] = ("ChannelDesk", "open_channel_desk", "texts_of")
