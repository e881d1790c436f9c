"""The owner's view of what happens by itself: what /tasks says beside the errands."""

from __future__ import annotations

from jobs.core.i18n import Language
from jobs.core.words import triggers as words
from jobs.triggers.models import Subscription
from jobs.triggers.schedules import Schedule
from jobs.triggers.subscription_tools import Subscribing
from jobs.triggers.tools import Planning

_MOST = 20


async def ahead_text(planning: Planning, subscribing: Subscribing, language: Language) -> str:
    """Schedules and subscriptions as Markdown; "" when there are none."""
    async with planning.database.transaction() as tx:
        schedules = await planning.schedules.list(tx)
        subscriptions = await subscribing.subscriptions.list(tx)

    def planned(schedule: Schedule) -> str:
        time = f"{schedule.next_run.astimezone(planning.zone):%Y-%m-%d %H:%M}" if schedule.next_run else "–"
        line = words.AHEAD_AGAIN if schedule.repeats else words.AHEAD_ONCE
        return line.say(language, id=schedule.id, title=schedule.title, time=time)

    def followed(subscription: Subscription) -> str:
        line = words.FOLLOWED if subscription.state == "active" else words.FOLLOWED_PAUSED
        return line.say(language, id=subscription.id, title=subscription.title)

    def section(title: str, lines: list[str]) -> list[str]:
        more = [words.AND_MORE.say(language, count=len(lines) - _MOST)] if len(lines) > _MOST else []
        return [title, *lines[:_MOST], *more] if lines else []

    return "\n\n".join(
        [
            *section(words.AHEAD_TITLE.say(language), list(map(planned, schedules))),
            *section(words.FOLLOWED_TITLE.say(language), list(map(followed, subscriptions))),
        ]
    )
