"""Whatever is killed or cut: every post of a followed channel is seen to once, and the owner hears of it once."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from tally import Tally, repeated

from jobs.sandbox.claude import ModelRequest, Reply, ToolUse, say
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import DropUpdate, Refuse
from jobs.sandbox.telegram.world import Channel
from roles import role_of

pytestmark = pytest.mark.chaos

_POST = re.compile(r"\bpost no\. (\d+)\b")
_SETTLE_SECONDS = 300.0
_TITLES = ("News", "Club")


@dataclass
class Followed:
    """Two chats that are followed, what was posted there, and the model that echoes every post."""

    stage: Stage
    rng: random.Random
    tally: Tally
    chats: list[Channel] = field(default_factory=list[Channel])
    posted: list[int] = field(default_factory=list[int])

    async def __call__(self, request: ModelRequest) -> Reply:
        await asyncio.sleep(self.rng.choice((0.0, 0.0, 0.05, 0.3)))
        if role_of(request) == "trigger":
            return say(" ".join(f"heard {number}" for number in _POST.findall(request.prompt)) or "Nothing.")
        if "follow them" not in request.prompt or request.tool_results:
            return say("Done.")
        return Reply(
            [
                ToolUse("mcp__jobs__subscribe_trigger", {"type": "tg_channel", "source": title, "prompt": "Tell me"})
                for title in _TITLES
            ]
        )

    async def begin(self) -> None:
        """The owner subscribes, in a clean life."""
        world = self.stage.world
        self.editor = world.add_user("Editor", username="editor")
        self.chats = [world.add_channel(title, self.editor, self.stage.assistant) for title in _TITLES]
        daemon = await self.stage.start()
        world.send_text(self.stage.owner, self.stage.assistant, "follow them")
        await world.wait_for(lambda: "Done." in self._told(), 60)
        await self.stage.nothing_waits()
        await daemon.stop()

    async def life(self) -> None:
        """Start the daemon, let posts come and things break, and kill it at any moment, half the time at its start."""
        daemon = await self.stage.start(wait=self.rng.random() < 0.5)
        tasks = [asyncio.create_task(self._post()), asyncio.create_task(self._break())]
        await asyncio.sleep(self.rng.uniform(0.5, 9.0))
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        await daemon.kill()
        self.stage.daemons.remove(daemon)
        self.stage.telegram.faults.clear()
        self.tally.mischief["SIGKILLs of the daemon"] += 1
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def settle(self) -> None:
        """A clean life, in which every post is heard of."""
        daemon = await self.stage.start()
        try:
            await self.stage.world.wait_for(lambda: set(self.posted) <= set(self._heard()), _SETTLE_SECONDS)
            await self.stage.nothing_waits(_SETTLE_SECONDS)
        except TimeoutError as error:
            missing = sorted(set(self.posted) - set(self._heard()))
            raise TimeoutError(f"missing: {missing}\n{daemon.log}") from error
        finally:
            await daemon.stop()

    def count(self) -> None:
        """Look at everything once the daemon has been stopped."""
        heard = self._heard()
        events = [payload for (payload,) in self.stage.rows("SELECT payload FROM inbox WHERE payload LIKE '%trigger%'")]
        fired = [int(number) for payload in events for number in _POST.findall(payload)]
        self.tally.counts = {"posts": len(self.posted), "events": len(events)}
        find = self.tally.find
        find("posts missing", sorted(set(self.posted) - set(heard)))
        find("posts told twice", repeated(heard))
        find("posts in two events", repeated(fired))
        for chat in range(len(self.chats)):
            own = [number for number in fired if number % len(self.chats) == chat]
            find(f"order violations in chat {chat}", [(a, b) for a, b in pairwise(own) if a > b])
        find("inbox rows open", self.stage.rows("SELECT id, state FROM inbox WHERE state <> 'done'"))
        find("outbox rows unsent", self.stage.rows("SELECT id, state FROM outbox WHERE state <> 'sent'"))
        find(
            "subscriptions lost",
            self.stage.rows("SELECT id, reason FROM trigger_subscriptions WHERE state <> 'active'"),
        )

    async def _post(self) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(3))
            if len(self.posted) - len(self._heard()) < 40:
                number = len(self.posted)
                self.posted.append(number)
                self.stage.world.send_text(self.editor, self.chats[number % len(self.chats)], f"post no. {number}")

    async def _break(self) -> None:
        telegram, us = self.stage.telegram, self.stage.assistant.id
        while True:
            await asyncio.sleep(self.rng.expovariate(1))
            match self.rng.randrange(3):
                case 0:
                    self.tally.mischief["connection cuts"] += telegram.drop_connections(us)
                case 1:
                    telegram.faults.add(DropUpdate(), "UpdateNewChannelMessage", user_id=us)
                    self.tally.mischief["lost updates"] += 1
                case _:
                    telegram.faults.add(Refuse(420, "FLOOD_WAIT_1"), "messages.getHistory", user_id=us)
                    self.tally.mischief["flood waits"] += 1

    def _told(self) -> list[str]:
        history = self.stage.world.messages_between(self.stage.assistant, self.stage.owner)
        return [message.text for message in history if message.sender == self.stage.assistant.id]

    def _heard(self) -> list[int]:
        return [int(number) for text in self._told() for number in re.findall(r"heard (\d+)", text)]


@pytest.mark.timeout(3600)
async def test_no_post_of_a_followed_chat_is_lost_or_seen_to_twice(
    stage: Stage, kills: int, tally: Tally, rng: random.Random
) -> None:
    followed = Followed(stage, rng, tally)
    stage.claude.script = followed
    await followed.begin()
    for _ in range(kills // 6):
        await followed.life()
    await followed.settle()
    followed.count()
    assert tally.findings == []
