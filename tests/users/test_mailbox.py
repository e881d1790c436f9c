"""What a session has still to handle when its Claude process ends."""

from datetime import UTC, datetime

from jobs.core.journal import InboxRow
from jobs.core.messages import InboundMessage
from jobs.core.usage import TurnUsage
from jobs.users.agent_events import TextWritten, TurnEnded
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


async def test_the_end_of_a_turn_is_found_behind_its_words_and_the_owners_words_stay_in_order() -> None:
    mailbox = Mailbox()
    end, command = TurnEnded((), "", TurnUsage()), Command("stop", row(2))
    for item in (row(1), TextWritten("words"), command, end, TextWritten("of the next turn")):
        mailbox.put_nowait(item)
    assert await mailbox.until_turn_end() is end
    assert mailbox.commanded.is_set()
    left = [mailbox.get_nowait() for _ in range(mailbox.qsize())]
    assert [item for item in left if not isinstance(item, TextWritten)] == [row(1), command]
