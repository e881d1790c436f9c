"""One TCP connection: reads packets, hands them on, writes packets."""

from __future__ import annotations

import asyncio
import logging
import struct
from contextlib import suppress

import rsa

from jobs.sandbox.telegram.wire.envelope import (
    BrokenPacketError,
    MessageIds,
    Residue,
    open_packet,
    packet_key_id,
)
from jobs.sandbox.telegram.wire.handshake import Handshake
from jobs.sandbox.telegram.wire.inbound import Inbound
from jobs.sandbox.telegram.wire.links import Keyring
from jobs.sandbox.telegram.wire.session import Session
from jobs.sandbox.telegram.wire.transport import Transport, detect

log = logging.getLogger(__name__)
_UNKNOWN_KEY = struct.pack("<i", -404)
_PLAIN = struct.Struct("<qqi")


class Connection:
    """A client's connection, from its first byte to its end."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        keyring: Keyring,
        inbound: Inbound,
        rsa_key: rsa.PrivateKey,
        proxy_secret: bytes,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._keyring = keyring
        self._inbound = inbound
        self._rsa_key = rsa_key
        self._proxy_secret = proxy_secret
        self._transport: Transport | None = None
        self._handshake: Handshake | None = None
        self._ids = MessageIds()
        self._sessions: set[Session] = set()
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def key_ids(self) -> set[int]:
        """The auth keys that speak over this connection."""
        return {session.auth_key_id for session in self._sessions}

    async def serve(self) -> None:
        """Serve the client until it or we hang up."""
        try:
            self._transport = await detect(self._reader, self._proxy_secret)
            while not self._writer.is_closing():
                self._take(await self._transport.read())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except BrokenPacketError as error:
            log.warning("hung up on a client: %s", error)
        finally:
            self.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    def send(self, packet: bytes) -> None:
        """Send one packet."""
        if self._transport is not None and not self._writer.is_closing():
            self._writer.write(self._transport.frame(packet))

    def close(self) -> None:
        """Close after what was sent has gone out."""
        for session in self._sessions:
            session.flush()
        self._detach()
        self._writer.close()

    def abort(self) -> None:
        """Close at once; what has not gone out is lost."""
        self._detach()
        self._writer.transport.abort()

    def close_after(self, seconds: int) -> None:
        """Close after this time, unless called again before."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.close)

    def _detach(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        for session in self._sessions:
            if session.carrier is self:
                session.carrier = None
        self._sessions.clear()

    def _take(self, packet: bytes) -> None:
        key_id = packet_key_id(packet)
        if key_id == 0:
            self._shake_hands(packet)
            return
        link = self._keyring.get(key_id)
        if link is None:
            self.send(_UNKNOWN_KEY)
            self.close()
            return
        self._sessions.add(self._inbound.take(link, open_packet(link.auth_key, packet), self))

    def _shake_hands(self, packet: bytes) -> None:
        if self._handshake is None:
            self._handshake = Handshake(self._rsa_key)
        answer = bytes(self._handshake.step(packet[_PLAIN.size :]))
        if self._handshake.auth_key is not None:
            self._keyring.add(self._handshake.auth_key, salt=self._handshake.salt)
            self._handshake = None
        self.send(_PLAIN.pack(0, self._ids.next(Residue.ANSWER), len(answer)) + answer)
