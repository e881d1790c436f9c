"""What is over for good is forgotten, and nothing that anybody still looks at."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from itertools import pairwise

import pytest
from trigger_desk import OWNER, TriggerDesk

from jobs.core.clock import to_text
from jobs.core.database import Database
from jobs.core.journal.inbox import Settled
from jobs.core.journal.outbox import FORGOTTEN
from jobs.core.messages import EVENTS, OWNER_SESSION, InboundMessage, person_session
from jobs.core.retention import KEPT, Retention
from jobs.core.rich_text import Entity, RichText
from jobs.triggers.models import TriggerContext, TriggerEvent

MASHA = 5


class Years(TriggerDesk):
    """A database in which much has happened long ago."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.retention = Retention(database, self.clock, OWNER)

    async def says(self, chat_id: int, number: int, outcome: Settled | None = "done", *, revision: int = 0) -> None:
        """A message of somebody, and how it ended."""
        message = InboundMessage(
            chat_id=chat_id, message_id=number, revision=revision, sender_id=chat_id, sent_at=self.clock.now(),
            text=f"no. {number}",
        )  # fmt: skip
        async with self.database.transaction() as tx:
            await self.journal.inbox.add(tx, message, OWNER_SESSION if chat_id == OWNER else person_session(chat_id))
            row = await tx.one("SELECT max(id) AS id FROM inbox")
            assert row is not None
            if outcome is not None:
                await self.journal.inbox.settle(tx, [row["id"]], outcome)

    async def sends(self, chat_id: int, text: str, *, number: int, sent: bool = True) -> int:
        """A message of ours."""
        async with self.database.transaction() as tx:
            rich = RichText(text, (Entity("bold", 0, 1),))
            row_id = await self.journal.outbox.add(tx, chat_id, rich, "answer")
            if sent:
                await self.journal.outbox.attempting(tx, row_id, rich)
                await self.journal.outbox.acknowledged(tx, row_id, number)
                await self.journal.outbox.sent(tx, row_id)
        return row_id

    async def reconciled(self, number: int) -> None:
        async with self.database.transaction() as tx:
            await self.journal.inbox.set_reconciled(tx, OWNER, number)

    async def hears(self, *events: int) -> None:
        """The owner's session is told of these."""
        async with self.database.transaction() as tx:
            await self.executor.fired.heard(tx, events)

    async def column(self, sql: str) -> list[object]:
        async with self.database.transaction() as tx:
            return [row[0] for row in await tx.all(sql)]

    async def left(self, chat_id: int) -> list[object]:
        return await self.column(f"SELECT message_id FROM inbox WHERE chat_id = {chat_id} ORDER BY id")  # noqa: S608

    async def years_pass(self) -> None:
        """Longer than anything is kept; then something new, so that the newest rows are of today."""
        self.clock.moment += KEPT + timedelta(days=1)


@pytest.fixture
def years(database: Database) -> Years:
    return Years(database)


async def test_what_the_owner_has_said_long_ago_goes_and_what_is_younger_or_open_stays(years: Years) -> None:
    await years.says(OWNER, 1)
    await years.says(OWNER, 2, "dropped")
    await years.says(OWNER, 3, None)
    await years.reconciled(100)
    years.clock.moment += KEPT - timedelta(days=1)
    await years.says(OWNER, 4)
    assert await years.retention.sweep() == 0
    years.clock.moves(days=1, seconds=1)
    await years.says(OWNER, 5)
    assert await years.retention.sweep() == 2
    assert await years.left(OWNER) == [3, 4, 5]


async def test_what_was_said_with_people_stays(years: Years) -> None:
    await years.says(MASHA, 1)
    await years.sends(MASHA, "Hello", number=2)
    await years.says(OWNER, 3)
    await years.years_pass()
    await years.says(OWNER, 4)
    await years.retention.sweep()
    assert await years.left(MASHA) == [1]
    assert await years.column("SELECT text FROM outbox") == ["Hello"]


