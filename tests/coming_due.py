"""Events that come due in a world whose daemon is not running: it finds them when it starts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count

from jobs.core.clock import SystemClock
from jobs.core.database import Database
from jobs.core.journal import Journal
from jobs.sandbox.stage import Stage
from jobs.triggers.executor import TriggerExecutor
from jobs.triggers.models import SessionChoice, TriggerContext, TriggerEvent

_NUMBERS = count(1)


@asynccontextmanager
async def journal_of(stage: Stage) -> AsyncGenerator[Journal]:
    """The journal of a daemon that does not run."""
    stage.data_dir.mkdir(parents=True, exist_ok=True)
    async with Database.open(stage.data_dir / "db.sqlite") as database:
        yield Journal(database, SystemClock())


def event(
    prompt: str,
    session: SessionChoice | None = "isolated",
    *,
    about: str = "lumo",
    title: str = "Morning brief",
    key: str = "",
    quoted: dict[str, str] | None = None,
    task_id: str | None = None,
) -> TriggerEvent:
    """An event, as a source would make it."""
    context = TriggerContext(about=about, title=title, quoted=quoted or {}, task_id=task_id)
    return TriggerEvent("test", key or f"event {next(_NUMBERS)}", prompt, context, session, datetime.now(UTC))


async def come_due(stage: Stage, *events: TriggerEvent) -> list[bool]:
    """Fire; whether each did. The assistant knows the owner, as after any first conversation."""
    if not stage.world.history(stage.owner, stage.assistant):
        stage.world.send_text(stage.assistant, stage.owner, "I am here.")
    async with journal_of(stage) as journal:
        executor = TriggerExecutor(journal, SystemClock(), stage.owner.id)
        return [await executor.execute(one) for one in events]
