"""Whatever is killed, cut or lost, and whenever: each message is answered once and each tool acts once."""

import random
from collections.abc import Iterator

import pytest
from numbers_model import NumbersModel
from phases import Phase, Scene
from storm import Storm
from tally import Tally

from jobs.sandbox.stage import Stage

pytestmark = pytest.mark.chaos


def targets(rng: random.Random, count: int) -> Iterator[Phase | None]:
    """Every phase about equally often, in no order, and now and then none."""
    deck: list[Phase | None] = []
    for _ in range(count):
        if not deck:
            deck = [*Phase, None]
            rng.shuffle(deck)
        yield deck.pop()


@pytest.mark.timeout(3600)
async def test_the_daemon_killed_at_any_instant_answers_once_and_acts_once(
    stage: Stage, kills: int, tally: Tally, rng: random.Random
) -> None:
    model = NumbersModel(rng)
    stage.claude.script = model
    storm = Storm(Scene.on(stage), model, rng, tally)
    for target in targets(rng, kills):
        await storm.life(target)
    await storm.settle()
    tally.count(storm.scene)
    assert not tally.findings