async def test_what_the_comparison_with_telegram_has_not_reached_stays(years: Years) -> None:
    await years.says(OWNER, 1)
    await years.says(OWNER, 2)
    await years.reconciled(1)
    await years.years_pass()
    await years.says(OWNER, 3)
    await years.retention.sweep()
    assert await years.left(OWNER) == [2, 3]


async def test_the_edits_of_a_message_go_together(years: Years) -> None:
    await years.says(OWNER, 1)
    await years.reconciled(100)
    await years.years_pass()
    await years.says(OWNER, 1, revision=7)
    await years.says(OWNER, 2)
    await years.retention.sweep()
    assert await years.left(OWNER) == [1, 1, 2]
    await years.years_pass()
    await years.says(OWNER, 3)
    await years.retention.sweep()
    assert await years.left(OWNER) == [3]


async def test_numbers_are_not_given_twice(years: Years) -> None:
    """Who has claimed the rows up to a number would never see one below it."""
    await years.says(OWNER, 1)
    await years.reconciled(100)
    await years.executor.execute(years.event("one", None))
    await years.hears(1)
    [before] = await years.column("SELECT max(id) FROM inbox")
    await years.years_pass()
    await years.retention.sweep()
    await years.says(OWNER, 2)
    assert await years.column("SELECT max(id) FROM inbox") == [int(str(before)) + 1]
    assert await years.column("SELECT count(*) FROM trigger_events") == [1]


async def test_runs_go_with_their_rows_once_both_are_over_and_told(years: Years) -> None:
    for key in ("one", "two"):
        await years.executor.execute(years.event(key))
    await years.end("trigger:lumo", "It will rain.")
    await years.executor.execute(years.event("waits"))
    await years.executor.execute(years.event("said", None))
    await years.hears(1)
    await years.years_pass()
    await years.executor.execute(years.event("new", None))
    await years.retention.sweep()
    assert await years.column("SELECT key FROM trigger_events ORDER BY id") == ["two", "waits", "said", "new"]
    assert len(await years.left(EVENTS)) == 2
    assert not await years.executor.execute(years.event("two")), "what was not told yet fires no second time"
    assert await years.outcomes.unheard() != ""
    await years.end("trigger:lumo", "")
    await years.hears(2, 3, 4, 5)
    await years.years_pass()
    await years.executor.execute(years.event("newest", None))
    await years.says(OWNER, 1)
    await years.retention.sweep()
    assert await years.column("SELECT key FROM trigger_events") == ["newest"]
    assert await years.left(EVENTS) == []


async def test_what_was_said_lately_fires_no_second_time(years: Years) -> None:
    await years.executor.execute(years.event("one", None))
    await years.executor.execute(years.event("two", None))
    await years.hears(1, 2)
    years.clock.moment += KEPT
    assert await years.retention.sweep() == 0
    assert not await years.executor.execute(years.event("one", None))


async def test_a_run_whose_row_was_taken_back_goes_too(years: Years) -> None:
    await years.executor.execute(years.event("one"))
    async with years.database.transaction() as tx:
        await years.executor.fired.take_back(tx, "lumo")
    await years.years_pass()
    await years.executor.execute(years.event("new", None))
    await years.says(OWNER, 1)
    await years.retention.sweep()
    assert await years.column("SELECT key FROM trigger_events") == ["new"]
    assert await years.left(EVENTS) == []


async def test_what_an_open_errand_was_looked_after_for_stays_until_it_is_closed(years: Years) -> None:
    async with years.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO tasks (id, title, status, created_by, created_at, updated_at) "
            "VALUES ('kiva', 'Report', 'waiting', 'owner', '2026', '2026')"
        )
        context = TriggerContext(about="heartbeat", title="it is overdue")
        for key in ("kiva quiet 2026-03-02 7", "beat 2026-03-02"):
            event = TriggerEvent("heartbeat", key, "", context, None, years.clock.now())
            await years.executor.fired.add(tx, event, "")
    await years.years_pass()
    await years.executor.execute(years.event("new", None))
    await years.retention.sweep()
    assert await years.column("SELECT key FROM trigger_events") == ["kiva quiet 2026-03-02 7", "new"]
    async with years.database.transaction() as tx:
        await tx.execute("UPDATE tasks SET status = 'done'")
    await years.retention.sweep()
    assert await years.column("SELECT key FROM trigger_events") == ["new"]


