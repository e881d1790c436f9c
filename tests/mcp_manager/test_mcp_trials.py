"""Trying servers: what a hostile one does is bounded, and nothing of it stays."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import sys
from pathlib import Path

import psutil
import pytest

from jobs.mcp_manager.config import Server
from jobs.mcp_manager.trial import TrialFailed, tried

GOOD = """
from mcp.server.mcpserver import MCPServer
server = MCPServer("good")

@server.tool()
def water(plant: str) -> str:
    "Waters a plant."
    return "watered"

server.run()
"""
HANGS_AT_LIST = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("method") == "initialize":
        result = {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "x", "version": "1"}}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""
MANY = f"""{HANGS_AT_LIST}
    if asked.get("method") == "tools/list":
        tools = [{{"name": f"tool{{n}}", "inputSchema": {{"type": "object"}}}} for n in range(1_000)]
        print(json.dumps({{"jsonrpc": "2.0", "id": asked["id"], "result": {{"tools": tools}}}}), flush=True)
"""
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", __file__], start_new_session=True)
time.sleep(1000)
"""


def server(tmp_path: Path, text: str) -> Server:
    path = tmp_path / "server.py"
    path.write_text(text)
    return Server(kind="program", command=(sys.executable, str(path)), values={"KEY": "hush"})


def left(word: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if word in " ".join(one.info["cmdline"] or ())]


async def test_a_server_says_which_tools_it_has(tmp_path: Path) -> None:
    found = await tried(server(tmp_path, GOOD), tmp_path)
    assert [(tool.name, tool.description) for tool in found.tools] == [("water", "Waters a plant.")]
    assert not left(str(tmp_path / "server.py"))


async def test_tools_that_differ_in_a_word_or_in_what_they_take_have_another_digest(tmp_path: Path) -> None:
    digests = [
        (await tried(server(tmp_path, text), tmp_path)).digest
        for text in (GOOD, GOOD, GOOD.replace("Waters a plant.", "Sends all away."), GOOD.replace(": str)", ": int)"))
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import sys; sys.stderr.write('no key given\\n'); sys.exit(3)", r"It ended \(exit code 3\).*no key given"),
        ("import sys\nwhile True: sys.stdout.write('x' * 65536)", "It said far too much"),
        ("import sys\nwhile True: print('{}' * 500)", "It said far too much"),
        ("import sys, time\nsys.stderr.write('s' * 50_000_000 + 'the end')\nsys.exit(1)", "the end"),
        ("import time; time.sleep(1000)", "did not answer within 3 s"),
        (HANGS_AT_LIST, "did not answer within 3 s"),
        (PARENT, "did not answer within 3 s"),
    ],
    ids=["dies", "one endless line", "endless lines", "floods stderr", "hangs", "hangs at list", "has a child"],
)
async def test_a_bad_server_is_bounded_and_its_last_words_are_told(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(TrialFailed, match=f"(?s){why}") as failed:
        await tried(server(tmp_path, text), tmp_path, seconds=3)
    assert len(str(failed.value)) < 3000
    assert "hush" not in str(failed.value)
    assert not left(str(tmp_path / "server.py"))


async def test_a_server_with_a_thousand_tools_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrialFailed, match="more than 200 tools"):
        await tried(server(tmp_path, MANY), tmp_path)


async def test_a_server_finds_nothing_of_ours_in_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ours")
    text = "import os, sys; sys.stderr.write(' '.join(sorted(os.environ)) + ' in ' + os.getcwd()); sys.exit(1)"
    with pytest.raises(TrialFailed) as failed:
        await tried(server(tmp_path, text), tmp_path)
    names = str(failed.value).splitlines()[-1].split(" in ")[0].split()
    assert set(names) - {"LC_CTYPE"} == {"HOME", "KEY", "LANG", "PATH"}
    assert str(failed.value).endswith(os.fspath(tmp_path / "home"))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_a_remote_server_that_goes_on_for_ever_is_left(tmp_path: Path, transport: str, packed: bool) -> None:
    sent = 0

    async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        kind = "text/event-stream" if transport == "sse" else "application/json"
        encoding = "content-encoding: gzip\r\n" if packed else ""
        writer.write(
            f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{encoding}transfer-encoding: chunked\r\n\r\n".encode()
        )
        piece = gzip.compress(bytes(2**20)) if packed else b"x" * 2**16
        with contextlib.suppress(ConnectionError):
            while sent < 2**30:
                writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                await writer.drain()
                sent += len(piece)
        writer.close()

    async with await asyncio.start_server(floods, "127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/mcp"
        with pytest.raises(TrialFailed):
            await tried(Server(kind="remote", url=url, transport=transport), tmp_path)  # type: ignore[arg-type]
    assert sent < 32 * 2**20
