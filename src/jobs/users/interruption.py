"""Asking a turn to end, and hearing that it did."""

from __future__ import annotations

import asyncio

from jobs.core.errors import AgentUnavailable
from jobs.users import agent_events as ev
from jobs.users.conversation import Conversation
from jobs.users.session_items import OURS, Item, Mailbox

INTERRUPT_SECONDS = 1.0


async def interrupted(conversation: Conversation, mailbox: Mailbox) -> ev.TurnEnded | None:
    """Interrupt; returns the end of the turn, None if the process does not obey in time.

    What the process says meanwhile is dropped; everything else in the mailbox stays, in order.
    """
    kept: list[Item] = []
    try:
        async with asyncio.timeout(INTERRUPT_SECONDS):
            await conversation.interrupt()
            while True:
                match item := await mailbox.get():
                    case ev.TurnEnded():
                        conversation.remember(item.session_id)
                        return item
                    case _ if isinstance(item, OURS):
                        kept.append(item)
                    case _:
                        pass
    except (TimeoutError, AgentUnavailable):
        return None
    finally:
        for item in kept:
            mailbox.put_nowait(item)
