"""Builds what happens by itself: the sources, and what becomes of their events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.core.clock import Clock
from jobs.core.i18n import Language
from jobs.core.journal import Journal
from jobs.core.rich_text import RichText
from jobs.core.settings import Settings
from jobs.core.words import triggers as words
from jobs.triggers.executor import TriggerExecutor
from jobs.triggers.manager import TriggerManager
from jobs.triggers.models import Source
from jobs.triggers.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class Triggers:
    """What the rest of the application needs of them."""

    manager: TriggerManager
    executor: TriggerExecutor
    outcomes: Outcomes


def make_triggers(journal: Journal, clock: Clock, settings: Settings, language: Language) -> Triggers:
    """Everything, not running yet."""
    owner_chat, database = settings.tg_user_id, journal.database
    executor = TriggerExecutor(journal, clock, owner_chat)

    async def report(source: str) -> None:
        text = words.SOURCE_BROKEN.say(language, source=source)
        occasion = f"source {source} {clock.now():%Y-%m-%d %H}"
        await journal.notify(owner_chat, [RichText(text)], once=occasion)

    sources: Sequence[Source] = ()
    return Triggers(
        manager=TriggerManager(sources, executor, report),
        executor=executor,
        outcomes=Outcomes(database, executor.fired, settings.timezone),
    )
