"""Questions that only the owner can answer: may this call be made, may this stranger be talked with.

A call is not held up while it waits: it is refused, and the answer, whenever it comes, wakes the session that asked.
So a question outlives restarts, and no process waits for it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from jobs.core.clock import Clock, from_text, to_text
from jobs.core.database import Transaction
from jobs.core.i18n import Language
from jobs.core.journal import InboxRow, Journal
from jobs.core.messages import OWNER_SESSION, SessionEvent, person_of
from jobs.core.rich_text import RichText, pieces, quoted
from jobs.core.words import approvals as words

Verdict = Literal["yes", "errand", "no"]
SettleUpdate = Callable[[Transaction, str, bool], Awaitable[None]]
"""Carries out what the owner said of an update: what was asked about, and whether it may be installed."""
SettleStranger = Callable[[Transaction, int, bool], Awaitable[None]]
"""Carries out what the owner said of a stranger: their id, and whether they may be talked with."""

WAIT = timedelta(minutes=30)
_YES = frozenset({"yes", "y", "ok", "okay", "да", "ага", "ок", "окей", "можно", "👍", "sure", "allow"})
_NO = frozenset({"no", "n", "нет", "не", "нельзя", "👎", "deny", "don't"})
_ERRAND = re.compile(r"((yes|ok|да|ок)[,.]? )?(for this errand|для этого поручения|на это поручение)")


def parse_verdict(text: str) -> Verdict | None:
    """What a short answer means; None when it is no clear answer."""
    plain = " ".join(text.casefold().strip().strip("!.").split())
    if _ERRAND.fullmatch(plain):
        return "errand"
    return "yes" if plain in _YES else "no" if plain in _NO else None


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `message_id` is that of the message in the owner's chat, once it is there."""

    id: int
    kind: Literal["call", "stranger", "update"]
    session_key: str
    task_id: str | None
    tool: str
    what: str
    """The call as the owner was asked about it."""
    arguments: str
    message_id: int | None
    asked_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call that needs the owner's word, and how to put it to them."""

    session_key: str
    task_id: str | None
    tool: str
    arguments: str
    """Canonical JSON: a permission holds for exactly these."""
    errand: str
    what: str
    shown: str
    """The arguments in plain words."""
    why: str
    people: str = ""
    """Those whom the arguments name, by their ids, as JSON: a permission holds for these alone."""
    own: str = ""
    """Of a tool that asks itself: the arguments by which it has asked about this call."""


