"""A line between the daemon and Telegram that lets everything through, or puts somebody else at the other end."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal

from jobs.sandbox.patience import PATIENCE
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.wire.links import write_session_file

Mode = Literal["through", "closes", "portal", "flood", "zeros", "unknown key"]


def _transport_error(code: int) -> bytes:
    head = struct.pack("<iii", 16, 0, code)
    return head + struct.pack("<I", zlib.crc32(head))


_WORDS: dict[Mode, bytes] = {
    "closes": b"",
    "portal": b"HTTP/1.1 302 Found\r\nLocation: http://login\r\n\r\n<html></html>",
    "flood": _transport_error(-429),
    "zeros": bytes(64),
    "unknown key": _transport_error(-404),
}


class Line:
    """What the daemon's sign-in file takes for Telegram's address."""

    def __init__(self, stage: Stage) -> None:
        self.mode: Mode = "through"
        self.times: list[float] = []
        """When each connection came, by the clock of the event loop."""
        self._stage = stage
        self._changed = asyncio.Condition()

    async def connections(self, count: int, timeout: float = PATIENCE) -> list[float]:
        """When the connections came, once there are `count`. Raises TimeoutError."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: len(self.times) >= count)
        return self.times

    def becomes(self, mode: Mode) -> None:
        """From now on; what was connected before is cut."""
        self.mode = mode
        self.times.clear()
        self._stage.telegram.drop_connections(self._stage.assistant.id)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mode = self.mode
        async with self._changed:
            self.times.append(asyncio.get_running_loop().time())
            self._changed.notify_all()
        try:
            if mode == "through":
                far_reader, far_writer = await asyncio.open_connection(*self._stage.telegram.address)
                await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
            elif words := _WORDS[mode]:
                await reader.read(1)
                writer.write(words)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def bad_line(stage: Stage) -> AsyncGenerator[Line]:
    """A line that the daemon will use from its first start on."""
    line = Line(stage)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    stage.data_dir.mkdir(parents=True)
    link = stage.telegram.create_auth_key(stage.assistant.id)
    write_session_file(str(stage.data_dir / "telethon.session"), link, *server.sockets[0].getsockname())
    try:
        yield line
    finally:
        for daemon in stage.daemons:
            await daemon.stop()
        server.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
