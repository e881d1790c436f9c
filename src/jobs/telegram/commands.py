"""The owner's commands. An unknown /word is no command: it is text for the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from jobs.core.clock import Clock
from jobs.core.i18n import Language
from jobs.core.ports import parse_secret_command
from jobs.core.usage import Usage, UsageTotal
from jobs.core.words import chat as words

Command = Literal["stop", "clear", "help", "usage", "tasks", "update", "secret"]
PlanWindows = Callable[[], Mapping[str, float]]
"""The subscription's windows and how much of each is used (0.0 to 1.0)."""

_COMMAND = re.compile(r"/(stop|clear|help|usage|tasks|update)\s*", re.IGNORECASE | re.ASCII)


def parse_command(text: str) -> Command | None:
    """The command that a text is, if it is one and nothing else; only /secret is followed by words."""
    if parse_secret_command(text) is not None:
        return "secret"
    match = _COMMAND.fullmatch(text.strip())
    return match[1].lower() if match else None  # pyright: ignore[reportReturnType]


def help_text(language: Language) -> str:
    """What /help answers, as Markdown."""
    return words.HELP.say(language)


async def usage_text(usage: Usage, clock: Clock, zone: ZoneInfo, language: Language, plan_windows: PlanWindows) -> str:
    """What /usage answers, as Markdown; days begin at midnight in the owner's zone."""
    now = clock.now().astimezone(zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    periods: list[tuple[str, datetime]] = [(words.USAGE_TODAY.say(language), midnight)]
    periods += [(words.USAGE_DAYS.say(language, days=d), midnight - timedelta(days=d - 1)) for d in (7, 30)]
    lines = [words.USAGE_TITLE.say(language)]
    for name, since in periods:
        lines.append(_usage_line(name, await usage.since(since), language))
    names = {"five_hour": words.USAGE_FIVE_HOURS, "seven_day": words.USAGE_SEVEN_DAYS}
    for name, used in plan_windows().items():
        window = names[name].say(language) if name in names else name
        lines.append(words.USAGE_WINDOW.say(language, window=window, percent=round(used * 100)))
    return "\n\n".join(lines)


def _usage_line(period: str, total: UsageTotal, language: Language) -> str:
    return words.USAGE_LINE.say(
        language,
        period=period,
        turns=total.turns,
        cost=f"${total.cost_usd:.2f}",
        input=_tokens(total.input_tokens),
        output=_tokens(total.output_tokens),
        cached=_tokens(total.cached_tokens),
    )


def _tokens(count: int) -> str:
    return (
        f"{count / 1_000_000:.1f}M" if count >= 1_000_000 else f"{count / 1000:.1f}k" if count >= 1000 else str(count)
    )
