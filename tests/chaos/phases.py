"""What the daemon was doing at an instant, as far as both fakes and its database can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from numbers_model import FRIEND, answered_numbers, request_text

from jobs.sandbox.claude import RequestRecord, ToolUse
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.calls import CallRecord, Outcome
from jobs.sandbox.telegram.world.model import Message, User

_NOTICES = ("⚠️", "⏳", "📡", "⌛", "🔑", "I could not reopen our earlier conversation")
DELIVERIES = ("messages.sendMessage", "messages.editMessage")


class Phase(StrEnum):
    """Where a kill can hit, in the order of a life."""

    STARTING = "starting, Telegram not called yet"
    COMPARING = "connected, not ready yet"
    ARRIVED = "message arrived, not journalled"
    JOURNALLED = "message journalled, not with the model"
    THINKING = "model request open"
    TOOL_ASKED = "tool call asked for, nothing journalled"
    TOOL_SENDING = "tool's message on its way to Telegram"
    TOOL_DONE = "tool's message sent, its result not with the model"
    STREAMING = "answer streams, nothing on the screen"
    DRAFT = "answer streams, draft on the screen"
    WRITTEN = "answer written, not committed"
    COMMITTED = "answer committed, not sent"
    DELIVERING = "answer or draft on its way to Telegram"
    RETRYING = "turn to be tried again after the CLI's death"
    IDLE = "idle"


@dataclass
class Scene:
    """The world of one storm: what was sent so far, and what stands in the chats."""

    stage: Stage
    owner: User
    assistant: User
    friend: User
    sent: dict[int, int] = field(default_factory=dict[int, int])
    """By number: the id that its message has with the assistant."""
    first_request: int = 0
    """Where the requests of this life begin."""
    requests_at_cli_kill: int | None = None
    """How many requests of this life there were when the CLI was killed last."""
    ready: bool = False

    @classmethod
    def on(cls, stage: Stage, *, saved_messages: bool = False) -> Scene:
        friend = stage.world.add_user("Frida", username=FRIEND)
        return cls(stage, stage.owner, stage.owner if saved_messages else stage.assistant, friend)

    def send(self, number: int) -> None:
        """The owner writes a number."""
        message = self.stage.world.send_text(self.owner, self.assistant, request_text(number))
        self.sent[number] = message.ids[self.assistant.id]

    def spoken(self) -> list[Message]:
        """What the assistant has written to the owner."""
        mine = set(self.sent.values())
        history = self.stage.world.messages_between(self.assistant, self.owner)
        return [m for m in history if m.sender == self.assistant.id and m.ids[self.assistant.id] not in mine]

    def effects(self) -> list[str]:
        return [m.text for m in self.stage.world.messages_between(self.friend, self.assistant)]

    def answered(self) -> list[int]:
        return [number for message in self.spoken() for number in answered_numbers(message.text) or ()]

    def notices(self) -> list[str]:
        """What the program itself said."""
        return [message.text for message in self.spoken() if message.text.startswith(_NOTICES)]

    def torn(self) -> list[str]:
        """Messages of the assistant that are neither whole answers nor notices: drafts, while it is at work."""
        texts = [message.text for message in self.spoken() if not message.text.startswith(_NOTICES)]
        return [text for text in texts if answered_numbers(text) is None]

    def unanswered(self) -> set[int]:
        return set(self.sent) - set(self.answered())

    def requests(self) -> list[RequestRecord]:
        """This life's requests for an answer."""
        return [r for r in list(self.stage.claude.requests)[self.first_request :] if r.request is not None]

    def deliveries(self) -> list[CallRecord]:
        """This life's sends and edits."""
        return [
            call
            for call in self.stage.telegram.calls
            if call.method in DELIVERIES and call.user_id == self.assistant.id
        ]

    def is_to(self, user: User, request: object) -> bool:
        """Whether a send or an edit goes to the chat with somebody."""
        return getattr(getattr(request, "peer", None), "user_id", self.assistant.id) == user.id

    def begin_life(self) -> None:
        self.ready = False
        self.requests_at_cli_kill = None
        self.stage.telegram.calls.clear()
        self.first_request = len(self.stage.claude.requests)
        for record in list(self.stage.claude.requests)[:-5]:
            record.request = record.reply = None  # a long storm's conversations would fill the memory

    def phase(self) -> Phase:
        """By the logs of both fakes; `refined` tells more once the process is dead."""
        if not self.ready:
            called = any(call.user_id == self.assistant.id for call in self.stage.telegram.calls)
            return Phase.COMPARING if called else Phase.STARTING
        return self._sending() or self._with_the_model() or self._between()

    def _sending(self) -> Phase | None:
        deliveries = self.deliveries()
        for call in deliveries[-2:]:
            if call.outcome in (Outcome.PENDING, Outcome.LOST):
                return Phase.TOOL_SENDING if self.is_to(self.friend, call.request) else Phase.DELIVERING
        return Phase.COMMITTED if deliveries and deliveries[-1].outcome is Outcome.REFUSED else None

    def _with_the_model(self) -> Phase | None:
        requests = self.requests()
        if self.requests_at_cli_kill == len(requests) and self.unanswered():
            return Phase.RETRYING
        if not requests:
            return None
        last, texts = requests[-1], called_texts(requests[-1])
        if last.finished is not None:
            return (Phase.TOOL_DONE if set(texts) <= set(self.effects()) else Phase.TOOL_ASKED) if texts else None
        if last.reply is None or texts:
            return Phase.THINKING
        shown = any(self.is_to(self.owner, d.request) and d.at > last.arrived_at.timestamp() for d in self.deliveries())
        return Phase.DRAFT if shown else Phase.STREAMING

    def _between(self) -> Phase:
        if not self.unanswered():
            return Phase.IDLE
        return Phase.WRITTEN if self._is_on_its_way(self.requests()) else Phase.ARRIVED

    def _is_on_its_way(self, requests: Sequence[RequestRecord]) -> bool:
        written = {n for r in requests if r.reply and not called_texts(r) for n in spoken_numbers(r)}
        return bool(written & self.unanswered())

    def refined(self, phase: Phase) -> Phase:
        """What the database of the dead process adds."""
        if not (self.stage.data_dir / "db.sqlite").exists():
            return phase
        queued = {chat for (chat,) in self.stage.rows("SELECT chat_id FROM outbox WHERE state = 'ready'")}
        if phase is Phase.WRITTEN and self.owner.id in queued:
            return Phase.COMMITTED
        if phase is Phase.TOOL_ASKED and self.friend.id in queued:
            return Phase.TOOL_SENDING
        if phase is Phase.ARRIVED:
            known = {number for (number,) in self.stage.rows("SELECT message_id FROM inbox")}
            return Phase.JOURNALLED if set(self.sent.values()) <= known else Phase.ARRIVED
        return phase


def called_texts(record: RequestRecord) -> list[str]:
    """What a reply asks the tool to write."""
    blocks = record.reply.blocks if record.reply else ()
    return [str(block.input["text"]) for block in blocks if isinstance(block, ToolUse)]


def spoken_numbers(record: RequestRecord) -> list[int]:
    """The numbers that a final reply answers."""
    blocks = record.reply.blocks if record.reply else ()
    return [n for block in blocks if not isinstance(block, ToolUse) for n in answered_numbers(_whole(block)) or ()]


def _whole(block: object) -> str:
    return getattr(block, "whole", "")
