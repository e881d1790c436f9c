"""Cutting short what a session is at: asking the turn to end, and hearing that it did."""

from __future__ import annotations

import asyncio
import logging

from jobs.core.errors import AgentUnavailable, StorageError
from jobs.core.journal import InboxRow
from jobs.users.agent_events import TurnEnded
from jobs.users.conversation import Conversation
from jobs.users.endings import Cut
from jobs.users.session_items import Mailbox
from jobs.users.turn import Turn
from jobs.users.workload import Workload

log = logging.getLogger(__name__)

INTERRUPT_SECONDS = 1.0


async def cut_short(conversation: Conversation, mailbox: Mailbox, work: Workload, turn: Turn | None) -> Cut:
    """End what is underway: what the model has, and what people have said to it. Events that wait go on waiting."""
    unfinished, rows = work.outstanding_ids, work.take_all()
    waiting = [row for row in rows if _waits(row)]
    work.put_back(waiting)
    working = bool(unfinished) or turn is not None
    ended = await interrupted(conversation, mailbox) if working else None
    # Messages that wait inside the process would start a turn of their own as soon as this one is interrupted.
    if working and (len(unfinished) > 1 or ended is None or not unfinished <= set(ended.message_ids)):
        await conversation.kill()
    if turn is not None:
        await turn.live.settle()  # last: Telegram may keep an edit waiting for seconds
    return Cut([row for row in rows if not _waits(row)], waiting, turn, ended)


def _waits(row: InboxRow) -> bool:
    """Nobody has said it, and nothing of it has been begun."""
    return row.message.event is not None and not row.attempts


async def interrupted(conversation: Conversation, mailbox: Mailbox) -> TurnEnded | None:
    """Interrupt; returns the end of the turn, None if the process does not obey in time."""
    try:
        async with asyncio.timeout(INTERRUPT_SECONDS):
            await conversation.interrupt()
            end = await mailbox.until_turn_end()
    except (TimeoutError, AgentUnavailable):
        return None
    try:
        conversation.remember(end.session_id)
    except StorageError as error:  # what is to end has ended; the end of the next turn tries again
        log.warning("Which conversation to go on with could not be noted: %s", error)
    return end
