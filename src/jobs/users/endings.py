"""How a session's turns end: who is told what, and what becomes of the messages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jobs.core.clock import Clock
from jobs.core.database import Transaction
from jobs.core.errors import TurnFailed
from jobs.core.journal import Ending, InboxRow, Journal, Settled
from jobs.core.messages import person_of
from jobs.core.ports import Compose, Objection
from jobs.core.rich_text import RichText
from jobs.core.words import chat as words
from jobs.core.words import people as people_words
from jobs.tools.execution import ToolRunner
from jobs.users import agent_events as ev
from jobs.users.failures import Verdict, judge, timed_out, what_comes_next, what_was_stopped
from jobs.users.session_items import Command, Manner, SessionConfig
from jobs.users.silence import without_marker
from jobs.users.turn import Turn
from jobs.users.workload import NEVER

log = logging.getLogger(__name__)

STOP_SECONDS = 10
"""How long a /stop with nothing else to say waits for what is stopped elsewhere."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What was underway when it was cut short, and what people had said behind it."""

    rows: list[InboxRow]
    waiting: list[InboxRow]
    """What goes on waiting: events of which nothing was begun."""
    turn: Turn | None
    ended: ev.TurnEnded | None
    """What the turn has cost, if the process could still tell."""


class Endings:
    """Answers go to the session's chat, troubles to the owner."""

    def __init__(
        self,
        config: SessionConfig,
        *,
        journal: Journal,
        clock: Clock,
        runner: ToolRunner,
        compose_text: Compose,
        manner: Manner,
    ) -> None:
        self._config = config
        self._journal = journal
        self._clock = clock
        self._runner = runner
        self._compose_text = compose_text
        self._manner = manner
        self._told: set[int] = set()  # the rows whose postponing was told

    async def answer(self, rows: list[InboxRow], event: ev.TurnEnded | None, texts: Sequence[str]) -> None:
        """The turn has its answer; an empty one is silence, except towards an owner who has asked something."""
        if not rows and not texts:
            await self._journal.say_nothing(self._config.key)
            return
        asked = any(row.message.event is None for row in rows)
        if not asked and texts and not without_marker(texts[-1]):
            texts = ()  # what was said on the way is not worth telling, either
        if not asked or len(rows) > sum(row.message.event is None for row in rows):
            texts = [text for text in map(without_marker, texts) if text]
        if not texts and self._config.to_owner and asked:
            texts = [words.DONE.say(self._config.language)]
        parts = await self._compose_text(*texts) if self._config.chat_id is not None else ()
        await self._end(self._ending(rows, event), rows, "\n\n".join(texts), parts)
        if rows:
            log.info("Session %s answered %d messages", self._config.key, len(rows))

    async def withhold(self, rows: list[InboxRow], event: ev.TurnEnded, objection: Objection) -> None:
        """The answer may not be sent, and no other would be: the owner decides what is to be said."""
        outcome: Settled = "dropped" if objection.reason == "banned" else "failed"
        await self._end(replace(self._ending(rows, event), outcome=outcome), rows, "", ())
        sentence = people_words.WITHHELD[objection.reason].say(
            self._config.language, who=await self._whose(), what=objection.what
        )
        await self._tell_owner(sentence, f"withheld {rows[0].id if rows else event.session_id}")

    async def postpone(
        self, rows: list[InboxRow], failure: TurnFailed, *, attempts: int, event: ev.TurnEnded | None = None
    ) -> datetime | None:
        """The turn has failed. Returns when its messages are to be tried again; None when they are given up."""
        log.warning("A turn of %s failed: %s (%s)", self._config.key, failure.reason, failure)
        verdict = judge(
            failure,
            attempts=attempts,
            now=self._clock.now(),
            zone=self._config.zone,
            language=self._config.language,
            model=self._config.model,
        )
        if event is not None:
            await self.record(event, failure.reason)
        if not rows:
            await self._journal.say_nothing(self._config.key)  # nobody waits for it
            return None
        ids = [row.id for row in rows]
        if verdict.retry_at is None and not verdict.parked:
            ending = replace(self._ending(rows, None), outcome="failed", origin="notice")
            await self._end(ending, rows, verdict.sentence, await self._as_answer(verdict.sentence))
            await self._tell_of_trouble(verdict.sentence, f"failed {ids[0]}")
            return None
        # Once is enough: later attempts of the same messages fail in silence until one succeeds.
        is_news = not self._told.issuperset(ids)
        self._told.update(ids)
        notice = await self._as_answer(verdict.sentence) if is_news else ()
        if is_news:
            await self._tell_of_waiting(failure, verdict, f"postponed {ids[0]}")
        await self._journal.postpone(
            self._config.key, self._config.owner_chat, row_ids=ids, until=verdict.retry_at, notice=notice
        )
        return verdict.retry_at or NEVER

    async def silent(self, cut: Cut, seconds: int) -> datetime | None:
        """Nothing moved for so long. Returns when it is tried again: an owner says so themselves, if they like."""
        if self._config.to_owner:
            await self.early(cut, timed_out(seconds, self._config.language), outcome="failed")
            return None
        attempts = max((row.attempts for row in cut.rows), default=1)
        return await self.postpone(cut.rows, TurnFailed("timed_out"), attempts=attempts, event=cut.ended)

    async def stopped(self, cut: Cut, command: Command | None) -> bool:
        """A /stop: the owner's `command`, or what it has ended elsewhere. Returns whether there was anything."""
        language, underway = self._config.language, bool(cut.rows or cut.turn)
        if underway:
            sentence = what_was_stopped(cut.rows, language)
        elif command is None:
            return False
        else:  # what was stopped elsewhere is told there
            sentence = "" if await _any(command.elsewhere) else words.NOTHING_TO_STOP.say(language)
        why = "\n\n".join(filter(None, (sentence, what_comes_next(cut.waiting, language))))
        await self.early(cut, why, outcome="dropped", command=command.row if command is not None else None)
        return underway

    async def cleared(self, cut: Cut, command: Command) -> None:
        """A /clear: the conversation begins afresh."""
        language = self._config.language
        stopped = [what_was_stopped(cut.rows, language)] if cut.rows else []
        why = "\n\n".join([*stopped, words.CLEARED.say(language)])
        await self.early(cut, why, outcome="dropped", command=command.row)

    async def early(self, cut: Cut, why: str, *, outcome: Settled, command: InboxRow | None = None) -> None:
        """The turn was cut short."""
        rows, turn = cut.rows, cut.turn
        if self._config.to_owner:
            texts = [*turn.texts, why] if turn is not None else [why]
        elif person_of(self._config.key) is None:
            texts = [why]
        else:
            theirs = await self._manner.language() if self._manner.language is not None else None
            texts = [people_words.CLEARED.say(theirs or self._config.language)]
        commands = [command.id] if command is not None else []
        ending = replace(self._ending(rows, cut.ended), outcome=outcome, commands=commands)
        parts = await self._compose_text(*texts) if self._config.chat_id is not None else ()
        await self._end(ending, rows, why, parts)

    async def lost(self, session_id: str) -> None:
        """The earlier conversation could not be reopened."""
        sentence = words.STARTED_AFRESH.say(self._config.language)
        if self._config.to_owner:
            await self._tell_owner(sentence, f"lost {session_id}")
        else:
            await self._tell_of_trouble(sentence, f"lost {session_id}")

    async def broken(self) -> None:
        """Something of ours fails again and again; said once an hour."""
        now = self._clock.now()
        text = words.BROKEN_SESSION.say(self._config.language, whose=await self._whose())
        await self._tell_owner(text, f"broken {self._config.key} {now:%Y-%m-%d %H}")

    async def record(self, event: ev.TurnEnded, outcome: str) -> None:
        """Write down what a turn without an answer has cost."""
        async with self._journal.database.transaction() as tx:
            await self._journal.usage.record(
                tx, event.usage, session_key=self._config.key, started_by=self._config.key, outcome=outcome
            )

    async def _end(self, ending: Ending, rows: Sequence[InboxRow], text: str, parts: Sequence[RichText]) -> None:
        async def settled(tx: Transaction) -> None:
            if self._manner.settled is not None:
                await self._manner.settled(tx, rows, ending.outcome, text)

        await self._journal.answer(ending, parts, also=settled)

    def _ending(self, rows: list[InboxRow], event: ev.TurnEnded | None) -> Ending:
        return Ending(
            session_key=self._config.key,
            chat_id=self._config.chat_id or self._config.owner_chat,
            row_ids=[row.id for row in rows],
            attempt=self._runner.attempt,
            turn=event.serial if event else self._runner.turn,
            usage=event.usage if event else None,
            started_by=self._config.key if rows else "background",
        )

    async def _as_answer(self, sentence: str) -> Sequence[RichText]:
        return await self._compose_text(sentence) if self._config.to_owner else ()

    async def _tell_of_trouble(self, sentence: str, once: str) -> None:
        """An outsider is told nothing of what goes wrong inside; the owner is."""
        if not self._config.to_owner:
            text = self._manner.trouble.say(self._config.language, who=await self._whose(), why=sentence)
            await self._tell_owner(text, f"{self._config.key}: {once}")

    async def _tell_of_waiting(self, failure: TurnFailed, verdict: Verdict, once: str) -> None:
        """What happens by itself is told of once an hour for each kind of failure, however much of it waits."""
        put_off, reason, now = self._manner.put_off, failure.reason, self._clock.now()
        if put_off is None:
            await self._tell_of_trouble(verdict.sentence, once)
            return
        reason = reason if reason in put_off else "unavailable"
        sentence = put_off[reason].say(
            self._config.language, who=await self._whose(), time=verdict.time, model=self._config.model
        )
        await self._tell_owner(sentence, f"put off: {reason} {now:%Y-%m-%d %H}")

    async def _whose(self) -> str:
        return await self._manner.whose() if self._manner.whose is not None else self._config.key

    async def _tell_owner(self, sentence: str, once: str) -> None:
        await self._journal.notify(self._config.owner_chat, await self._compose_text(sentence), once=once)


async def _any(stopped: Sequence[asyncio.Future[bool]]) -> bool:
    """Whether anything was stopped, or nobody knows yet."""
    if not stopped:
        return False
    done, unknown = await asyncio.wait(stopped, timeout=STOP_SECONDS)
    return bool(unknown) or any(future.result() for future in done)
