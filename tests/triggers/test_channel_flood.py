"""A thousand posts in a minute into twenty subscriptions: none is lost, and calls and memory have bounds."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from channel_desk import ChannelDesk, open_channel_desk

from jobs.core.database import Database
from jobs.sandbox.telegram.world import Channel

POSTS, SUBSCRIPTIONS, SECONDS = 1000, 20, 60
LONG = " and many more words" * 100


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[ChannelDesk]:
    async with open_channel_desk(database, tmp_path) as desk:
        yield desk


@pytest.mark.parametrize("chats", [1, SUBSCRIPTIONS])
async def test_a_flood_is_seen_to_whole(desk: ChannelDesk, chats: int, request: pytest.FixtureRequest) -> None:
    channels = [desk.channel(f"Chat {number}") for number in range(chats)]
    names = [f"s{number}" for number in range(SUBSCRIPTIONS)]
    for number, name in enumerate(names):
        await desk.subscribe(f"Chat {number % chats}", name)
    expected = dict[Channel, list[str]]({channel: [] for channel in channels})
    before, started, peak = desk.calls(), time.process_time(), 0
    tracemalloc.start()
    try:
        for second in range(SECONDS):
            for number in range(second * POSTS // SECONDS, (second + 1) * POSTS // SECONDS):
                channel = channels[number % chats]
                text = f"post {number}{LONG}"
                expected[channel].append(text)
                desk.post(channel, text)
            tracemalloc.reset_peak()
            now, _ = tracemalloc.get_traced_memory()
            await desk.later(seconds=1)
            await desk.settle()  # each run takes a second
            peak = max(peak, tracemalloc.get_traced_memory()[1] - now)
        during = desk.calls() - before
        while await desk.later(minutes=5) or await desk.settle():  # also what no update has told of yet
            pass
    finally:
        tracemalloc.stop()
    for number, name in enumerate(names):
        heard = [text for one in await desk.posts(name) for text in one]
        assert heard == expected[channels[number % chats]]
    events = await desk.events()
    calls = desk.calls() - before
    table = (
        f"{POSTS} posts in {SECONDS} s, {chats} chats, {SUBSCRIPTIONS} subscriptions: {during} calls meanwhile, "
        f"{calls} in all, {len(events)} events, {peak / 2**20:.1f} MB at most, "
        f"{time.process_time() - started:.1f} s of CPU"
    )
    request.node.user_properties.append(("table", table))
    assert during <= max(60, 13 * chats)
    assert calls <= 400
    assert peak < 64 * 2**20
    assert max(sum(map(len, event.quoted.values())) for event in events) <= 30_000
