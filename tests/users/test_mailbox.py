"""What a session has still to handle when its Claude process ends."""

from datetime import UTC, datetime

from jobs.core.journal import InboxRow
from jobs.core.messages import InboundMessage
from jobs.users.agent_events import TextWritten
from jobs.users.session_items import Command, Mailbox, Warm

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def row(number: int) -> InboxRow:
    message = InboundMessage(chat_id=1, message_id=number, sender_id=1, sent_at=NOW, text="hi")
    return InboxRow(id=number, message=message, attempts=0, not_before=None)


async def test_unheard_words_of_an_ended_process_are_forgotten_and_the_owners_stay_in_order() -> None:
    mailbox = Mailbox()
    command = Command("stop", row(2))
    for item in (row(1), TextWritten("half a sen"), command, TextWritten("tence"), Warm()):
        mailbox.put_nowait(item)
    mailbox.forget_events()
    assert [mailbox.get_nowait() for _ in range(mailbox.qsize())] == [row(1), command, Warm()]
