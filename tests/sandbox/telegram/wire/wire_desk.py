"""A handler with just enough behind it to see what the wire does, and a client that shows every message."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from telethon.crypto import AuthKey
from telethon.errors import InvalidBufferError
from telethon.extensions import BinaryReader
from telethon.network import ConnectionTcpFull
from telethon.network.mtprotostate import MTProtoState
from telethon.tl import functions, types
from telethon.tl.core import GzipPacked, MessageContainer, RpcResult
from telethon.tl.core.tlmessage import TLMessage
from telethon.tl.tlobject import TLObject, TLRequest

from jobs.sandbox.telegram.rpc import Call, RpcError


@dataclass
class Desk:
    """Knows who asks, keeps what is sent (once for each random_id), and reads it back."""

    texts: dict[int, str] = field(default_factory=dict)
    runs: int = 0
    file: bytes = b""
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, call: Call) -> TLObject | list[TLObject] | bool:
        if call.link.user_id is None:
            raise RpcError(401, "AUTH_KEY_UNREGISTERED")
        if isinstance(call.request, functions.messages.SendMessageRequest):
            return self._keep(call.request)
        if isinstance(call.request, functions.upload.SaveFilePartRequest):
            self.file = call.request.bytes
            return True
        if isinstance(call.request, functions.messages.ReceivedMessagesRequest):
            await self.gate.wait()
            return []
        answer = self._answers(call.link.user_id).get(type(call.request))
        if answer is None:
            raise RpcError(400, "METHOD_INVALID")
        return answer()

    def _keep(self, sent: functions.messages.SendMessageRequest) -> TLObject:
        self.runs += 1
        self.texts.setdefault(sent.random_id, sent.message)
        return types.UpdateShortSentMessage(id=self.runs, pts=self.runs + 1, pts_count=1, date=datetime.now(UTC))

    def _answers(self, user_id: int) -> dict[type[TLRequest], Callable[[], TLObject | list[TLObject] | bool]]:
        now = datetime.now(UTC)
        return {
            functions.users.GetUsersRequest: lambda: [
                types.User(id=user_id, is_self=True, access_hash=1, first_name="Ada")
            ],
            functions.updates.GetStateRequest: lambda: types.updates.State(1, 0, now, 0, 0),
            functions.updates.GetDifferenceRequest: lambda: types.updates.DifferenceEmpty(now, 0),
            functions.help.GetSupportNameRequest: lambda: types.help.SupportName("\n".join(self.texts.values())),
            functions.account.UpdateStatusRequest: lambda: True,
            functions.upload.GetFileRequest: lambda: types.upload.File(types.storage.FilePng(), 0, self.file),
            functions.account.ResetAuthorizationRequest: lambda: bool(1 // 0),
        }


def send(text: str, random_id: int) -> TLRequest:
    """A message to oneself."""
    return functions.messages.SendMessageRequest(types.InputPeerSelf(), text, random_id=random_id)


def typing(user_id: int) -> TLObject:
    """An update outside of pts: Telethon hands it on as it comes."""
    return types.UpdateShort(types.UpdateUserTyping(user_id, types.SendMessageTypingAction()), datetime.now(UTC))


class Weighed(ConnectionTcpFull):
    """Notes the size of every packet."""

    sent: list[int]
    received: list[int]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sent, self.received = [], []

    def _send(self, data):
        self.sent.append(len(data))
        super()._send(data)

    async def _recv(self):
        data = await super()._recv()
        self.received.append(len(data))
        return data


class PlainSight:
    """A client of one connection: Telethon's crypto and transport, with every message id in our hands."""

    def __init__(self, auth_key: bytes, address: tuple[str, int], salt: int) -> None:
        loggers: Any = defaultdict(lambda: logging.getLogger("raw"))
        self.state = MTProtoState(AuthKey(auth_key), loggers)
        self.state.salt = salt
        self._connection = ConnectionTcpFull(*address, 2, loggers=loggers)
        self._arrived: list[TLMessage] = []

    async def __aenter__(self) -> PlainSight:
        await self._connection.connect(timeout=5)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.disconnect()

    async def send(self, request: TLObject, *, msg_id: int | None = None) -> int:
        """Send under this id, or a fresh one."""
        return await self.send_bytes(bytes(request), msg_id=msg_id)

    async def send_bytes(self, body: bytes, *, msg_id: int | None = None) -> int:
        msg_id = msg_id or self.state._get_new_msg_id()
        header = msg_id.to_bytes(8, "little") + (1).to_bytes(4, "little") + len(body).to_bytes(4, "little")
        await self._connection.send(self.state.encrypt_message_data(header + body))
        return msg_id

    async def send_packet(self, packet: bytes) -> None:
        await self._connection.send(packet)

    async def next(self, *kinds: type[TLObject]) -> TLMessage:
        """The next message of one of these kinds, passing over others."""
        async with asyncio.timeout(60):
            while True:
                while not self._arrived:
                    packet = await self._connection.recv()
                    if len(packet) < 8:
                        raise InvalidBufferError(packet)
                    self._spread(self.state.decrypt_message_data(packet))
                message = self._arrived.pop(0)
                if not kinds or isinstance(message.obj, kinds):
                    return message

    async def answer(self, msg_id: int) -> RpcResult:
        """The answer to a call."""
        while True:
            result = (await self.next(RpcResult)).obj
            if result.req_msg_id == msg_id:
                return result

    async def result(self, msg_id: int) -> object:
        """What a call returned."""
        return BinaryReader((await self.answer(msg_id)).body).tgread_object()

    async def until_hung_up(self) -> None:
        """Return when the server closes the connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await self.next()

    def _spread(self, message: TLMessage) -> None:
        if isinstance(message.obj, MessageContainer):
            for inner in message.obj.messages:
                self._spread(inner)
        elif isinstance(message.obj, GzipPacked):
            raise AssertionError("an update was gzipped in this test")
        else:
            self._arrived.append(message)
