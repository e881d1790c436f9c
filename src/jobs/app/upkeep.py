"""What is looked after beside the conversations, and what has to be done before anything goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from jobs.app.sessions import World
from jobs.core.errors import RetryLater, StorageError, TelegramError, Undeliverable
from jobs.telegram.inbound import Inbound
from jobs.users.deadlines import tell_of_overdue

log = logging.getLogger(__name__)

_PAUSE_AFTER_FAILURE = 5
WATCH_SECONDS = 20.0
"""How often it is looked whether a question or an errand has waited too long; a start leaves as much for answers."""


async def patiently(work: Callable[[], Awaitable[object]]) -> None:
    """Do what must be done before going on, however often Telegram or the disk says "not now"."""
    while True:
        try:
            await work()
        except RetryLater as error:
            log.warning("Telegram says to wait %.0f s: %s", error.after, error)
            await asyncio.sleep(error.after)
        except (StorageError, Undeliverable) as error:
            log.warning("Catching up failed; it is tried again in %d s: %s", _PAUSE_AFTER_FAILURE, error)
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)
        else:
            return


async def see_reactions(world: World, inbound: Inbound) -> bool:
    """See to the reactions that were made while nobody listened; False when Telegram says "not now"."""
    try:
        waiting = await world.approvals.waiting()
        await inbound.reactions.look([q.message_id for q in waiting if q.message_id is not None])
    except (TelegramError, StorageError) as error:
        log.warning("Reactions to questions could not be looked for: %s", error)
        return not isinstance(error, RetryLater)
    return True


async def watch(world: World, inbound: Inbound) -> None:
    """Answer by no what has waited too long, ask about strangers, and tell of deadlines that have passed."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        try:
            # What was said in time counts, though it is read late.
            overdue = await world.approvals.overdue()
            if overdue and world.telegram.is_connected() and await see_reactions(world, inbound):
                await world.approvals.expire()
            await world.strangers.look_after()
            settings = world.settings
            await tell_of_overdue(world.repository, settings.tg_user_id, settings.timezone, world.language)
            if await world.equipment.secrets.is_overdue() and world.telegram.is_connected():
                await inbound.reconcile_owner()
                await world.equipment.tell_of_late_secret()
        except (StorageError, TelegramError):
            log.exception("Questions and deadlines could not be looked after; it is tried again")
