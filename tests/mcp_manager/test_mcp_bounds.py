"""However much a server or a registry says, and in whichever shape: nobody else waits for it."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import mcp.client.session
import mcp.client.sse
import mcp.client.streamable_http
import pytest

from jobs.core.clock import SystemClock
from jobs.core.errors import ToolFailed
from jobs.mcp_manager.config import Server
from jobs.mcp_manager.registry import Registry
from jobs.mcp_manager.trial import TrialFailed, tried

READ_BEFOREHAND = (mcp.client.session, mcp.client.sse, mcp.client.streamable_http)
PASS_SECONDS = 0.15
"""The rule is 0.05; the machine of a test has other things to do. It was above 0.4 where something was not bounded."""
SCHEMA = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("method") == "initialize":
        said = {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "x", "version": "1"}}
    elif asked.get("method") == "tools/list":
        said = {"tools": [{"name": f"t{n}", "inputSchema": WHAT} for n in range(MANY)]}
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": said}), flush=True)
"""
NOISE = """
import time
print(WHAT, flush=True)
time.sleep(1000)
"""
USUAL = {"type": "object", "properties": {f"field{n}": {"type": "string", "description": "A, b"} for n in range(8)}}
HOSTILE = {
    "many small values": SCHEMA.replace("WHAT", '{"type": "object", "enum": [{"a": 1}] * 100_000}'),
    "many keys in what is no message": NOISE.replace(
        "WHAT", '"{" + ",".join(f\'"{n}":0\' for n in range(60_000)) + "}"'
    ),
}


@asynccontextmanager
async def seconds_of_a_pass() -> AsyncGenerator[list[float]]:
    """How much of the processor this thread took between two turns of the event loop; the worst is last."""
    passes = [0.0]
    gc.collect()
    gc.freeze()

    async def watch() -> None:
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0)
            passes.append(time.thread_time() - begun)

    watching = asyncio.create_task(watch())
    try:
        yield passes
    finally:
        watching.cancel()
        gc.unfreeze()
        passes.sort()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_server_that_is_laborious_to_read_keeps_nobody_waiting(tmp_path: Path, name: str) -> None:
    (tmp_path / "server.py").write_text(HOSTILE[name].replace("MANY", "1"))
    server = Server(kind="program", command=(sys.executable, str(tmp_path / "server.py")))
    async with seconds_of_a_pass() as passes:
        with pytest.raises(TrialFailed, match="It said far too much"):
            await tried(server, tmp_path)
    assert passes[-1] < PASS_SECONDS


async def test_a_server_with_all_the_tools_that_it_may_have_is_read(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(SCHEMA.replace("WHAT", repr(USUAL)).replace("MANY", "200"))
    server = Server(kind="program", command=(sys.executable, str(tmp_path / "server.py")))
    async with seconds_of_a_pass() as passes:
        assert len((await tried(server, tmp_path)).tools) == 200
    assert passes[-1] < PASS_SECONDS


@asynccontextmanager
async def answering(body: bytes) -> AsyncGenerator[str]:
    """The address of something that says this to everybody."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


async def test_a_remote_server_that_is_laborious_to_read_keeps_nobody_waiting(tmp_path: Path) -> None:
    body = b'{"jsonrpc":"2.0","id":0,"result":{"a":[' + b",".join([b'{"a":1}'] * 400_000) + b"]}}"
    async with answering(body) as url, seconds_of_a_pass() as passes:
        with pytest.raises(TrialFailed):
            await tried(Server(kind="remote", url=f"{url}/mcp", transport="http"), tmp_path)
    assert passes[-1] < PASS_SECONDS


async def test_a_registry_that_is_laborious_to_read_keeps_nobody_waiting(tmp_path: Path) -> None:
    rows = [{"server": {"name": f"x{n}", "packages": [{"identifier": "a"}] * 6_000}} for n in range(20)]
    async with answering(json.dumps({"servers": rows}).encode()) as url, seconds_of_a_pass() as passes:
        with pytest.raises(ToolFailed, match="far too long"):
            await Registry(url, tmp_path, SystemClock()).search("x")
    assert passes[-1] < PASS_SECONDS
