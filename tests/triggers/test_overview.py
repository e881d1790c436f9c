"""What /tasks says of schedules and subscriptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from schedule_desk import EVERY_5, ONCE, ScheduleDesk

from jobs.core.database import Database
from jobs.triggers.filters import Filter
from jobs.triggers.models import Subscription
from jobs.triggers.overview import ahead_text
from jobs.triggers.subscription_tools import Subscribing
from jobs.triggers.subscriptions import Subscriptions


async def test_what_is_planned_and_followed_is_listed_in_the_order_of_its_time(database: Database) -> None:
    desk = ScheduleDesk(database)
    subscriptions = Subscriptions(desk.clock)
    subscribing = Subscribing(database, desk.clock, subscriptions, desk.executor.fired, {})
    assert await ahead_text(desk.planning, subscribing, "en") == ""
    desk.at("2026-03-02 09:01")
    await desk.plan(ONCE, "nori")
    await desk.plan(EVERY_5, "mira")
    now = desk.clock.now()
    news = Subscription("lumo", "tg_channel", "1", "News", "x", Filter(), "isolated", 0, "owner", now, now)
    async with database.transaction() as tx:
        await subscriptions.add(tx, news)
        await subscriptions.add(
            tx, replace(news, id="pavo", title="Flats", state="paused", created_at=now + timedelta(seconds=1))
        )
    assert (await ahead_text(desk.planning, subscribing, "en")).split("\n\n") == [
        "**Planned**",
        "**mira** Title mira: again and again, next 2026-03-02 09:05",
        "**nori** Title nori: 2026-03-02 15:00",
        "**Followed**",
        "**lumo** News",
        "**pavo** Flats (paused)",
    ]


async def test_of_very_many_the_first_are_listed_and_the_rest_counted(database: Database) -> None:
    desk = ScheduleDesk(database)
    for number in range(25):
        await desk.plan(ONCE, f"s{number}")
    subscribing = Subscribing(database, desk.clock, Subscriptions(desk.clock), desk.executor.fired, {})
    text = await ahead_text(desk.planning, subscribing, "en")
    assert text.endswith("…and 5 more")
    assert text.count("Title") == 20
