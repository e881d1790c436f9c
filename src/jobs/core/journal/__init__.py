"""The journal: what came in, what goes out and what tools did, written down before it happens."""

from jobs.core.journal.effects import Effects, RecordedEffect
from jobs.core.journal.inbox import Inbox, InboxRow, Settled
from jobs.core.journal.journal import Ending, Journal
from jobs.core.journal.outbox import Outbox, OutboxRow
from jobs.core.journal.reactions import Reaction

__all__ = [
    "Effects",
    "Ending",
    "Inbox",
    "InboxRow",
    "Journal",
    "Outbox",
    "OutboxRow",
    "Reaction",
    "RecordedEffect",
    "Settled",
]
