"""From a request to its answer: wrappers off, faults, the handler, the log."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from telethon.tl import functions
from telethon.tl.tlobject import TLObject, TLRequest

from jobs.sandbox.telegram.calls import CallLog, CallRecord, Outcome, method_name
from jobs.sandbox.telegram.faults import (
    Delay,
    DropConnection,
    Fault,
    FaultPlan,
    LoseAnswer,
    Refuse,
    Reorder,
)
from jobs.sandbox.telegram.rpc import Call, RpcError, RpcHandler
from jobs.sandbox.telegram.wire.links import AuthLink
from jobs.sandbox.telegram.wire.messages import error_body, result_body
from jobs.sandbox.telegram.wire.session import Exchange, Session

log = logging.getLogger(__name__)

CallResult = TLObject | list[TLObject] | bool
_Logged = TypeVar("_Logged")
_LOGGED_BYTES = 1_024
BuiltIn = Callable[[TLRequest], TLObject | None]
_CLIENT_FIELDS = ("device_model", "system_version", "app_version", "lang_code", "system_lang_code", "lang_pack")


@dataclass(slots=True)
class Unwrapped:
    """A request and what its wrappers said."""

    request: TLRequest
    without_updates: bool = False
    after: tuple[int, ...] = ()
    client: dict[str, str] | None = None


def unwrap(request: TLRequest) -> Unwrapped:
    """Take a request out of invokeWithLayer, initConnection, invokeWithoutUpdates, invokeAfterMsg(s)."""
    found = Unwrapped(request)
    while True:
        match found.request:
            case functions.InvokeWithLayerRequest():
                pass
            case functions.InitConnectionRequest() as init:
                found.client = {name: getattr(init, name) for name in _CLIENT_FIELDS}
                found.client["api_id"] = str(init.api_id)
            case functions.InvokeWithoutUpdatesRequest():
                found.without_updates = True
            case functions.InvokeAfterMsgRequest() as wrapper:
                found.after += (wrapper.msg_id,)
            case functions.InvokeAfterMsgsRequest() as wrapper:
                found.after += tuple(wrapper.msg_ids)
            case _:
                return found
        found.request = found.request.query


class Dispatcher:
    """Runs calls and answers them in their session."""

    def __init__(self, handler: RpcHandler, built_in: BuiltIn, calls: CallLog, faults: FaultPlan) -> None:
        self._handler = handler
        self._built_in = built_in
        self._calls = calls
        self._faults = faults

    async def run(self, link: AuthLink, session: Session, exchange: Exchange, request: TLRequest) -> None:
        """Answer one request, or let a fault have it."""
        unwrapped = unwrap(request)
        if unwrapped.client is not None:
            link.client = unwrapped.client
        session.receives_updates = link.receives_updates = not unwrapped.without_updates
        call = Call(unwrapped.request, link, unwrapped.without_updates, link.client)
        record = CallRecord(method_name(call.request), _lean(call.request), link.user_id, link.auth_key_id)
        self._calls.begin(record)
        fault = self._faults.for_call(call.request, link.user_id)
        try:
            if isinstance(fault, DropConnection) and not fault.answered:
                session.exchanges.pop(exchange.msg_id, None)
                _drop(session)
                return
            if isinstance(fault, Delay) and not fault.handled:
                await fault.wait()
            outcome, error = await self._settle(exchange, record, self._handle(call, session, unwrapped.after, fault))
            if isinstance(fault, Delay) and fault.handled:
                await fault.wait()
            self._calls.finish(record, self._send(session, exchange, fault, outcome), error=error)
        finally:
            if record.outcome is Outcome.PENDING:
                self._calls.finish(record, Outcome.DROPPED)

    async def _handle(self, call: Call, session: Session, after: tuple[int, ...], fault: Fault | None) -> CallResult:
        if isinstance(fault, Refuse):
            raise RpcError(fault.code, fault.message)
        await _wait_for(session, after)
        result = self._built_in(call.request)
        return await self._handler(call) if result is None else result

    @staticmethod
    async def _settle(
        exchange: Exchange, record: CallRecord, work: Awaitable[CallResult]
    ) -> tuple[Outcome, str | None]:
        """Put the answer into the exchange."""
        exchange.failed = True
        try:
            result = await work
            exchange.answer = result_body(exchange.msg_id, result)
            record.result = _lean(result)
        except RpcError as refusal:
            exchange.answer = error_body(exchange.msg_id, refusal)
            return Outcome.REFUSED, refusal.message
        except Exception:
            log.exception("%s failed in the handler", record.method)
            exchange.answer = error_body(exchange.msg_id, RpcError(500, "INTERNAL"))
            return Outcome.FAILED, "INTERNAL"
        exchange.failed = False
        return Outcome.ANSWERED, None

    def _send(self, session: Session, exchange: Exchange, fault: Fault | None, outcome: Outcome) -> Outcome:
        if isinstance(fault, LoseAnswer):
            if fault.disconnect:
                _drop(session)
            return Outcome.LOST
        if not session.answer(exchange, hold=isinstance(fault, Reorder)):
            return Outcome.LOST
        if isinstance(fault, DropConnection) and session.carrier is not None:
            session.carrier.close()
        return outcome


def _lean(logged: _Logged) -> _Logged:
    """What the log keeps of a request or a result: a piece of a file without its bytes."""
    piece = getattr(logged, "bytes", None)
    if not isinstance(piece, bytes) or len(piece) <= _LOGGED_BYTES:
        return logged
    lean = copy.copy(logged)
    lean.bytes = b""  # pyright: ignore[reportAttributeAccessIssue]
    return lean


def _drop(session: Session) -> None:
    if session.carrier is not None:
        session.carrier.abort()


async def _wait_for(session: Session, msg_ids: tuple[int, ...]) -> None:
    for msg_id in msg_ids:
        before = session.exchanges.get(msg_id)
        if before is None:
            continue
        if before.task is not None and not before.task.done():
            await asyncio.wait([before.task])
        if before.failed:
            raise RpcError(400, "MSG_WAIT_FAILED")