async def test_the_words_of_old_answers_go_and_what_is_known_of_their_messages_stays(years: Years) -> None:
    await years.sends(OWNER, "A long answer", number=10)
    await years.sends(OWNER, "not sent", number=11, sent=False)
    async with years.database.transaction() as tx:
        await years.journal.outbox.add_once(tx, OWNER, RichText("said once"), "overdue kiva")
    await years.years_pass()
    await years.sends(OWNER, "A new one", number=12)
    await years.retention.sweep()
    rows = await years.column("SELECT text || entities || coalesce(attempted_text, '-') FROM outbox ORDER BY id")
    assert rows[0] == f"{FORGOTTEN}[]-"
    assert [str(row)[:9] for row in rows[1:]] == ["not sent[", "said once", "A new one"]
    async with years.database.transaction() as tx:
        assert await years.journal.outbox.is_ours(tx, OWNER, 10)
        assert not await years.journal.outbox.add_once(tx, OWNER, RichText("said once"), "overdue kiva")
    assert await years.retention.sweep() == 0


async def test_what_tools_did_goes_once_its_turn_was_answered(years: Years) -> None:
    async def call(number: int, *, settled: bool) -> None:
        async with years.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO tool_effects (tool_use_id, session_key, attempt, turn, tool, arguments, state, settled, "
                "created_at) VALUES (?, 'owner', 'a', 0, 'tool', '{}', 'done', ?, ?)",
                f"call {number}", settled, to_text(years.clock.now()),
            )  # fmt: skip

    await call(1, settled=True)
    await call(2, settled=False)
    await years.years_pass()
    await call(3, settled=True)
    assert await years.retention.sweep() == 1
    assert await years.column("SELECT tool_use_id FROM tool_effects ORDER BY rowid") == ["call 2", "call 3"]


async def test_thousands_of_rows_go_a_few_at_a_time(years: Years) -> None:
    """Between two batches others have their turn."""
    now = to_text(years.clock.now())
    async with years.database.transaction() as tx:
        await tx.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
            "INSERT INTO tool_effects (tool_use_id, session_key, attempt, turn, tool, arguments, state, settled, "
            "created_at) SELECT 'call ' || i, 'owner', 'a', 0, 'tool', '{}', 'done', 1, ? FROM n",
            now,
        )
    await years.years_pass()
    counts = list[int]()
    sweeping = asyncio.create_task(years.retention.sweep())
    while not sweeping.done():
        [count] = await years.column("SELECT count(*) FROM tool_effects")
        counts.append(int(str(count)))
        await asyncio.sleep(0)
    assert sweeping.result() == 1500
    steps = sorted(set(counts), reverse=True)
    assert len(steps) >= 3
    assert all(before - after <= 200 * 2 for before, after in pairwise(steps))


class Heard(logging.Handler):
    """Rings when something is logged."""

    def __init__(self, words: str) -> None:
        super().__init__(logging.INFO)
        self._words = words
        self._rung = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self._words in record.getMessage():
            self._rung.set()

    async def wait(self) -> None:
        await asyncio.wait_for(self._rung.wait(), 20)


async def test_it_looks_soon_after_the_start_and_then_again_and_a_refusal_ends_nothing(
    years: Years, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await years.says(OWNER, 1)
    await years.reconciled(100)
    await years.years_pass()
    await years.says(OWNER, 2)
    async with database.transaction() as tx:
        await tx.execute("ALTER TABLE tool_effects RENAME TO away")
    caplog.set_level("INFO")
    log, refused, done = logging.getLogger("jobs.core.retention"), Heard("could not be cleared"), Heard("Cleared away")
    log.addHandler(refused)
    log.addHandler(done)
    running = asyncio.create_task(years.retention.run(timedelta(), timedelta(milliseconds=20)))
    try:
        await refused.wait()
        async with database.transaction() as tx:
            await tx.execute("ALTER TABLE away RENAME TO tool_effects")
        await done.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        log.removeHandler(refused)
        log.removeHandler(done)
    assert await years.left(OWNER) == [2]