class Approvals:
    """The approvals table, and the owner's chat where its questions stand."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        *,
        owner_chat: int,
        language: Language,
        zone: ZoneInfo,
        settle_stranger: SettleStranger,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._owner_chat = owner_chat
        self._language: Language = language
        self._zone = zone
        self._settle_stranger = settle_stranger
        self.settle_update: SettleUpdate | None = None
        """Set by whoever asks about updates."""

    # ---- asking ----

    async def use_permission(self, call: Call) -> bool:
        """Whether the owner has allowed this call; a permission for once is used up by it."""
        async with self._journal.database.transaction() as tx:
            standing = await tx.one(
                _STANDING,
                call.session_key,
                call.task_id,
                call.tool,
                call.people,
                call.arguments,
            )
            if standing is not None:
                return True
            used = await tx.execute(
                "UPDATE approvals SET state = 'used' WHERE id = (SELECT id FROM approvals WHERE state = 'granted' "
                "AND session_key = ? AND tool = ? AND arguments = ? AND people = ? ORDER BY id LIMIT 1)",
                call.session_key,
                call.tool,
                call.arguments,
                call.people,
            )
        return used == 1

    async def allowed_when_it_asked(self, call: Call) -> bool:
        """Whether the tool itself has asked about this call and been allowed it; the permission is left to the tool."""
        async with self._journal.database.transaction() as tx:
            granted = await tx.one(
                "SELECT 1 FROM approvals WHERE state = 'granted' AND session_key = ? AND tool = ? AND arguments = ? "
                "AND people <> ?",
                call.session_key,
                call.tool,
                call.own,
                call.people,
            )
        return granted is not None

    async def ask(self, call: Call) -> None:
        """Put a call to the owner, unless the very question waits already."""
        now = self._clock.now()
        expires = now + WAIT
        replies = words.REPLIES if call.task_id is None else words.REPLIES_IN_ERRAND
        text = words.ASK_CALL.say(
            self._language,
            errand=call.errand,
            what=call.what,
            arguments=quoted(call.shown),
            why=call.why,
            replies=replies.say(self._language),
            time=f"{expires.astimezone(self._zone):%H:%M}",
        )
        async with self._journal.database.transaction() as tx:
            waiting = await tx.one(
                "SELECT 1 FROM approvals WHERE state = 'waiting' AND session_key = ? AND tool = ? AND arguments = ? "
                "AND people = ?",
                call.session_key,
                call.tool,
                call.arguments,
                call.people,
            )
            if waiting is not None:
                return
            outbox_id = await self._say(tx, pieces(text))
            await tx.execute(
                "INSERT INTO approvals (kind, session_key, task_id, tool, what, arguments, people, state, outbox_id, "
                "asked_at, expires_at) VALUES ('call', ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?)",
                call.session_key,
                call.task_id,
                call.tool,
                call.what,
                call.arguments,
                call.people,
                outbox_id,
                to_text(now),
                to_text(expires),
            )
        self._journal.ring()

    async def ask_about_stranger(self, tx: Transaction, session_key: str, who: str, text: str, about: str = "") -> None:
        """Ask whether somebody may be talked with; ring the journal's bells afterwards.

        `about`: a sentence on what they may be writing about.
        """
        about = f"{about}\n" if about else ""
        question = words.ASK_STRANGER.say(self._language, who=who, text=quoted(text[:1000]), about=about)
        outbox_id = await self._say(tx, pieces(question))
        await tx.execute(
            "INSERT INTO approvals (kind, session_key, state, outbox_id, asked_at) "
            "VALUES ('stranger', ?, 'waiting', ?, ?)",
            session_key,
            outbox_id,
            to_text(self._clock.now()),
        )

    async def ask_about_update(self, text: Callable[[str], str], about: str) -> None:
        """Ask whether a version may be installed; `text` makes the question of the time until which it stands.

        Another question about an update is taken back.
        """
        now = self._clock.now()
        expires = now + WAIT
        async with self._journal.database.transaction() as tx:
            await tx.execute(
                "UPDATE approvals SET state = 'expired', decided_at = ? WHERE kind = 'update' AND state = 'waiting'",
                to_text(now),
            )
            outbox_id = await self._say(tx, pieces(text(f"{expires.astimezone(self._zone):%H:%M}")))
            await tx.execute(
                "INSERT INTO approvals (kind, session_key, what, arguments, state, outbox_id, asked_at, expires_at) "
                "VALUES ('update', ?, '/update', ?, 'waiting', ?, ?, ?)",
                OWNER_SESSION,
                about,
                outbox_id,
                to_text(now),
                to_text(expires),
            )
        self._journal.ring()

    async def allowed_update(self) -> str | None:
        """What the owner has allowed to be installed and is not yet."""
        async with self._journal.database.transaction() as tx:
            row = await tx.one("SELECT arguments FROM approvals WHERE kind = 'update' AND state = 'granted'")
        return row["arguments"] if row is not None else None

    async def update_is_over(self) -> None:
        """What was allowed has been done, or cannot be."""
        async with self._journal.database.transaction() as tx:
            await tx.execute("UPDATE approvals SET state = 'used' WHERE kind = 'update' AND state = 'granted'")

    # ---- answers ----

    async def waiting(self) -> Sequence[Question]:
        """The questions without an answer, the oldest first."""
        async with self._journal.database.transaction() as tx:
            rows = await tx.all(f"{_SELECT} WHERE approvals.state = 'waiting' ORDER BY approvals.id")
        return [_parse(row) for row in rows]

    async def asked_in(self, message_id: int | None) -> Question | None:
        """The open question that stands in a message of the owner's chat (None: a message of another chat)."""
        if message_id is None:
            return None
        return next((q for q in await self.waiting() if q.message_id == message_id), None)

    async def asked_last(self, before: int) -> Question | None:
        """The open question that was the last thing in the owner's chat when the message `before` was written.

        A bare "yes" answers that alone: not what was asked a moment later, nor what an answer has followed since, be
        it still growing, or of which it is not known yet where it stands.
        """
        async with self._journal.database.transaction() as tx:
            row = await tx.one(
                f"{_SELECT} WHERE approvals.state = 'waiting' AND outbox_id = (SELECT id FROM outbox "  # noqa: S608
                "WHERE chat_id = ? AND message_id < ? AND text <> '' ORDER BY message_id DESC LIMIT 1) "
                "AND NOT EXISTS (SELECT 1 FROM outbox WHERE chat_id = ? AND state IN ('draft', 'ready') "
                "AND attempted = 1 AND message_id IS NULL)",
                self._owner_chat,
                before,
                self._owner_chat,
            )
        return _parse(row) if row is not None else None

    async def answer(self, question: Question, verdict: Verdict, *, said_in: int | None = None) -> bool:
        """The owner's answer, given in the inbox row `said_in` if it was a message; False when it came too late."""
        granted = verdict != "no"
        state = "denied" if not granted else "standing" if verdict == "errand" and question.task_id else "granted"
        async with self._journal.database.transaction() as tx:
            if said_in is not None:
                await self._journal.inbox.settle(tx, [said_in], "done")
            if not await self._decide(tx, question.id, state):
                return False
            if question.kind == "stranger":
                await self._settle_stranger(tx, person_of(question.session_key) or 0, granted)
            elif question.kind == "update":
                assert self.settle_update is not None  # noqa: S101 - who asks has said what follows
                await self.settle_update(tx, question.arguments, granted)
            else:
                outcome = words.DENIED if not granted else words.GRANTED
                outcome = words.GRANTED_FOR_ERRAND if state == "standing" else outcome
                await self._say(tx, pieces(outcome.say(self._language)))
                await self._tell_session(tx, question, _YES_FACTS if granted else _NO_FACTS)
        self._journal.ring()
        return True

    async def answered_by_message(self, row: InboxRow) -> bool:
        """See `core.ports.Questions`. A reply answers what it replies to; a bare word what was asked last of all."""
        message = row.message
        verdict = None if message.forwarded or message.attachment else parse_verdict(message.text)
        if verdict is None:
            return False
        if message.reply_to is not None:
            question = await self.asked_in(message.reply_to.message_id)
        else:
            question = await self.asked_last(message.message_id)
        if question is None or _too_late(question, message.sent_at):
            return False
        return await self.answer(question, verdict, said_in=row.id)

    async def answered_by_reaction(self, message_id: int, emoji: str, at: datetime | None = None) -> bool:
        """See `core.ports.Questions`."""
        verdict = parse_verdict(emoji)
        if verdict is None:
            return False
        question = await self.asked_in(message_id)
        if question is not None and not _too_late(question, at or self._clock.now()):
            await self.answer(question, verdict)
        async with self._journal.database.transaction() as tx:
            asked = await tx.one(
                f"{_SELECT} WHERE outbox.chat_id = ? AND outbox.message_id = ? LIMIT 1", self._owner_chat, message_id
            )
        return asked is not None

    async def overdue(self) -> Sequence[Question]:
        """The questions that have waited too long."""
        now = self._clock.now()
        return [q for q in await self.waiting() if q.expires_at is not None and q.expires_at <= now]

    async def expire(self) -> None:
        """Whatever has waited too long is answered by no."""
        for question in await self.overdue():
            async with self._journal.database.transaction() as tx:
                if await self._decide(tx, question.id, "expired"):
                    await self._say(tx, pieces(words.EXPIRED.say(self._language, what=question.what)))
                    if question.kind == "call":
                        await self._tell_session(tx, question, _LATE_FACTS)
            self._journal.ring()

    async def _decide(self, tx: Transaction, question_id: int, state: str) -> bool:
        decided = await tx.execute(
            "UPDATE approvals SET state = ?, decided_at = ? WHERE id = ? AND state = 'waiting'",
            state,
            to_text(self._clock.now()),
            question_id,
        )
        return decided == 1

    async def _tell_session(self, tx: Transaction, question: Question, facts: str) -> None:
        text = facts.format(tool=question.tool, arguments=question.arguments)
        event = SessionEvent(kind="decision", task_id=question.task_id, facts=text)
        await self._journal.tell(tx, question.session_key, event)

    async def _say(self, tx: Transaction, parts: Sequence[RichText]) -> int:
        """Queue a message to the owner; returns the row of its last part, which a reply or reaction is about."""
        rows = [await self._journal.outbox.add(tx, self._owner_chat, part, "notice") for part in parts]
        return rows[-1]


