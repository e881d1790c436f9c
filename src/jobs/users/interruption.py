"""Asking a turn to end, and hearing that it did."""

from __future__ import annotations

import asyncio

from jobs.core.errors import AgentUnavailable
from jobs.users.agent_events import TurnEnded
from jobs.users.conversation import Conversation
from jobs.users.session_items import Mailbox

INTERRUPT_SECONDS = 1.0


async def interrupted(conversation: Conversation, mailbox: Mailbox) -> TurnEnded | None:
    """Interrupt; returns the end of the turn, None if the process does not obey in time."""
    try:
        async with asyncio.timeout(INTERRUPT_SECONDS):
            await conversation.interrupt()
            end = await mailbox.until_turn_end()
    except (TimeoutError, AgentUnavailable):
        return None
    conversation.remember(end.session_id)
    return end
