"""What the owner's session is told of their reactions to its messages: at its next turn, once."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from jobs.core.database import Transaction
from jobs.core.fence import fenced, masked
from jobs.core.journal import InboxRow, Journal, Settled
from jobs.core.journal.reactions import UntoldReaction
from jobs.users.session_items import Notes, SettledListener

_MOST = 20
"""So many are told, the latest; what was before is counted."""
_EXCERPT = 80
_NOTE = (
    "[From the program: since the last turn the owner has reacted to messages in this chat that you or the program "
    "sent. It needs no answer by itself.{more}\n{lines}]"
)


class ReactionNotes:
    """Implements `Notes`; `settled` writes down what has been heard where the turn is settled."""

    def __init__(self, journal: Journal, zone: ZoneInfo) -> None:
        self._journal = journal
        self._zone = zone
        self._handed: set[int] = set()
        """With the model, in a turn that has not ended."""

    async def unheard(self) -> str:
        """See the protocol."""
        async with self._journal.database.transaction() as tx:
            found = [r for r in await self._journal.reactions.untold(tx) if r.id not in self._handed]
        if not found:
            return ""
        self._handed.update(reaction.id for reaction in found)
        more = f" There were {len(found) - _MOST} more before." if len(found) > _MOST else ""
        return _NOTE.format(more=more, lines="\n".join(map(self._line, found[-_MOST:])))

    def forget(self) -> None:
        """See the protocol."""
        self._handed.clear()

    async def settled(self, tx: Transaction, rows: Sequence[InboxRow], outcome: Settled) -> None:
        """Rows of the owner's session have ended."""
        if outcome == "done" and rows:
            await self._journal.reactions.told(tx, self._handed)
            self._handed.clear()

    def _line(self, reaction: UntoldReaction) -> str:
        # The reaction is the owner's word; what the message says may repeat other people's.
        text = " ".join(masked(reaction.text).split())
        about = f"the message {fenced(text, limit=_EXCERPT)}" if text else "a message without text"
        moment = reaction.at.astimezone(self._zone)
        return f"- {moment:%a %Y-%m-%d %H:%M}: {reaction.emoji or 'a custom emoji'} on {about}"


class Together:
    """Several notes as one."""

    def __init__(self, *notes: Notes) -> None:
        self._notes = notes

    async def unheard(self) -> str:
        """See the protocol."""
        return "\n".join([told for notes in self._notes if (told := await notes.unheard())])

    def forget(self) -> None:
        """See the protocol."""
        for notes in self._notes:
            notes.forget()


def also_told(listener: SettledListener, reactions: ReactionNotes) -> SettledListener:
    """A listener that notes what has been told of reactions, too."""

    async def settled(tx: Transaction, rows: Sequence[InboxRow], outcome: Settled, text: str) -> None:
        await listener(tx, rows, outcome, text)
        await reactions.settled(tx, rows, outcome)

    return settled
