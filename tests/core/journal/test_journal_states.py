"""Whatever happens to the journal, in whatever order, its laws hold."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from journal_laws import OPEN, Snapshot, check_laws, take_snapshot

from interruption import cancelled_at
from jobs.core.clock import SystemClock
from jobs.core.database import Database
from jobs.core.journal import Ending, InboxRow, Journal
from jobs.core.journal.inbox import Settled
from jobs.core.messages import InboundMessage
from jobs.core.rich_text import RichText

T = TypeVar("T")

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - thousands of commits, not one for good
CHAT = 7
SESSIONS = ("owner", "user:1")
SENT_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

sessions = st.sampled_from(SESSIONS)
texts = st.sampled_from(("one", "two", "three"))
parts = st.lists(texts.map(RichText), max_size=2)
places = st.integers(0, 3)
some = st.sets(st.integers(0, 2), min_size=1)
"""Places in a list, wherever it ends."""


class _Broken(Sequence[RichText]):
    """The parts of an answer, the second of which cannot be had."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[RichText]:
        yield RichText("the first")
        raise ZeroDivisionError


class JournalMachine(RuleBasedStateMachine):
    """One journal and everybody who uses it: Telegram, two sessions with their tools, the sender, and the power cut."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.path = Path(self.folder.name) / "db.sqlite"
        self.attempts = dict.fromkeys(SESSIONS, 0)
        self.turns = dict.fromkeys(SESSIONS, 0)
        self.calls = 0
        self.stood_in: Counter[tuple[str, str]] = Counter()

    @initialize()
    def start(self) -> None:
        self.stack = AsyncExitStack()
        database = self.run(self.stack.enter_async_context(Database.open(self.path)))
        self.journal = Journal(database, SystemClock())
        self.onlooker = sqlite3.connect(self.path, isolation_level=None)
        self.onlooker.row_factory = sqlite3.Row
        self.before = self.now = take_snapshot(self.onlooker)

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.onlooker.close()
            self.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    @invariant()
    def the_laws_hold(self) -> None:
        if hasattr(self, "stack"):
            self.before = self.look()

    # What comes in

    @rule(message_id=st.integers(1, 3), session_key=st.sampled_from((*SESSIONS, None)), text=texts)
    def receive(self, message_id: int, session_key: str | None, text: str) -> None:
        known = any(row["message_id"] == message_id and row["revision"] == 0 for row in self.now.inbox.values())
        added = self.run(self.journal.receive(message(message_id, text), session_key))
        assert added == (not known)
        assert len(self.look().inbox) == len(self.before.inbox) + added

    @rule(message_id=st.integers(1, 3), text=texts, edited_at=st.integers(1, 9))
    def receive_edit(self, message_id: int, text: str, edited_at: int) -> None:
        known = self.newest(message_id)
        told = self.run(self.journal.receive_edit(message(message_id, text, edited_at), "owner"))
        self.look()
        if known is None:
            assert told
        else:
            state, old = known
            told_then = {told.text for told in self.revisions(message_id) if told.edited_at == edited_at}
            news = old.text != text and text not in told_then
            assert told == (state != "held" and news and old.edited_at <= edited_at)
        assert told == (self.now.inbox != self.before.inbox)
        found = self.newest(message_id)
        assert found is not None
        assert not told or found[1].text == text

    # What the sessions do

    @precondition(lambda self: self.any_open())
    @rule(session_key=sessions, chosen=some)
    def begin_attempt(self, session_key: str, chosen: set[int]) -> None:
        rows = self.open_rows(session_key, chosen)
        self.attempts[session_key] += 1
        self.turns[session_key] = 0
        fresh, effects = self.run(self.journal.begin_attempt(session_key, rows))
        assert [row.id for row in fresh] == [row.id for row in rows]
        for row in fresh:
            now = self.look().inbox[row.id]
            assert now["state"] == "submitted"
            assert now["attempts"] == self.before.inbox[row.id]["attempts"] + 1
            assert InboundMessage.model_validate_json(now["payload"]).text == row.message.text
        expected = [row for row in self.now.unsettled(session_key) if row["state"] != "failed"]
        assert [effect.tool_use_id for effect in effects] == [row["tool_use_id"] for row in expected]

    @rule(session_key=sessions, chosen=some, outcome=st.sampled_from(("done", "dropped", "failed")), said=parts)
    def answer(self, session_key: str, chosen: set[int], outcome: Settled, said: list[RichText]) -> None:
        rows = self.open_rows(session_key, chosen)
        ending = self.ending(session_key, rows, outcome)
        self.turns[session_key] += 1
        drafts = self.drafts(session_key)
        self.run(self.journal.answer(ending, said))
        now = self.look()
        assert all(now.inbox[row.id]["state"] == outcome for row in rows)
        assert len(now.outbox) - len(self.before.outbox) == len(said) - (drafts if said else 0)
        assert self.drafts(session_key) == 0
        of_this_turn = [
            r for r in now.unsettled(session_key) if (r["attempt"], r["turn"]) == (ending.attempt, ending.turn)
        ]
        assert not of_this_turn

    @rule(session_key=sessions, chosen=some, step=st.integers(0, 4))
    def answer_and_be_cancelled(self, session_key: str, chosen: set[int], step: int) -> None:
        rows = self.open_rows(session_key, chosen)
        ending = self.ending(session_key, rows, "done")
        assert self.run(cancelled_at(step, self.journal.answer(ending, [RichText("one"), RichText("two")])))
        self.nothing_happened()

    @rule(session_key=sessions, chosen=some)
    def answer_and_fail_half_way(self, session_key: str, chosen: set[int]) -> None:
        rows = self.open_rows(session_key, chosen)
        try:
            self.run(self.journal.answer(self.ending(session_key, rows, "done"), _Broken()))
        except ZeroDivisionError:
            self.nothing_happened()
        else:
            raise AssertionError("nothing went wrong")

    @precondition(lambda self: self.any_open())
    @rule(session_key=sessions, chosen=some, later=st.booleans(), said=parts)
    def postpone(self, session_key: str, chosen: set[int], later: bool, said: list[RichText]) -> None:
        ids = [row.id for row in self.open_rows(session_key, chosen)]
        until = datetime.now(UTC) + timedelta(hours=1) if later else None
        self.run(self.journal.postpone(session_key, CHAT, row_ids=ids, until=until, notice=said))
        assert all(self.look().inbox[i]["state"] == ("new" if later else "parked") for i in ids)

    @precondition(lambda self: self.now.inbox)
    @rule(place=places, said=parts)
    def reply_without_the_model(self, place: int, said: list[RichText]) -> None:
        key = choose(list(self.now.inbox), place)
        was_open = self.now.inbox[key]["state"] in OPEN
        self.run(self.journal.reply(int(key), CHAT, said))
        now = self.look()
        assert (now.inbox[key]["state"] == "done") or not was_open
        assert len(now.outbox) - len(self.before.outbox) == (len(said) if was_open else 0)

    @rule(about=st.integers(0, 2), said=parts)
    def notify(self, about: int, said: list[RichText]) -> None:
        known = {row["once"] for row in self.now.outbox.values()}
        self.run(self.journal.notify(CHAT, said, once=f"about {about}"))
        fresh = {f"about {about}/{number}" for number in range(len(said))} - known
        assert len(self.look().outbox) - len(self.before.outbox) == len(fresh)

    # What the tools do

    @rule(session_key=sessions, arguments=st.sampled_from(("{}", '{"to": "Ada"}')), atomic=st.booleans())
    def call(self, session_key: str, arguments: str, atomic: bool) -> None:
        attempt = f"{session_key} {self.attempts[session_key]}"
        able = [
            row
            for row in self.now.unsettled(session_key)
            if row["arguments"] == arguments
            and row["attempt"] != attempt
            and not self.stood_in[row["tool_use_id"], attempt]
            and (row["state"] == "done" or (row["state"] == "started" and not atomic))
        ]
        self.calls += 1
        call_id = f"call {self.calls}"
        recorded = self.run(self.begin_call(call_id, session_key, attempt, arguments, atomic=atomic))
        assert (recorded.tool_use_id if recorded else None) == (able[0]["tool_use_id"] if able else None)
        assert (call_id in self.look().effects) == (recorded is None)
        if recorded is not None:
            self.stood_in[recorded.tool_use_id, attempt] += 1
            assert recorded.result == self.now.effects[recorded.tool_use_id]["result"]

    @precondition(lambda self: any(row["state"] == "started" for row in self.now.effects.values()))
    @rule(place=places, state=st.sampled_from(("done", "failed")))
    def a_call_ends(self, place: int, state: Any) -> None:
        running = [row["tool_use_id"] for row in self.now.effects.values() if row["state"] == "started"]
        call_id = choose(running, place)
        self.run(self.write(lambda tx: self.journal.effects.end(tx, call_id, state, f"of {call_id}")))
        assert self.look().effects[call_id]["result"] == f"of {call_id}"

    # What goes out

    @rule(session_key=sessions, text=texts)
    def begin_a_draft(self, session_key: str, text: str) -> None:
        drafts = self.drafts(session_key)
        row = self.run(self.write(lambda tx: self.journal.outbox.draft(tx, CHAT, RichText(text), session_key)))
        assert self.look().outbox[row.id]["state"] == "draft"
        assert len(self.now.outbox) - len(self.before.outbox) == 1 - drafts

    @precondition(lambda self: self.underway())
    @rule(place=places)
    def send(self, place: int) -> None:
        row = choose(self.underway(), place)
        content = RichText(row["text"])
        self.run(self.write(lambda tx: self.journal.outbox.attempting(tx, row["id"], content)))
        assert self.look().outbox[row["id"]]["attempted"]
        waiting = self.run(self.write(self.journal.outbox.unacknowledged))
        assert (row["id"] in [r.id for r in waiting]) == (row["message_id"] is None)

    @precondition(lambda self: any(row["attempted"] for row in self.underway()))
    @rule(place=places, then=st.sampled_from(("acknowledged", "sent", "failed")))
    def telegram_answers(self, place: int, then: str) -> None:
        attempted = [row for row in self.underway() if row["attempted"]]
        row = choose(attempted, place)
        outbox, row_id = self.journal.outbox, row["id"]
        if then == "acknowledged":
            self.run(self.write(lambda tx: outbox.acknowledged(tx, row_id, 1000 + row_id)))
            assert self.run(self.write(lambda tx: outbox.is_ours(tx, CHAT, 1000 + row_id)))
        elif then == "sent":
            self.run(self.write(lambda tx: outbox.sent(tx, row_id)))
            assert self.look().outbox[row_id]["state"] == ("draft" if row["state"] == "draft" else "sent")
        else:
            self.run(self.write(lambda tx: outbox.failed(tx, row_id, "refused")))
            assert self.look().outbox[row_id]["state"] == "failed"
        assert self.look().outbox[row_id]["random_id"] == row["random_id"]

    @precondition(lambda self: any(row["attempted"] for row in self.underway()))
    @rule(place=places)
    def a_message_was_deleted_from_the_chat(self, place: int) -> None:
        attempted = [row for row in self.underway() if row["attempted"]]
        row = choose(attempted, place)
        self.run(self.write(lambda tx: self.journal.outbox.forget_message(tx, row["id"])))
        assert self.look().outbox[row["id"]]["random_id"] != row["random_id"]

    # What happens to the program

    @precondition(lambda self: self.now.inbox)
    @rule()
    def crash_and_start_again(self) -> None:
        underway = sum(row["state"] in ("submitted", "parked") for row in self.now.inbox.values())
        waiting = sum(row["not_before"] is not None for row in self.now.inbox.values())
        self.onlooker.close()
        self.run(self.stack.aclose())
        before = self.now
        self.start()
        self.now = before
        assert self.run(self.journal.reopen()) == underway + waiting
        rows = self.look().inbox.values()
        assert {row["state"] for row in rows} <= {"new", "done", "dropped", "failed", "held"}
        assert all(row["not_before"] is None for row in rows)
        claimed = self.run(self.write(lambda tx: self.journal.inbox.unclaimed(tx, 0)))
        assert [row.id for _, row in claimed] == [row["id"] for row in rows if row["state"] == "new"]

    # Tools of the test

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def look(self) -> Snapshot:
        """The journal now; `before` is what it was before the rule."""
        now = take_snapshot(self.onlooker)
        check_laws(self.now, now)
        self.now = now
        return now

    def nothing_happened(self) -> None:
        assert take_snapshot(self.onlooker) == self.now

    async def write(self, work: Any) -> Any:
        async with self.journal.database.transaction() as tx:
            return await work(tx)

    async def begin_call(self, call_id: str, session_key: str, attempt: str, arguments: str, *, atomic: bool) -> Any:
        async with self.journal.database.transaction() as tx:
            return await self.journal.effects.begin(
                tx,
                tool_use_id=call_id,
                session_key=session_key,
                attempt=attempt,
                tool="send",
                arguments=arguments,
                atomic=atomic,
                turn=self.turns[session_key],
            )

    def open_rows(self, session_key: str, chosen: set[int]) -> list[InboxRow]:
        rows = self.run(self.write(lambda tx: self.journal.inbox.open_rows(tx, session_key)))
        assert [row.id for row in rows] == self.now.open_rows(session_key)
        return [row for place, row in enumerate(rows) if place in chosen]

    def ending(self, session_key: str, rows: list[InboxRow], outcome: Settled) -> Ending:
        attempt = f"{session_key} {self.attempts[session_key]}"
        ids = [row.id for row in rows]
        return Ending(session_key, CHAT, ids, attempt, self.turns[session_key], outcome)

    def revisions(self, message_id: int) -> list[InboundMessage]:
        rows = [row for row in self.before.inbox.values() if row["message_id"] == message_id]
        return [InboundMessage.model_validate_json(row["payload"]) for row in rows]

    def newest(self, message_id: int) -> tuple[str, InboundMessage] | None:
        rows = [row for row in self.now.inbox.values() if row["message_id"] == message_id]
        newest = max(rows, key=lambda row: row["revision"], default=None)
        return (newest["state"], InboundMessage.model_validate_json(newest["payload"])) if newest else None

    def drafts(self, session_key: str) -> int:
        return sum((row["state"], row["draft_of"]) == ("draft", session_key) for row in self.now.outbox.values())

    def any_open(self) -> bool:
        return any(self.now.open_rows(session_key) for session_key in SESSIONS)

    def underway(self) -> list[sqlite3.Row]:
        return [row for row in self.now.outbox.values() if row["state"] in ("draft", "ready")]


def choose(things: Sequence[T], place: int) -> T:
    """One of the newest."""
    return things[-1 - place % len(things)]


def message(message_id: int, text: str, edited_at: int = 0) -> InboundMessage:
    return InboundMessage(
        chat_id=CHAT, message_id=message_id, edited_at=edited_at, sender_id=CHAT, sent_at=SENT_AT, text=text
    )


TestJournal = JournalMachine.TestCase
TestJournal.settings = settings(
    max_examples=100,
    stateful_step_count=70,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
