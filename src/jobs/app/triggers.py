"""Builds what happens by itself: the sources, and what becomes of their events."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from jobs.core.clock import Clock
from jobs.core.i18n import Language
from jobs.core.journal import Journal
from jobs.core.messages import trigger_session
from jobs.core.ports import ChannelFeed
from jobs.core.rich_text import RichText
from jobs.core.settings import Settings
from jobs.core.words import triggers as words
from jobs.tools.approvals import Approvals
from jobs.tools.spec import Services
from jobs.triggers.alarm_clock import SchedulerClock
from jobs.triggers.executor import TriggerExecutor
from jobs.triggers.manager import ReportBroken, TriggerManager
from jobs.triggers.models import Source, Subscribable
from jobs.triggers.outcomes import Outcomes
from jobs.triggers.schedules import Schedules
from jobs.triggers.sources.distillation import Distillation, Night
from jobs.triggers.sources.heartbeat import Beat, Heartbeat
from jobs.triggers.sources.scheduler import Scheduler
from jobs.triggers.sources.tg_channel import ChannelPosts
from jobs.triggers.sources.webhook import NAME as WEBHOOK
from jobs.triggers.sources.webhook import Webhook
from jobs.triggers.subscription_tools import Subscribing
from jobs.triggers.subscriptions import Subscriptions
from jobs.triggers.tools import Planning
from jobs.users.distillation import Distiller
from jobs.users.repository import UsersRepository

_GOES_ON = (
    "SELECT session_key FROM inbox WHERE state IN ('new', 'submitted', 'parked') "
    "UNION SELECT session_key FROM approvals WHERE state = 'waiting'"
)


@dataclass(frozen=True, slots=True)
class Triggers:
    """What the rest of the application needs of them."""

    manager: TriggerManager
    executor: TriggerExecutor
    outcomes: Outcomes
    planning: Planning
    subscribing: Subscribing

    async def tidy(self, sessions: Path) -> None:
        """Before anything runs: forget the conversations that were left behind and that nothing goes on in."""
        async with self.planning.database.transaction() as tx:
            rows = await tx.all(_GOES_ON)
        goes_on = {str(row["session_key"]) for row in rows}
        for path in sessions.glob("trigger_*.session"):
            if trigger_session(path.stem.removeprefix("trigger_")) not in goes_on:
                path.unlink(missing_ok=True)

    def provide(self, services: Services) -> None:
        """Offer what the tools of triggers use."""
        services.provide(Planning, self.planning)
        services.provide(Subscribing, self.subscribing)


def make_triggers(
    repository: UsersRepository,
    approvals: Approvals,
    settings: Settings,
    language: Language,
    *,
    feed: ChannelFeed,
    distiller: Distiller | None,
) -> Triggers:
    """Everything, not running yet."""
    journal, clock = repository.journal, repository.clock
    owner_chat, database = settings.tg_user_id, journal.database
    executor = TriggerExecutor(journal, clock, owner_chat)
    schedules = Schedules(clock)

    subscriptions = Subscriptions(clock)
    port = settings.webhook_port
    subscribable: Sequence[Subscribable] = (
        ChannelPosts(feed, subscriptions, database, clock, alarm_clock=SchedulerClock.running, language=language),
        Webhook(subscriptions, journal, clock, port=port, owner_chat=owner_chat, language=language),
    )
    sources: list[Source] = [
        *subscribable,
        Scheduler(
            schedules,
            executor.fired,
            journal,
            clock,
            alarm_clock=SchedulerClock.running,
            owner_chat=owner_chat,
            language=language,
        ),
    ]
    if settings.heartbeat_interval_minutes:
        sources.append(_heartbeat(repository, approvals, settings, executor))
    if settings.memory_distill_at is not None and distiller is not None:
        night = Night(settings.memory_distill_at, settings.heartbeat_active_hours.start, settings.timezone)
        sources.append(Distillation(distiller, night, clock, alarm_clock=SchedulerClock.running, language=language))
    return Triggers(
        manager=TriggerManager(sources, executor, report_broken(journal, clock, owner_chat, port, language)),
        executor=executor,
        outcomes=Outcomes(database, executor.fired, settings.timezone),
        subscribing=Subscribing(
            database, clock, subscriptions, executor.fired, {source.name: source for source in subscribable}
        ),
        planning=Planning(database, clock, schedules, executor, settings.timezone),
    )


def _heartbeat(
    repository: UsersRepository, approvals: Approvals, settings: Settings, executor: TriggerExecutor
) -> Heartbeat:
    interval = timedelta(minutes=settings.heartbeat_interval_minutes)
    beat = Beat(interval, settings.heartbeat_active_hours, settings.timezone)
    workspace = settings.workspace_dir
    return Heartbeat(beat, repository, approvals, executor.fired, workspace, alarm_clock=SchedulerClock.running)


def report_broken(journal: Journal, clock: Clock, owner_chat: int, port: int, language: Language) -> ReportBroken:
    """What tells the owner, at most once an hour for each source."""

    async def report(source: str, why: Exception | None) -> None:
        if source == WEBHOOK and isinstance(why, OSError) and why.errno == errno.EADDRINUSE:
            text = words.PORT_TAKEN.say(language, port=port)
        else:
            name = words.SOURCES.get(source)
            text = words.SOURCE_BROKEN.say(language, source=name.say(language) if name else source)
        occasion = f"source {source} {clock.now():%Y-%m-%d %H}"
        await journal.notify(owner_chat, [RichText(text)], once=occasion)

    return report