_STANDING = (
    "SELECT 1 FROM approvals WHERE state = 'standing' AND session_key = ? AND task_id IS ? AND tool = ? AND people = ? "
    "AND (people <> '' OR json_extract(arguments, '$.task_id') IS json_extract(?, '$.task_id'))"
)
"""Whom a call is about: "for this errand" is said of that person (or other errand), whatever is told them next."""
_SELECT = "SELECT approvals.*, outbox.message_id FROM approvals JOIN outbox ON outbox.id = outbox_id"
_YES_FACTS = "The owner allows your call of {tool}. Make it now, with exactly these arguments: {arguments}"
_NO_FACTS = (
    "The owner does not allow your call of {tool} with {arguments}. Do without it; do not try it in another way."
)
_LATE_FACTS = (
    "The owner has not answered in time, so your call of {tool} with {arguments} is not allowed. "
    "Do without it, and say in the errand what is left undone."
)


def _too_late(question: Question, moment: datetime) -> bool:
    return question.expires_at is not None and moment > question.expires_at


def _parse(row: sqlite3.Row) -> Question:
    return Question(
        id=row["id"],
        kind=row["kind"],
        session_key=row["session_key"],
        task_id=row["task_id"],
        tool=row["tool"],
        what=row["what"],
        arguments=row["arguments"],
        message_id=row["message_id"],
        asked_at=from_text(row["asked_at"]),
        expires_at=from_text(row["expires_at"]) if row["expires_at"] else None,
    )
