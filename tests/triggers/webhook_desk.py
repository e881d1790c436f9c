"""A web hook on a real database and a real port, and a program that calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import httpx2
from trigger_desk import OWNER, TriggerDesk

from jobs.core.database import Database
from jobs.triggers.filters import Filter
from jobs.triggers.models import Subscription, TriggerEvent
from jobs.triggers.sources.webhook import Webhook
from jobs.triggers.subscriptions import Subscriptions
from loopback import free_port


class WebhookDesk(TriggerDesk):
    """The source, one subscription "doorbell", and what it fires."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.port = free_port()
        self.subscriptions = Subscriptions(self.clock)
        self.fired: list[TriggerEvent] = []

    def started(self) -> Webhook:
        """The source, as a start of the program makes it."""
        return Webhook(
            self.subscriptions, self.journal, self.clock, port=self.port, owner_chat=OWNER, language="en"
        )  # fmt: skip

    async def subscribe(self, conditions: Filter | None = None) -> Subscription:
        resolved = await self.started().resolve("doorbell", conditions or Filter())
        now = self.clock.now()
        subscription = Subscription(
            "lumo", "webhook", resolved.source, resolved.title, "Say who rings", conditions or Filter(), "isolated", 0,
            "owner", now, now, resolved.position, resolved.secret,
        )  # fmt: skip
        async with self.database.transaction() as tx:
            await self.subscriptions.add(tx, subscription)
        return subscription

    async def set(self, subscription: Subscription, **changes: str) -> None:
        async with self.database.transaction() as tx:
            await self.subscriptions.set_state(tx, replace(subscription, **changes))  # type: ignore[arg-type]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[httpx2.AsyncClient]:
        """The source runs and what it fires is journalled, as the manager does it."""
        listening = asyncio.Event()

        async def run() -> None:
            async with aclosing(self.started().events()) as events:
                listening.set()
                async for event in events:
                    if await self.executor.execute(event):
                        self.fired.append(event)

        task = asyncio.create_task(run())
        await listening.wait()
        try:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False) as client:
                yield client
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _bytes(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


async def deliver(
    client: httpx2.AsyncClient, body: str | bytes, headers: Mapping[str, str], hook: str = "lumo"
) -> httpx2.Response:
    """Call the hook, again until somebody listens."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await client.post(f"/hooks/{hook}", content=body, headers=_bytes(headers))
            except httpx2.ConnectError:
                await asyncio.sleep(0.01)
