"""What the program itself costs: latency around an instant model, start, memory, idle CPU, size of a request.

Everything runs on this machine: the real daemon and CLI between a Telegram and a Messages API on loopback. Prints
medians; a figure says nothing without its machine, so that is printed too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from jobs.sandbox.claude import ModelRequest, Reply, say
from jobs.sandbox.daemon import Daemon
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from jobs.telegram.render import render, split

_TICKS = os.sysconf("SC_CLK_TCK")


def answer(request: ModelRequest) -> Reply:
    """An instant model: it repeats the last word it was told."""
    return say(f"heard {request.texts[-1].split()[-1]}")


async def turn(stage: Stage, owner: Person, number: int) -> tuple[float, float]:
    """One exchange: seconds from the update's arrival to the request, and from the model's end to the message."""
    await owner.send(f"message {number}")
    await owner.wait_for_text(f"heard {number}", timeout=60)
    sent = stage.telegram.calls.of("messages.sendMessage", user_id=stage.owner.id)[-1]
    answered = stage.telegram.calls.of("messages.sendMessage", user_id=stage.assistant.id)[-1]
    request = [record for record in stage.claude.requests if record.request is not None][-1]
    pushed = sent.at + (sent.duration or 0.0)
    ended = request.arrived_at.timestamp() + (request.finished or request.arrived) - request.arrived
    return request.arrived_at.timestamp() - pushed, answered.at - ended


def machine() -> None:
    """Print what the figures were taken on."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")


def memory_mb(pids: Sequence[int]) -> float:
    """Proportional set size of processes, in MB."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def cpu_seconds(pids: Sequence[int]) -> float:
    """CPU time that processes have used, in seconds."""
    fields = [Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split() for pid in pids]
    return sum(int(f[11]) + int(f[12]) for f in fields) / _TICKS


def report(name: str, value: str, note: str = "") -> None:
    print(f"{name:<52} {value:>14}   {note}", flush=True)


def milliseconds(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f} ms"


async def latency(stage: Stage, owner: Person, turns: int) -> None:
    """Warm: the process is connected and has answered before. Cold: it has to be started and resumed first."""
    pairs = [await turn(stage, owner, number) for number in range(1, turns + 1)]
    report("update → request, warm (median)", milliseconds([p[0] for p in pairs]), f"{turns} turns")
    report("model's last byte → message, warm (median)", milliseconds([p[1] for p in pairs]))
    cold: list[tuple[float, float]] = []
    daemon = stage.daemons[-1]
    for number in range(5):
        daemon.kill_claude()
        await daemon.wait_for_log("The Claude process of owner ended", count=number + 1)
        cold.append(await turn(stage, owner, 90_000 + number))
    report("update → request, cold (median)", milliseconds([p[0] for p in cold]), "CLI started and resumed")
    report("model's last byte → message, cold (median)", milliseconds([p[1] for p in cold]))


async def start_times(stage: Stage, runs: int) -> Daemon:
    times: list[float] = []
    for _ in range(runs):
        for earlier in stage.daemons:
            await earlier.stop()
        began = time.monotonic()
        await stage.start()
        times.append(time.monotonic() - began)
    report("start → ready (median)", f"{statistics.median(times):.2f} s", f"{runs} starts")
    return stage.daemons[-1]


async def idle(daemon: Daemon, seconds: float) -> None:
    pids = {"Python": [daemon.pid], "Claude": daemon.children()}
    before = {name: cpu_seconds(group) for name, group in pids.items()}
    await asyncio.sleep(seconds)
    for name, group in pids.items():
        used = (cpu_seconds(group) - before[name]) / seconds * 100
        report(f"CPU idle, {name}", f"{used:.2f} %", f"of one core over {seconds:.0f} s")


def requests(stage: Stage) -> None:
    first, second = stage.claude.requests.model[:2]
    for name, request in (("first", first), ("second", second)):
        body = json.loads(request.body)
        parts = {
            key: len(json.dumps(body.get(key), ensure_ascii=False).encode()) for key in ("system", "tools", "messages")
        }
        note = f"~{len(request.body) / 4000:.1f}k tokens at 4 bytes; " + ", ".join(
            f"{k} {v / 1000:.1f}" for k, v in parts.items()
        )
        report(f"{name} request", f"{len(request.body) / 1000:.1f} KB", note)
    prefixes = {request.prefix_sha256 for request in stage.claude.requests.model}
    report(
        "prefix identical in all requests", "yes" if len(prefixes) == 1 else "NO", f"{len(stage.claude.requests.model)}"
    )


def rendering() -> None:
    """A whole message of 4096 signs from Markdown to what Telegram takes, in time of the CPU."""
    paragraph = (
        "Here is what I found. The landlord, *Anna*, answers within a day and asks for **two months**.\n\n"
        "- Rent: 900 € with heating\n- From the 1st of May, see [the page](https://example.com/flat)\n\n"
        "```python\nprint('hello')\n```\n\nIt would help to write to her today: shall I?\n\n"
    )
    times: list[float] = []
    for _ in range(15):
        began = time.process_time()
        split(render((paragraph * 20)[:4096]))
        times.append(time.process_time() - began)
    report("a full message rendered (median)", f"{statistics.median(times) * 1000:.1f} ms", "CPU")


async def measure(turns: int, idle_seconds: float) -> None:
    machine()
    rendering()
    with tempfile.TemporaryDirectory() as folder:
        async with Stage.open(Path(folder)) as stage:
            stage.claude.script = answer
            daemon = await start_times(stage, 5)
            owner = await stage.person()
            await turn(stage, owner, 0)
            report("memory idle, Python (PSS)", f"{memory_mb([daemon.pid]):.0f} MB")
            report("memory idle, Claude (PSS)", f"{memory_mb(daemon.children()):.0f} MB")
            await latency(stage, owner, turns)
            report(f"memory after {turns} turns, Python (PSS)", f"{memory_mb([daemon.pid]):.0f} MB")
            await idle(daemon, idle_seconds)
            requests(stage)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--idle-seconds", type=float, default=60)
    options = parser.parse_args()
    asyncio.run(measure(options.turns, options.idle_seconds))


if __name__ == "__main__":
    main()
