"""What the owner sees of a turn while it grows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from jobs.core.journal import InboxRow
from jobs.core.messages import InboundMessage, SessionEvent
from jobs.users.agent_events import TextDelta, ToolStarted
from jobs.users.turn import Turn

TOOL = ToolStarted("id", "Bash", {"command": "ls"})


class Screen:
    """Implements `core.ports.LiveReply`: keeps what was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[list[str], str | None]] = []

    def show(self, texts: Sequence[str], status: str | None) -> None:
        self.shown.append((list(texts), status))

    async def settle(self) -> None: ...


def row(event: SessionEvent | None) -> InboxRow:
    message = InboundMessage(
        chat_id=1, message_id=1, sender_id=1, sent_at=datetime(2026, 3, 2, tzinfo=UTC), event=event
    )
    return InboxRow(1, message, 0, None)


DUE, SAID = row(SessionEvent(kind="trigger", facts="x")), row(None)


def test_a_word_for_silence_is_not_shown_while_it_is_written() -> None:
    screen = Screen()
    turn = Turn(screen, {}, "en")
    for piece in ("HEART", "BEAT", "_OK"):
        turn.take(TextDelta(piece, fresh=False))
    assert screen.shown == []
    turn.take(TextDelta(" It rains.", fresh=False))
    assert screen.shown == [(["It rains."], None)]


def test_the_tools_of_a_turn_that_only_a_trigger_has_started_are_not_shown() -> None:
    screen = Screen()
    turn = Turn(screen, {}, "en")
    turn.hears([DUE])
    turn.take(TOOL)
    assert screen.shown == []
    turn.hears([SAID])
    turn.take(TOOL)
    assert [status for _, status in screen.shown] == ["💻 running: ls"]


def test_once_somebody_has_asked_a_trigger_hides_nothing() -> None:
    screen = Screen()
    turn = Turn(screen, {}, "en")
    turn.hears([SAID])
    turn.hears([DUE])
    turn.take(TOOL)
    assert len(screen.shown) == 1
