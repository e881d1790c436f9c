"""How long a search over a marketplace of 300 plugins takes, as the tool does it; run `python bench/plugins.py`."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from jobs.plugin_manager.catalogue import read
from jobs.plugin_manager.ranking import ranked

PLUGINS = 300
ROUNDS = 40
WORDS = [
    "deploy",
    "review",
    "test",
    "build",
    "garden",
    "recipe",
    "invoice",
    "calendar",
    "weather",
    "translate",
    "summary",
    "database",
    "browser",
    "image",
    "music",
    "travel",
    "budget",
    "lint",
    "format",
    "release",
    "monitor",
    "alert",
    "backup",
    "search",
    "index",
    "notes",
    "diary",
    "mail",
    "chat",
    "voice",
    "photo",
    "video",
    "map",
]
QUERIES = ("calendar", "translate a diary", "revew of a release", "погода weather", "backup my photos and notes")


def made_up(folder: Path) -> None:
    """A marketplace whose entries are as long as real ones."""
    chance = random.Random(7)  # noqa: S311 - no secret
    entries = [
        {
            "name": f"{'-'.join(chance.sample(WORDS, 2))}-{number}",
            "source": f"./plugins/{number}",
            "description": " ".join(chance.choices(WORDS, k=40)),
            "category": chance.choice(WORDS),
            "keywords": chance.sample(WORDS, 5),
        }
        for number in range(PLUGINS)
    ]
    path = folder / ".claude-plugin" / "marketplace.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"name": "made-up", "owner": {"name": "nobody"}, "plugins": entries}))


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        made_up(Path(name))
        begun = time.perf_counter()
        catalogue = read(Path(name))
        reading = time.perf_counter() - begun
        assert len(catalogue.entries) == PLUGINS
        spans: list[float] = []
        for _ in range(ROUNDS):
            for query in QUERIES:
                begun = time.perf_counter()
                found = await asyncio.to_thread(ranked, query, [catalogue])
                spans.append(time.perf_counter() - begun)
                assert found, query
    print(
        f"a search over {PLUGINS} plugins: {statistics.median(spans) * 1000:.0f} ms "
        f"(slowest {max(spans) * 1000:.0f} ms), after the list was read once ({reading * 1000:.0f} ms)"
    )


if __name__ == "__main__":
    asyncio.run(main())
