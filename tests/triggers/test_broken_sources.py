"""What the owner is told of a source that goes on breaking."""

from __future__ import annotations

import asyncio
import socket

import pytest
from trigger_desk import OWNER, TriggerDesk

from jobs.app.triggers import report_broken
from jobs.core.i18n import Language
from jobs.triggers.manager import TriggerManager
from jobs.triggers.sources.webhook import Webhook
from jobs.triggers.subscriptions import Subscriptions


@pytest.mark.parametrize(
    ("language", "source", "named"),
    [("en", "webhook", ": web hooks."), ("ru", "webhook", ": веб-хуки."), ("ru", "heartbeat", ": проверка дел."),
     ("ru", "scheduler", ": расписания."), ("ru", "tg_channel", ": каналы.")],
)  # fmt: skip
async def test_sources_are_called_what_people_call_them(
    desk: TriggerDesk, language: Language, source: str, named: str
) -> None:
    await report_broken(desk.journal, desk.clock, OWNER, 1, language)(source, None)
    [told] = await desk.told()
    assert named in told


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_that_the_port_of_the_web_hooks_is_taken_is_said(desk: TriggerDesk, language: Language) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        hooks = Webhook(
            Subscriptions(desk.clock), desk.journal, desk.clock, port=port, owner_chat=OWNER, language=language
        )
        said = asyncio.Event()
        report = report_broken(desk.journal, desk.clock, OWNER, port, language)

        async def report_and_say(source: str, why: Exception | None) -> None:
            await report(source, why)
            said.set()

        running = asyncio.create_task(TriggerManager([hooks], desk.executor, report_and_say, pause=0.001).run())
        async with asyncio.timeout(60):
            await said.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    [told] = await desk.told()
    assert str(port) in told
    assert "WEBHOOK_PORT" in told
