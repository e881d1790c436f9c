"""One MTProto session: what it has asked, what it was answered, what waits to go out."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from telethon.tl.tlobject import TLObject
from telethon.tl.types import MsgsAck

from jobs.sandbox.telegram.wire.envelope import Envelope, MessageIds, Residue, seal_packet
from jobs.sandbox.telegram.wire.messages import pack_container

_KEEP_EXCHANGES = 1_000
_CONTAINER_BYTES = 1_000_000
_CONTAINER_LENGTH = 100


class Carrier(Protocol):
    """The connection that a session talks over."""

    def send(self, packet: bytes) -> None:
        """Send one packet."""
        ...

    def close(self) -> None:
        """Close after what was sent has gone out."""
        ...

    def abort(self) -> None:
        """Close at once."""
        ...


class KeyHolder(Protocol):
    """What sealing a packet takes."""

    auth_key: bytes
    auth_key_id: int
    salt: int


@dataclass(slots=True, eq=False)
class Exchange:
    """A call and its answer, kept so that a call that is sent again is answered again, not run again."""

    msg_id: int
    task: asyncio.Task[None] | None = None
    answer: bytes | None = None
    failed: bool = False
    dropped: bool = False
    """The client no longer wants the answer."""


class Session:
    """Queues what goes out, packs what is queued in one turn of the loop into one packet, and seals it."""

    def __init__(self, holder: KeyHolder, session_id: int, ids: MessageIds, *, receives_updates: bool) -> None:
        self.session_id = session_id
        self.carrier: Carrier | None = None
        self.receives_updates = receives_updates
        self.greeted = False
        self.exchanges: OrderedDict[int, Exchange] = OrderedDict()
        self._holder = holder
        self._ids = ids
        self._content_sent = 0
        self._outbox: list[tuple[int, int, bytes]] = []
        self._held: list[tuple[bytes, Residue, int | None]] = []
        self._unacknowledged: set[int] = set()
        self._answer_ids: dict[int, int] = {}
        self._flush_due = False

    @property
    def auth_key_id(self) -> int:
        """The key this session belongs to."""
        return self._holder.auth_key_id

    def open_exchange(self, msg_id: int) -> Exchange:
        """Remember a call that came in."""
        exchange = self.exchanges[msg_id] = Exchange(msg_id)
        if len(self.exchanges) > _KEEP_EXCHANGES:
            self.exchanges.popitem(last=False)
        return exchange

    def acknowledge(self, msg_id: int) -> None:
        """Tell the client that a message has arrived, unless its answer goes out at once."""
        self._unacknowledged.add(msg_id)
        self._schedule_flush()

    def acknowledged(self, answer_id: int) -> None:
        """The client has a message of ours: if it is an answer, it need not be kept."""
        exchange = self.exchanges.get(self._answer_ids.pop(answer_id, 0))
        if exchange is not None:
            exchange.answer = None

    def answer(self, exchange: Exchange, *, hold: bool = False) -> bool:
        """Send an exchange's answer; False when nobody waits for it or no connection is there to carry it."""
        if exchange.answer is None or exchange.dropped or self.carrier is None:
            return False
        self._unacknowledged.discard(exchange.msg_id)
        self._emit(exchange.answer, Residue.ANSWER, exchange.msg_id, hold=hold)
        return True

    def update(self, body: bytes, *, hold: bool = False) -> None:
        """Send an update; without a connection it is lost."""
        if self.carrier is not None:
            self._emit(body, Residue.PUSHED, None, hold=hold)

    def notify(self, message: TLObject, residue: Residue = Residue.PUSHED) -> None:
        """Send a service message, which wants no acknowledgement."""
        self._queue(bytes(message), residue, content=False)

    def flush(self) -> None:
        """Send what is queued now."""
        if self.carrier is None:
            self._outbox.clear()
        elif self._unacknowledged:
            self.notify(MsgsAck(sorted(self._unacknowledged)))
            self._unacknowledged.clear()
        while self._outbox and self.carrier is not None:
            self.carrier.send(self._seal(self._next_batch()))
        self._flush_due = False

    def _emit(self, body: bytes, residue: Residue, answers: int | None, *, hold: bool) -> None:
        self._held.append((body, residue, answers))
        if hold:
            return
        # What was held back goes after what has just come.
        ready, self._held = [self._held[-1], *self._held[:-1]], []
        for body_, residue_, answered in ready:
            msg_id = self._queue(body_, residue_)
            if answered is not None:
                self._answer_ids[msg_id] = answered

    def _queue(self, body: bytes, residue: Residue, *, content: bool = True) -> int:
        msg_id = self._ids.next(residue)
        self._outbox.append((msg_id, self._next_seq(content=content), body))
        self._schedule_flush()
        return msg_id

    def _schedule_flush(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            # Twice around the loop, so that a call that needs no waiting is answered in the same packet.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self.flush)

    def _next_seq(self, *, content: bool) -> int:
        seq_no = self._content_sent * 2 + content
        self._content_sent += content
        return seq_no

    def _next_batch(self) -> list[tuple[int, int, bytes]]:
        size = count = 0
        for _, _, body in self._outbox[:_CONTAINER_LENGTH]:
            size += len(body) + 16
            if count and size > _CONTAINER_BYTES:
                break
            count += 1
        batch, self._outbox = self._outbox[:count], self._outbox[count:]
        return batch

    def _seal(self, batch: list[tuple[int, int, bytes]]) -> bytes:
        if len(batch) == 1:
            msg_id, seq_no, body = batch[0]
        else:
            msg_id, seq_no = self._ids.next(Residue.ANSWER), self._next_seq(content=False)
            body = pack_container(batch)
        holder = self._holder
        envelope = Envelope(holder.salt, self.session_id, msg_id, seq_no, body)
        return seal_packet(holder.auth_key, holder.auth_key_id, envelope)
