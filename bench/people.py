"""Many people writing at once: are all answered, how soon, and with how many processes and how much memory.

Everything runs on this machine: the real daemon and CLI between a Telegram and a Messages API on loopback, the model
instant. The owner writes in the middle of it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from overhead import machine, memory_mb, report

from jobs.sandbox.claude import say
from jobs.sandbox.daemon import Daemon
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.world.model import User

_WATCH_SECONDS = 0.25


async def until_answered(stage: Stage, people: list[User]) -> dict[int, float]:
    """When each person had an answer, by id; monotonic."""
    answered: dict[int, float] = {}

    def all_answered() -> bool:
        for person in people:
            if person.id not in answered and len(stage.world.messages_between(person, stage.assistant)) > 1:
                answered[person.id] = time.monotonic()
        return len(answered) == len(people)

    await stage.world.wait_for(all_answered, timeout=600)
    return answered


async def watch(daemon: Daemon, peaks: dict[str, float]) -> None:
    """Note the most processes and memory until cancelled."""
    while True:
        children = daemon.children()
        peaks["processes"] = max(peaks.get("processes", 0), len(children))
        try:
            peaks["python"] = max(peaks.get("python", 0), memory_mb([daemon.pid]))
            peaks["claude"] = max(peaks.get("claude", 0), memory_mb(children))
        except OSError:
            pass  # one of them has just ended
        await asyncio.sleep(_WATCH_SECONDS)


async def measure(root: Path, count: int) -> None:
    """One crowd."""
    async with Stage.open(root, lambda _: say("Noted, thank you.")) as stage:
        stage.extra["EXTERNAL_POLICY"] = "open"
        daemon = await stage.start()
        owner = await stage.person()
        await owner.ask("hello", "Noted")
        crowd = [stage.world.add_user(f"Person {number}") for number in range(count)]
        peaks: dict[str, float] = {}
        watching = asyncio.create_task(watch(daemon, peaks))
        began = time.monotonic()
        for person in crowd:
            stage.world.send_text(person, stage.assistant, "Hello, are you there?")
        waiting = asyncio.create_task(until_answered(stage, crowd))
        await stage.claude.requests.wait_for(
            lambda r: r.request is not None and "You talk with one person" in r.request.system_text, timeout=60
        )
        asked = time.monotonic()
        await owner.send("and me?")
        await owner.wait_for(lambda seen: len(seen) == 2)
        owner_seconds = time.monotonic() - asked
        answered = await waiting
        watching.cancel()
    seconds = sorted(moment - began for moment in answered.values())
    report("answered", f"{len(seconds)} of {count}")
    report(
        "to the answer, median / slowest", f"{statistics.median(seconds):.1f} / {seconds[-1]:.1f} s", "2.5 s gathered"
    )
    report("the owner's own answer in the middle of it", f"{owner_seconds:.2f} s")
    report("most Claude processes at once", f"{peaks['processes']:.0f}", "MAX_LIVE_SESSIONS=6")
    report("most memory, Python / all Claude processes", f"{peaks['python']:.0f} / {peaks['claude']:.0f} MB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    arguments = parser.parse_args()
    machine()
    with tempfile.TemporaryDirectory() as root:
        asyncio.run(measure(Path(root), arguments.people))


if __name__ == "__main__":
    main()
