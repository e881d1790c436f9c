"""What a session's messages mean: service messages are answered here, calls go to the dispatcher."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from telethon.tl import functions, types
from telethon.tl.tlobject import TLRequest

from jobs.sandbox.telegram.rpc import RpcError
from jobs.sandbox.telegram.wire.dispatch import Dispatcher
from jobs.sandbox.telegram.wire.envelope import Envelope, Residue
from jobs.sandbox.telegram.wire.links import AuthLink, Keyring
from jobs.sandbox.telegram.wire.messages import Incoming, error_body, result_body, unpack
from jobs.sandbox.telegram.wire.session import Carrier, Session
from jobs.sandbox.telegram.wire.tasks import TaskSet

_TOO_OLD, _TOO_NEW = 300, 30
_BAD_ID_LOW, _BAD_ID_HIGH, _BAD_SALT = 16, 17, 48
_SALT_SECONDS = 3600


class TimedCarrier(Carrier, Protocol):
    """A connection that can be told to close unless it hears from its client again in time."""

    def close_after(self, seconds: int) -> None:
        """Close after this time, unless called again before."""
        ...


class Inbound:
    """Takes opened packets."""

    def __init__(self, keyring: Keyring, dispatcher: Dispatcher, tasks: TaskSet) -> None:
        self._keyring = keyring
        self._dispatcher = dispatcher
        self._tasks = tasks

    def take(self, link: AuthLink, envelope: Envelope, carrier: TimedCarrier) -> Session:
        """Act on what a packet holds; the session it belongs to speaks over this connection from now on."""
        session = link.session(envelope.session_id)
        session.carrier = carrier
        objection = self._objection(link, envelope)
        if objection is not None:
            session.notify(objection)
            return session
        if not session.greeted:
            session.greeted = True
            session.notify(types.NewSessionCreated(envelope.msg_id, session.session_id, link.salt))
        for message in unpack(envelope.msg_id, envelope.seq_no, envelope.body):
            if not self._serve(link, session, message, carrier):
                self._call(link, session, message)
        return session

    @staticmethod
    def _objection(link: AuthLink, envelope: Envelope) -> types.BadServerSalt | types.BadMsgNotification | None:
        if envelope.salt != link.salt:
            return types.BadServerSalt(envelope.msg_id, envelope.seq_no, _BAD_SALT, link.salt)
        age = time.time() - envelope.msg_id / 2**32
        if age > _TOO_OLD:
            return types.BadMsgNotification(envelope.msg_id, envelope.seq_no, _BAD_ID_LOW)
        if age < -_TOO_NEW:
            return types.BadMsgNotification(envelope.msg_id, envelope.seq_no, _BAD_ID_HIGH)
        return None

    def _call(self, link: AuthLink, session: Session, message: Incoming) -> None:
        known = session.exchanges.get(message.msg_id)
        if known is not None:
            session.answer(known)
            return
        exchange = session.open_exchange(message.msg_id)
        session.acknowledge(message.msg_id)
        if isinstance(message.content, TLRequest):
            work = self._dispatcher.run(link, session, exchange, message.content)
            exchange.task = self._tasks.spawn(work)
        else:
            exchange.answer = error_body(message.msg_id, RpcError(400, "INPUT_METHOD_INVALID"))
            session.answer(exchange)

    def _serve(self, link: AuthLink, session: Session, message: Incoming, carrier: TimedCarrier) -> bool:
        """Answer a service message; False when it is none."""
        match message.content:
            case types.MsgsAck() as ack:
                for answer_id in ack.msg_ids:
                    session.acknowledged(answer_id)
            case functions.PingDelayDisconnectRequest() as ping:
                carrier.close_after(ping.disconnect_delay)
                session.notify(types.Pong(message.msg_id, ping.ping_id), Residue.ANSWER)
            case functions.PingRequest() as ping:
                session.notify(types.Pong(message.msg_id, ping.ping_id), Residue.ANSWER)
            case functions.GetFutureSaltsRequest():
                session.notify(_future_salts(message.msg_id, link.salt), Residue.ANSWER)
            case functions.RpcDropAnswerRequest() as drop:
                exchange = session.open_exchange(message.msg_id)
                exchange.answer = result_body(message.msg_id, _drop_answer(session, drop.req_msg_id))
                session.answer(exchange)
            case functions.DestroySessionRequest() as destroy:
                gone = destroy.session_id != session.session_id and link.end_session(destroy.session_id)
                answer = types.DestroySessionOk if gone else types.DestroySessionNone
                session.notify(answer(destroy.session_id), Residue.ANSWER)
            case functions.DestroyAuthKeyRequest():
                session.notify(types.DestroyAuthKeyOk(), Residue.ANSWER)
                self._keyring.remove(link)
            case types.HttpWait() | types.MsgsStateInfo() | types.MsgsAllInfo():
                pass
            case _:
                return False
        return True


def _future_salts(msg_id: int, salt: int) -> types.FutureSalts:
    now = datetime.now(UTC)
    valid = types.FutureSalt(now, now + timedelta(seconds=_SALT_SECONDS), salt)
    return types.FutureSalts(msg_id, int(now.timestamp()), [valid])  # pyright: ignore[reportArgumentType] - Telethon misnames the type


def _drop_answer(
    session: Session, msg_id: int
) -> types.RpcAnswerUnknown | types.RpcAnswerDroppedRunning | types.RpcAnswerDropped:
    exchange = session.exchanges.get(msg_id)
    if exchange is None:
        return types.RpcAnswerUnknown()
    exchange.dropped = True
    if exchange.answer is None:
        return types.RpcAnswerDroppedRunning()
    return types.RpcAnswerDropped(msg_id, 0, len(exchange.answer))
